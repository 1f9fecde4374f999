/// The text of a line and the cursor in it, in characters as a person sees them.
struct LineBuffer: Sendable, Equatable {
    private(set) var characters: [Character] = []
    private(set) var cursor = 0
    /// Characters that a line may have.
    static let limit = 1_000

    init(_ text: String = "") {
        characters = Array(text.prefix(Self.limit))
        cursor = characters.count
    }

    var text: String { String(characters) }
    var leftText: String { String(characters[..<cursor]) }

    /// False when the line is full. A mark that combines joins the character before the cursor.
    mutating func insert(_ scalar: Unicode.Scalar) -> Bool {
        if cursor > 0 {
            let joined = String(characters[cursor - 1]) + String(scalar)
            if joined.count == 1, let character = joined.first, joined.unicodeScalars.count <= 8 {
                characters[cursor - 1] = character
                return true
            }
        }
        guard characters.count < Self.limit else { return false }
        characters.insert(Character(scalar), at: cursor)
        cursor += 1
        return true
    }

    /// Puts `text` in the place of what stands left of the cursor.
    mutating func replaceLeft(_ text: String) {
        let right = characters[cursor...]
        let left = Array(text.prefix(Self.limit - right.count))
        characters = left + right
        cursor = left.count
    }

    mutating func move(by count: Int) { cursor = min(max(0, cursor + count), characters.count) }
    mutating func moveToStart() { cursor = 0 }
    mutating func moveToEnd() { cursor = characters.count }
    mutating func moveWordLeft() { cursor = wordStart }

    mutating func moveWordRight() {
        while cursor < characters.count, !Self.isWord(characters[cursor]) { cursor += 1 }
        while cursor < characters.count, Self.isWord(characters[cursor]) { cursor += 1 }
    }

    mutating func deleteLeft() {
        guard cursor > 0 else { return }
        cursor -= 1
        characters.remove(at: cursor)
    }

    mutating func deleteRight() {
        if cursor < characters.count { characters.remove(at: cursor) }
    }

    mutating func deleteToEnd() { characters.removeSubrange(cursor...) }

    mutating func deleteToStart() {
        characters.removeSubrange(..<cursor)
        cursor = 0
    }

    mutating func deleteWordLeft() {
        let start = wordStart
        characters.removeSubrange(start..<cursor)
        cursor = start
    }

    private var wordStart: Int {
        var index = cursor
        while index > 0, !Self.isWord(characters[index - 1]) { index -= 1 }
        while index > 0, Self.isWord(characters[index - 1]) { index -= 1 }
        return index
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    /// What of it fits into so many cells with the cursor, and the cell of the cursor.
    func window(cells: Int) -> (text: String, cursorCell: Int) {
        var start = cursor
        var left = 0
        while start > 0, left + Self.width(characters[start - 1]) < cells {
            start -= 1
            left += Self.width(characters[start])
        }
        var end = cursor
        var all = left
        while end < characters.count, all + Self.width(characters[end]) <= cells {
            all += Self.width(characters[end])
            end += 1
        }
        return (String(characters[start..<end]), left)
    }

    /// Cells of a terminal: two for East Asian wide characters and pictures (UAX #11), else one.
    static func width(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first?.value else { return 1 }
        let isWide =
            switch scalar {
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
                0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                true
            default: false
            }
        return isWide ? 2 : 1
    }
}
