import NIOCore

/// Asks a silent peer whether it is there (RFC 1661 §5.8).
struct EchoMonitor: Sendable {
    enum Verdict: Sendable, Equatable {
        case quiet
        case ask
        case lost(Int)
    }

    private let interval: TimeAmount?
    private let failures: Int
    private(set) var deadline: NIODeadline?
    private var unanswered = 0

    init(interval: TimeAmount?, failures: Int) {
        self.interval = interval
        self.failures = max(1, failures)
    }

    /// Anything came: the peer is there.
    mutating func heard(now: NIODeadline) {
        unanswered = 0
        deadline = interval.map { now + $0 }
    }

    mutating func stop() {
        deadline = nil
        unanswered = 0
    }

    mutating func deadlinePassed(now: NIODeadline) -> Verdict {
        guard let interval, let due = deadline, due <= now else { return .quiet }
        guard unanswered < failures else {
            deadline = nil
            return .lost(unanswered)
        }
        unanswered += 1
        deadline = now + interval
        return .ask
    }
}
