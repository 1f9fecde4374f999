/// A value of JSON (RFC 8259), for results that a machine reads. Members keep their order.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    /// Seconds, with milliseconds.
    case seconds(Duration)
    case string(String)
    case array([JSONValue])
    case object([Member])

    public struct Member: Sendable, Equatable {
        public let name: String
        public let value: JSONValue

        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// One line, without a line end.
    public var text: String {
        var result = ""
        write(into: &result)
        return result
    }

    private func write(into result: inout String) {
        switch self {
        case .null: result += "null"
        case .bool(let value): result += value ? "true" : "false"
        case .integer(let value): result += String(value)
        case .seconds(let value): result += value.secondsText
        case .string(let value): Self.write(value, into: &result)
        case .array(let values):
            result += "["
            for (index, value) in values.enumerated() {
                if index > 0 { result += ", " }
                value.write(into: &result)
            }
            result += "]"
        case .object(let members):
            result += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { result += ", " }
                Self.write(member.name, into: &result)
                result += ": "
                member.value.write(into: &result)
            }
            result += "}"
        }
    }

    private static func write(_ value: String, into result: inout String) {
        result += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        result += "\""
    }
}

extension Duration {
    /// Seconds with three decimals: `1.250`.
    var secondsText: String {
        let (seconds, attoseconds) = components
        let milliseconds = abs(attoseconds) / 1_000_000_000_000_000
        let digits = String(milliseconds)
        let sign = self < .zero && seconds == 0 ? "-" : ""
        return "\(sign)\(seconds)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// Seconds with two decimals and the unit: `1.25 s`.
    var shortText: String {
        String(secondsText.dropLast()) + " s"
    }
}
