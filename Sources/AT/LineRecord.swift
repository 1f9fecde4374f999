public import NIOCore

/// One entry of a line's transcript: when, which way, and what, with nothing in it that a transcript may not show.
///
/// The fake modem plays transcripts; how it reads their lines is the other half of `line`.
public struct LineRecord: Sendable, Equatable {
    public enum Direction: Sendable, Equatable {
        case sent
        case received
    }

    public enum Content: Sendable, Equatable {
        /// A redacted line of printable text, and the size of the payload that stood in or behind it.
        case text(String, payload: Int?)
        /// Octets of a payload or of data mode, by their number alone.
        case octets(Int)
        /// The port was opened, at time zero, or closed by this side.
        case opened
        case closed
        /// The port ended by itself: the device is gone.
        case lost
    }

    /// Since the port was opened.
    public var time: TimeAmount
    public var direction: Direction
    public var content: Content

    public init(time: TimeAmount, direction: Direction, content: Content) {
        self.time = time
        self.direction = direction
        self.content = content
    }

    /// One line of a transcript, without line end: `+12.345 > AT+CPIN="<redacted>"`, `+12.400 < +QIRD: 4 (4 octets)`.
    public var line: String {
        let milliseconds = max(0, time.nanoseconds / 1_000_000)
        let fraction = String(milliseconds % 1_000)
        let padded = String(repeating: "0", count: 3 - fraction.count) + fraction
        let mark =
            switch content {
            case .text, .octets: direction == .sent ? ">" : "<"
            case .opened, .closed, .lost: "="
            }
        return "+\(milliseconds / 1_000).\(padded) \(mark) \(words)"
    }

    private var words: String {
        switch content {
        case .text(let text, nil): text
        case .text(let text, let octets?): "\(text) (\(octets) octets)"
        case .octets(let count): "(\(count) octets)"
        case .opened: "opened"
        case .closed: "closed"
        case .lost: "lost"
        }
    }
}
