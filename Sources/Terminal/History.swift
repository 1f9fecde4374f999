/// Lines that were entered, the newest last; and where in it a person looks.
struct History: Sendable {
    private(set) var lines: [String]
    /// The line that is looked at, and what stood there before.
    private var place: (index: Int, draft: String)?
    static let limit = 500

    init(_ lines: [String]) {
        self.lines = Array(lines.suffix(Self.limit))
    }

    /// Whether it is new: not the same as the last.
    mutating func add(_ line: String) -> Bool {
        guard lines.last != line else { return false }
        lines.append(line)
        if lines.count > Self.limit { lines.removeFirst() }
        return true
    }

    mutating func leave() { place = nil }

    /// nil at the oldest.
    mutating func older(than draft: String) -> String? {
        let index = (place?.index ?? lines.count) - 1
        guard lines.indices.contains(index) else { return nil }
        place = (index, place?.draft ?? draft)
        return lines[index]
    }

    /// The draft behind the newest; nil when nothing is looked at.
    mutating func newer() -> String? {
        guard let (index, draft) = place else { return nil }
        guard lines.indices.contains(index + 1) else {
            place = nil
            return draft
        }
        place = (index + 1, draft)
        return lines[index + 1]
    }
}
