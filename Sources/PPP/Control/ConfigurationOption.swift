/// One option of a Configure packet: type, length (2 octets and the value), value (RFC 1661 §6).
public struct ConfigurationOption: Sendable, Equatable {
    public var type: UInt8
    /// At most 253 octets.
    public var value: [UInt8]

    public init(_ type: UInt8, _ value: [UInt8] = []) {
        self.type = type
        self.value = value
    }

    init(_ type: UInt8, _ value: UInt16) {
        self.init(type, [UInt8(value >> 8), UInt8(value & 0xFF)])
    }

    init(_ type: UInt8, _ value: UInt32) {
        self.init(type, (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) })
    }

    /// The value as a number, when it has that many octets.
    var uint16: UInt16? { value.count == 2 ? value.reduce(0) { $0 << 8 | UInt16($1) } : nil }
    var uint32: UInt32? { value.count == 4 ? value.reduce(0) { $0 << 8 | UInt32($1) } : nil }

    /// The options that these octets are; nil where a length is below two or goes past the end.
    public static func list(_ octets: [UInt8]) -> [ConfigurationOption]? {
        var options: [ConfigurationOption] = []
        var rest = octets[...]
        while !rest.isEmpty {
            guard rest.count >= 2 else { return nil }
            let length = Int(rest[rest.startIndex + 1])
            guard length >= 2, length <= rest.count else { return nil }
            options.append(ConfigurationOption(rest[rest.startIndex], Array(rest.dropFirst(2).prefix(length - 2))))
            rest = rest.dropFirst(length)
        }
        return options
    }

    /// The octets of a packet's data.
    public static func octets(_ options: [ConfigurationOption]) -> [UInt8] {
        options.flatMap { option in
            let value = option.value.prefix(253)
            return [option.type, UInt8(value.count + 2)] + value
        }
    }
}
