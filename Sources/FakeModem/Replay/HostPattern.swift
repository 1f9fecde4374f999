/// What a transcript says of the host's octets, compared with what it wrote.
enum HostPattern {
    enum Match: Equatable {
        /// Fits so far.
        case needMore
        /// Fits, and took so many.
        case whole(Int)
        case different
    }

    /// Whether the elements fit a whole line. All but `.redacted` have a fixed length, so only the last `.redacted` that was
    /// passed is ever tried again, with one octet more.
    static func matches(_ elements: [Transcript.Element], _ line: ArraySlice<UInt8>) -> Bool {
        var (element, place) = (0, line.startIndex)
        var retry: (element: Int, place: Int)?
        while true {
            if element < elements.count, elements[element] == .redacted {
                element += 1
                retry = (element, place)
            } else if element < elements.count, let length = length(of: elements[element], in: line[place...]) {
                element += 1
                place += length
            } else if element == elements.count, place == line.endIndex {
                return true
            } else if let (next, from) = retry, from < line.endIndex {
                (element, place) = (next, from + 1)
                retry = (next, from + 1)
            } else {
                return false
            }
        }
    }

    /// The octets that a fitting element takes.
    private static func length(of element: Transcript.Element, in octets: ArraySlice<UInt8>) -> Int? {
        switch element {
        case .literal(let wanted): octets.starts(with: wanted) ? wanted.count : nil
        case .counted(let count): octets.count >= count ? count : nil
        case .digits(let count):
            octets.prefix(count).count == count && octets.prefix(count).allSatisfy { (0x30...0x39).contains($0) }
                ? count : nil
        case .redacted: nil
        }
    }

    /// Compares octets from their first on.
    static func match(_ elements: [Transcript.Element], _ octets: ArraySlice<UInt8>) -> Match {
        var rest = octets
        for element in elements {
            switch element {
            case .literal(let wanted):
                let seen = rest.prefix(wanted.count)
                guard wanted.starts(with: seen) else { return .different }
                guard seen.count == wanted.count else { return .needMore }
                rest = rest.dropFirst(wanted.count)
            case .counted(let count), .digits(let count):
                guard rest.count >= count else { return .needMore }
                rest = rest.dropFirst(count)
            case .redacted:
                // Without a line that ends there is no end of it but the next octet that is no text.
                rest = rest.drop { $0 >= 0x20 && $0 != 0x22 }
            }
        }
        return .whole(octets.count - rest.count)
    }
}
