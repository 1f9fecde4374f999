/// Octets written as text.
enum Digits {
    static func hexadecimal(_ text: Substring) -> [UInt8]? {
        var octets: [UInt8] = []
        var high: UInt8?
        for digit in text.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x41...0x46: value = digit - 0x37
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            if let half = high {
                octets.append(half << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? octets : nil
    }

    /// RFC 4648 §4, with its padding.
    static func base64(_ text: Substring) -> [UInt8]? {
        guard text.utf8.count % 4 == 0, text.utf8.count <= 64 else { return nil }
        var octets: [UInt8] = []
        var bits = 0
        var held = 0
        let body = text.utf8.prefix { $0 != 0x3D }
        guard text.utf8.count - body.count <= 2, text.utf8.dropFirst(body.count).allSatisfy({ $0 == 0x3D }) else {
            return nil
        }
        for digit in body {
            let value: UInt8
            switch digit {
            case 0x41...0x5A: value = digit - 0x41
            case 0x61...0x7A: value = digit - 0x61 + 26
            case 0x30...0x39: value = digit - 0x30 + 52
            case 0x2B: value = 62
            case 0x2F: value = 63
            default: return nil
            }
            held = (held << 6 | Int(value)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                octets.append(UInt8(truncatingIfNeeded: held >> bits))
            }
        }
        return octets
    }
}
