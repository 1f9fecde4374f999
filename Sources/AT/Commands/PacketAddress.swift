/// Addresses as AT commands write them: IPv4 dotted, IPv6 with colons or as sixteen dotted decimals (3GPP TS 27.007 §10.1.23).
enum PacketAddress {
    /// The usual form; nil for an empty, unspecified or malformed address.
    static func normal(_ text: String) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        if text.utf8.contains(UInt8(ascii: ":")) {
            return text.utf8.allSatisfy(isColonForm) && text != "::" ? text : nil
        }
        guard let octets = dotted(text) else { return nil }
        return normal(octets)
    }

    /// An address with its mask glued behind it (`10.1.2.3.255.255.255.0`), or alone.
    static func withoutMask(_ text: String) -> String? {
        guard text.utf8.count <= 160, let octets = dotted(text) else { return normal(text) }
        switch octets.count {
        case 8: return normal(Array(octets[..<4]))
        case 32: return normal(Array(octets[..<16]))
        default: return normal(octets)
        }
    }

    private static func normal(_ octets: [UInt8]) -> String? {
        guard octets.contains(where: { $0 != 0 }) else { return nil }
        switch octets.count {
        case 4: return octets.map { String($0) }.joined(separator: ".")
        case 16:
            return stride(from: 0, to: 16, by: 2)
                .map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }.joined(separator: ":")
        default: return nil
        }
    }

    private static func dotted(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        for part in text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let octet = UInt8(String(decoding: part, as: UTF8.self)), octets.count < 32 else { return nil }
            octets.append(octet)
        }
        return octets
    }

    private static func isColonForm(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x30...0x3A, 0x41...0x46, 0x61...0x66, 0x2E: true
        default: false
        }
    }
}
