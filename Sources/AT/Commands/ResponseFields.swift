/// The parameters of an information response, read tolerantly: blanks around them, quotes, empty and missing ones.
///
/// `+CPIN:READY`, `+CPIN: "READY"` and `+CPIN: READY` have the same one field. Commas within quotes and within parentheses do
/// not separate. At most 64 fields of a line are read, from its first 4096 octets.
struct ResponseFields: Sendable, Equatable {
    static let greatestCount = 64
    static let greatestLength = 4096

    struct Field: Sendable, Equatable {
        /// Without its quotes and outer blanks.
        var text: String
        var isQuoted: Bool
    }

    private let fields: [Field]

    var count: Int { fields.count }

    /// Nil when the line does not begin with the prefix (`+CREG:`), whatever the case of its letters.
    init?(_ line: String, prefix: String) {
        let octets = Array(line.utf8.prefix(Self.greatestLength))
        let start = Self.skippingBlanks(octets, from: 0)
        let expected = Array(prefix.utf8)
        guard octets.count - start >= expected.count else { return nil }
        for (offset, octet) in expected.enumerated() where Self.upper(octets[start + offset]) != Self.upper(octet) {
            return nil
        }
        fields = Self.split(octets[(start + expected.count)...])
    }

    /// The text of a field; nil where it is missing or empty.
    func text(_ index: Int) -> String? {
        guard fields.indices.contains(index), !fields[index].text.isEmpty else { return nil }
        return fields[index].text
    }

    /// A decimal number; nil where it is missing, empty, of another form or beyond `Int32`.
    func number(_ index: Int) -> Int? {
        guard let text = text(index), let value = Int32(text) else { return nil }
        return Int(value)
    }

    func isQuoted(_ index: Int) -> Bool {
        fields.indices.contains(index) && fields[index].isQuoted
    }

    /// All fields, joined again by commas, without their quotes.
    var joined: String { fields.map(\.text).joined(separator: ",") }

    private static func split(_ octets: ArraySlice<UInt8>) -> [Field] {
        var fields: [Field] = []
        var current: [UInt8] = []
        var isInQuotes = false
        var depth = 0
        for octet in octets {
            switch octet {
            case UInt8(ascii: "\""): isInQuotes.toggle()
            case UInt8(ascii: "(") where !isInQuotes: depth += 1
            case UInt8(ascii: ")") where !isInQuotes: depth = max(0, depth - 1)
            case UInt8(ascii: ",") where !isInQuotes && depth == 0:
                fields.append(field(current))
                current.removeAll(keepingCapacity: true)
                if fields.count == greatestCount { return fields }
                continue
            default: break
            }
            current.append(octet)
        }
        fields.append(field(current))
        return fields.count == 1 && fields[0] == Field(text: "", isQuoted: false) ? [] : fields
    }

    private static func field(_ octets: [UInt8]) -> Field {
        var slice = octets[...]
        while let first = slice.first, isBlank(first) { slice.removeFirst() }
        while let last = slice.last, isBlank(last) { slice.removeLast() }
        let isQuoted = slice.count >= 2 && slice.first == UInt8(ascii: "\"") && slice.last == UInt8(ascii: "\"")
        if isQuoted { slice = slice.dropFirst().dropLast() }
        return Field(text: String(decoding: slice, as: UTF8.self), isQuoted: isQuoted)
    }

    private static func skippingBlanks(_ octets: [UInt8], from start: Int) -> Int {
        octets[start...].firstIndex { !isBlank($0) } ?? octets.count
    }

    private static func isBlank(_ octet: UInt8) -> Bool {
        octet == 0x20 || octet == 0x09 || octet == 0x0D || octet == 0x0A
    }

    private static func upper(_ octet: UInt8) -> UInt8 {
        (0x61...0x7A).contains(octet) ? octet - 0x20 : octet
    }
}

extension ATCommand {
    /// The fields of every line with this prefix, in order.
    func fields(_ lines: [String], prefix: String) -> [ResponseFields] {
        lines.compactMap { ResponseFields($0, prefix: prefix) }
    }

    /// The answer does not have its form: the line that shows it, or that there is none.
    func malformed(_ lines: [String]) -> ATError {
        .malformed(command: text.redacted, line: lines.last ?? "")
    }
}
