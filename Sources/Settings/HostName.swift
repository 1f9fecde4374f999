import Glibc

/// Host names as they may stand in a URL or in EHLO.
enum HostName {
    /// Labels of letters, digits and inner hyphens, each at most 63 octets, together at most 253.
    static func isValid(_ name: String) -> Bool {
        name.utf8.count <= 253
            && name.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                    && label.allSatisfy { octet in
                        (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet | 0x20) || octet == 0x2D
                    }
            }
    }

    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3).
    static func isLiteral(_ text: String) -> Bool {
        guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count > 2 else { return false }
        let content = text.dropFirst().dropLast()
        if content.lowercased().hasPrefix("ipv6:") { return IPAddress(content.dropFirst(5))?.isVersion6 == true }
        return IPAddress(content)?.isVersion6 == false
    }
}

/// An address in numbers, by inet_pton(3).
struct IPAddress: Equatable {
    let text: String
    let isVersion6: Bool
    /// `::1`, however it is written.
    let isLoopback: Bool

    init?(_ text: some StringProtocol) {
        self.text = String(text)
        isVersion6 = self.text.contains(":")
        guard self.text.utf8.count <= 45, !self.text.utf8.contains(0) else { return nil }
        // Room for an IPv6 address; inet_pton writes no more than its family needs.
        var room = in6_addr()
        guard unsafe inet_pton(isVersion6 ? AF_INET6 : AF_INET, self.text, &room) == 1 else { return nil }
        let octets = unsafe withUnsafeBytes(of: room) { unsafe Array($0) }
        isLoopback =
            isVersion6 ? octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1 : octets.first == 127
    }
}
