/// What may stand behind an `@` (RFC 5321 §4.1.2, §4.1.3).
enum DomainName {
    /// Labels of letters, digits and inner hyphens, each at most 63 octets, together at most 255.
    static func isValid(_ name: String) -> Bool {
        guard name.utf8.count <= 255 else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }
        }
    }

    /// `[192.0.2.1]` or `[IPv6:2001:db8::1]`, brackets included.
    static func isValidLiteral(_ literal: String) -> Bool {
        guard literal.hasPrefix("["), literal.hasSuffix("]") else { return false }
        let content = literal.dropFirst().dropLast()
        guard content.lowercased().hasPrefix("ipv6:") else { return isIPv4(content) }
        return isIPv6(content.dropFirst(5))
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy(\.isDigit) && (Int(part) ?? 256) < 256
            }
    }

    private static func isIPv6(_ text: Substring) -> Bool {
        guard text.utf8.count <= 45 else { return false }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return false }
        var groups = 0
        for (position, half) in halves.enumerated() where !half.isEmpty {
            let parts = half.split(separator: ":", omittingEmptySubsequences: false)
            for (index, part) in parts.enumerated() {
                if part.contains(".") {
                    guard position == halves.count - 1, index == parts.count - 1, isIPv4(part) else { return false }
                    groups += 2
                } else {
                    guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(\.isHexDigit) else { return false }
                    groups += 1
                }
            }
        }
        return halves.count == 2 ? groups <= 7 : groups == 8
    }
}
