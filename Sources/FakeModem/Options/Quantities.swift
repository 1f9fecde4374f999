public import NIOCore

extension TimeAmount {
    /// Reads a duration with its unit: `700ms`, `3s`, `2m`; at most a day. Nil for anything else.
    public init?(parsing text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number <= 86_400_000 else { return nil }
        let milliseconds: Int64
        switch text.dropFirst(digits.count) {
        case "ms": milliseconds = number
        case "s": milliseconds = number * 1_000
        case "m": milliseconds = number * 60_000
        default: return nil
        }
        guard milliseconds <= 86_400_000 else { return nil }
        self = .milliseconds(milliseconds)
    }
}

/// Bits per second: `40k`, `40kbit`, `1M`, `9600`.
public enum BitRate {
    /// The rate, 1 or more; nil for anything else.
    public static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), (1...10_000_000_000).contains(number) else { return nil }
        switch text.dropFirst(digits.count) {
        case "", "bit": return number
        case "k", "kbit": return number * 1_000
        case "M", "Mbit": return number * 1_000_000
        default: return nil
        }
    }
}

extension String {
    /// What stands before the first `mark`, and what stands behind it; nil when there is no mark.
    func cut(at mark: Character) -> (String, String?) {
        guard let index = firstIndex(of: mark) else { return (self, nil) }
        return (String(self[..<index]), String(self[self.index(after: index)...]))
    }
}
