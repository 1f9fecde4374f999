/// Syntax of names and addresses as SMTP writes them (RFC 5321 §4.1.2, §4.1.3).
enum AddressText {
    /// `sub-domain *("." sub-domain)`; letters, digits and inner hyphens, each label at most 63 octets, 255 in all. With
    /// `allowUTF8`, octets above 0x7F are letters (RFC 6531 §3.3).
    static func isDomain(_ text: some StringProtocol, allowUTF8: Bool = false) -> Bool {
        guard (1...255).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
                && label.allSatisfy { isLetterOrDigit($0) || $0 == 0x2D || (allowUTF8 && $0 > 0x7F) }
        }
    }

    static func isLetterOrDigit(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }

    /// Four decimal numbers of at most 255, without leading zeros.
    static func ipv4(_ text: some StringProtocol) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var octets: [UInt8] = []
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.utf8.first != 0x30, let octet = UInt8(part)
            else { return nil }
            octets.append(octet)
        }
        return octets
    }

    /// Whether `text` is an IPv6 address (RFC 4291 §2.2): eight groups, `::` once, the last two groups perhaps as IPv4.
    static func isIPv6(_ text: some StringProtocol) -> Bool {
        let text = String(text)
        guard text.utf8.count <= 45 else { return false }
        if let gap = text.utf8RangeOfDoubleColon {
            let head = text.utf8[..<gap.lowerBound]
            let tail = text.utf8[gap.upperBound...]
            guard let before = groups(String(Substring(head)), ipv4AtEnd: false),
                let after = groups(String(Substring(tail)), ipv4AtEnd: true)
            else { return false }
            return before + after <= 7
        }
        return groups(text, ipv4AtEnd: true) == 8
    }

    /// How many groups `text` has; nil when it is no list of groups.
    private static func groups(_ text: String, ipv4AtEnd: Bool) -> Int? {
        guard !text.isEmpty else { return 0 }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit) {
                count += 1
            } else if ipv4AtEnd, index == parts.count - 1, ipv4(part) != nil {
                count += 2
            } else {
                return nil
            }
        }
        return count
    }

    private static func isHexDigit(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}

extension String {
    fileprivate var utf8RangeOfDoubleColon: Range<String.Index>? {
        var index = utf8.startIndex
        while index < utf8.endIndex {
            let next = utf8.index(after: index)
            if utf8[index] == 0x3A, next < utf8.endIndex, utf8[next] == 0x3A { return index..<utf8.index(after: next) }
            index = next
        }
        return nil
    }
}
