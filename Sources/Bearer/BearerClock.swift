public import NIOCore

/// The time of a driver: what it is, and how to wait for it. Tests bring their own.
public struct BearerClock: Sendable {
    public var now: @Sendable () -> NIODeadline
    /// Returns early when the task is cancelled.
    public var sleep: @Sendable (_ until: NIODeadline) async -> Void

    public init(now: @escaping @Sendable () -> NIODeadline, sleep: @escaping @Sendable (NIODeadline) async -> Void) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's monotonic clock.
    public static let continuous = BearerClock(
        now: { .now() },
        sleep: { until in
            let left = until - .now()
            try? await ContinuousClock().sleep(for: .nanoseconds(max(0, left.nanoseconds)))
        })
}
