/// Percent-encoding of a URL's user (RFC 3986 §2.1).
enum Percent {
    /// nil when a `%` lacks its two digits, or the octets are no UTF-8.
    static func decode(_ text: Substring) -> String? {
        var octets: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let octet = rest.popFirst() {
            guard octet == 0x25 else {
                octets.append(octet)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            octets.append(high << 4 | low)
        }
        return String(validating: octets, as: UTF8.self)
    }

    /// Everything but letters, digits and `-._~`.
    static func encode(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, octet in
            let isPlain =
                (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet | 0x20)
                || octet == 0x2D || octet == 0x2E || octet == 0x5F || octet == 0x7E
            if isPlain {
                result.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                result += (octet < 16 ? "%0" : "%") + String(octet, radix: 16, uppercase: true)
            }
        }
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x41 + 10
        case 0x61...0x66: octet - 0x61 + 10
        default: nil
        }
    }
}
