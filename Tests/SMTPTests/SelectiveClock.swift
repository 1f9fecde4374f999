import Synchronization

/// A clock on which short sleeps are over at once and long ones never end: a test makes the one limit short that is to pass.
final class SelectiveClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    private let passes: Duration
    private let time = Mutex(Duration.zero)

    /// - Parameter passes: sleeps up to this long are over at once.
    init(passes: Duration) {
        self.passes = passes
    }

    var now: Instant { Instant(offset: time.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        guard deadline.offset - now.offset <= passes else {
            return try await Task.sleep(for: .seconds(600))
        }
        time.withLock { $0 = max($0, deadline.offset) }
    }
}
