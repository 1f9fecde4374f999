public import NIOCore

/// Times and counts of negotiation (RFC 1661 §4.6), with the defaults of the RFC.
public struct NegotiationLimits: Sendable, Equatable {
    /// Until an unanswered Configure-Request or Terminate-Request is sent again.
    public var restart: TimeAmount = .seconds(3)
    /// Configure-Requests without an answer; 1 and more.
    public var maxConfigure = 10
    /// Terminate-Requests without an answer; 1 and more.
    public var maxTerminate = 2
    /// Configure-Naks to the peer before what it asks for is rejected.
    public var maxFailure = 5

    public init() {}
}

/// The restart timer and its counter.
struct RestartTimer: Sendable {
    let limits: NegotiationLimits
    private(set) var deadline: NIODeadline?
    private(set) var left = 0

    init(_ limits: NegotiationLimits) {
        self.limits = limits
    }

    mutating func initialize(forTerminate: Bool) {
        left = max(1, forTerminate ? limits.maxTerminate : limits.maxConfigure)
    }

    mutating func sent(now: NIODeadline) {
        left = max(0, left - 1)
        deadline = now + limits.restart
    }

    /// One more period, and none behind it.
    mutating func zero(now: NIODeadline) {
        left = 0
        deadline = now + limits.restart
    }

    /// What was to be sent now waits for the timer.
    mutating func deferred(now: NIODeadline) {
        deadline = now + limits.restart
    }

    mutating func stop() {
        deadline = nil
    }

    /// Whether the timer has expired; it is stopped then.
    mutating func hasExpired(now: NIODeadline) -> Bool {
        guard let deadline, deadline <= now else { return false }
        self.deadline = nil
        return true
    }
}
