/// A terminal's screen, as far as the editor uses one, written from ECMA-48: CR, LF, BEL, CUF, EL, ED, CUP, SGR.
struct Screen {
    private(set) var lines: [[Character]] = [[]]
    private(set) var column = 0
    private(set) var bells = 0
    private var sequence: String?

    var line: String { String(lines[lines.count - 1]) }
    /// All lines but the last.
    var above: [String] { lines.dropLast().map { String($0) } }

    mutating func take(_ text: String) {
        for scalar in text.unicodeScalars { take(scalar) }
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        if let begun = sequence {
            let all = begun + String(scalar)
            let isFinal = begun.count >= 1 && (0x40...0x7E).contains(scalar.value) && !(begun.isEmpty && scalar == "[")
            guard isFinal, all != "[" else {
                sequence = all
                return
            }
            sequence = nil
            finish(all)
            return
        }
        switch scalar {
        case "\u{1B}": sequence = ""
        case "\r": column = 0
        case "\n": lines.append([])
        case "\u{7}": bells += 1
        default:
            while lines[lines.count - 1].count <= column { lines[lines.count - 1].append(" ") }
            lines[lines.count - 1][column] = Character(scalar)
            column += 1
        }
    }

    private mutating func finish(_ sequence: String) {
        switch sequence.last {
        case "K": lines[lines.count - 1] = Array(lines[lines.count - 1].prefix(column))
        case "C": column += Int(sequence.dropFirst().dropLast()) ?? 1
        case "J": lines = [[]]
        default: break
        }
    }
}
