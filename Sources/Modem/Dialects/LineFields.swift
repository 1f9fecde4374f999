/// The parameters of a line behind its prefix: `+QIURC: "recv",0,12` → `recv`, `0`, `12`.
///
/// A comma within quotes separates nothing. Blanks around a parameter are dropped, quotes are taken off. At most 32
/// parameters are looked at; a hostile line costs no more than its length.
struct LineFields: Equatable {
    static let maximum = 32
    private let fields: [String]

    /// Nil when the line does not begin with the prefix.
    init?(_ line: String, prefix: String) {
        guard line.hasPrefix(prefix) else { return nil }
        self.init(line.dropFirst(prefix.count))
    }

    init(_ text: some StringProtocol) {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "," where !isQuoted:
                guard fields.count < Self.maximum - 1 else { break }
                fields.append(Self.trimmed(field))
                field = ""
            default: field.append(character)
            }
        }
        fields.append(Self.trimmed(field))
        self.fields = fields
    }

    var count: Int { fields.count }

    /// Empty where the line has fewer.
    subscript(index: Int) -> String {
        fields.indices.contains(index) ? fields[index] : ""
    }

    /// Nil for anything but a decimal number that fits.
    func number(_ index: Int) -> Int? {
        Int(self[index])
    }

    /// A decimal number of 0 or more.
    func count(_ index: Int) -> Int? {
        number(index).flatMap { $0 >= 0 ? $0 : nil }
    }

    private static func trimmed(_ text: String) -> String {
        var slice = text[...]
        while slice.first == " " { slice = slice.dropFirst() }
        while slice.last == " " { slice = slice.dropLast() }
        return String(slice)
    }
}
