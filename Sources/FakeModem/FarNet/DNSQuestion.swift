/// A query with one question (RFC 1035 §4.1), and the replies to it.
struct DNSQuestion: Equatable {
    static let a: UInt16 = 1
    static let aaaa: UInt16 = 28

    /// RFC 1035 §4.1.1.
    enum Code: UInt8 {
        case noError = 0
        case formatError = 1
        case serverFailure = 2
        case nameError = 3
    }

    let identifier: UInt16
    /// Labels joined by dots, without the last one; 1 to 253 octets.
    let name: String
    let type: UInt16
    /// Name, type and class as they came.
    let octets: [UInt8]

    /// Nil for what is no query with one question of the class IN, with a name of printable ASCII and without compression.
    init?(_ message: [UInt8]) {
        guard message.count >= 12, message[2] & 0xF8 == 0, message[4] == 0, message[5] == 1 else { return nil }
        identifier = UInt16(message[0]) << 8 | UInt16(message[1])
        var labels: [String] = []
        var at = 12
        while true {
            guard at < message.count else { return nil }
            let length = Int(message[at])
            at += 1
            if length == 0 { break }
            guard length <= 63, at + length <= message.count else { return nil }
            let label = message[at..<at + length]
            guard label.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ".") }) else { return nil }
            labels.append(String(decoding: label, as: UTF8.self))
            at += length
        }
        name = labels.joined(separator: ".")
        guard (1...253).contains(name.utf8.count), at + 4 <= message.count else { return nil }
        type = UInt16(message[at]) << 8 | UInt16(message[at + 1])
        guard message[at + 2] == 0, message[at + 3] == 1 else { return nil }
        octets = Array(message[12..<at + 4])
    }

    func reply(code: Code) -> [UInt8] { reply(code: code, addresses: []) }

    /// Without an address: the name is there, and has none of this type.
    func reply(addresses: [[UInt8]]) -> [UInt8] { reply(code: .noError, addresses: addresses) }

    private func reply(code: Code, addresses: [[UInt8]]) -> [UInt8] {
        // A response, recursion desired and available.
        var message = Self.pair(identifier) + [0x81, 0x80 | code.rawValue, 0, 1] + Self.pair(UInt16(addresses.count))
        message += [0, 0, 0, 0] + octets
        for address in addresses {
            // The name of the question, type, class, 300 s, length.
            message +=
                [0xC0, 0x0C] + Self.pair(type) + [0, 1, 0, 0, 1, 44] + Self.pair(UInt16(address.count)) + address
        }
        return message
    }

    private static func pair(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}
