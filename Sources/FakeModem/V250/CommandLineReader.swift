/// Finds command lines among received octets (ITU-T V.250 §5.2): `AT` or `at` (never `aT`), the body, S3; `A/` repeats.
///
/// Octets before `AT` are noise. S5 takes back the last octet of the body; other control characters in it are ignored, and so
/// is a line feed behind the carriage return.
struct CommandLineReader {
    enum State: Equatable {
        case noise
        /// This `A` or `a` was seen.
        case attention(UInt8)
        case body([UInt8])
        /// The line has become too long: it is skipped to its end.
        case overlong
    }

    enum Outcome: Equatable {
        case none
        /// The body of a complete line, without `AT` and S3.
        case line([UInt8])
        case tooLong
    }

    /// Octets of a body; one more, and nothing of the line is executed. Long enough for `+QISENDEX` with 512 octets in hex.
    static let bodyLimit = 2_048

    private(set) var state = State.noise
    private var previous: [UInt8] = []

    /// Whether a line is half typed.
    var isMidLine: Bool { state != .noise }

    mutating func take(_ octet: UInt8, lineEnd: UInt8, backspace: UInt8) -> Outcome {
        switch state {
        case .noise:
            if Self.isA(octet) { state = .attention(octet) }
            return .none
        case .attention(let first):
            return takeSecond(octet, after: first)
        case .body(let body) where octet == lineEnd:
            state = .noise
            previous = body
            return .line(body)
        case .body(var body):
            if octet == backspace {
                if !body.isEmpty { body.removeLast() }
            } else if octet >= 0x20 {
                body.append(octet)
            }
            state = body.count > Self.bodyLimit ? .overlong : .body(body)
            return .none
        case .overlong:
            guard octet == lineEnd else { return .none }
            state = .noise
            return .tooLong
        }
    }

    private mutating func takeSecond(_ octet: UInt8, after first: UInt8) -> Outcome {
        let sameCase = (octet & 0x20) == (first & 0x20)
        if octet & 0xDF == UInt8(ascii: "T"), sameCase {
            state = .body([])
        } else if octet == UInt8(ascii: "/") {
            state = .noise
            return .line(previous)
        } else if !Self.isA(octet) {
            state = .noise
        } else {
            state = .attention(octet)
        }
        return .none
    }

    private static func isA(_ octet: UInt8) -> Bool { octet & 0xDF == UInt8(ascii: "A") }
}
