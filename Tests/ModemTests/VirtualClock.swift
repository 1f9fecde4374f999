import Synchronization

/// A clock whose time passes only by being waited for: a sleep moves it to its end at once.
final class VirtualClock: Clock {
    typealias Duration = Swift.Duration

    struct Instant: InstantProtocol {
        var offset: Swift.Duration

        func advanced(by duration: Swift.Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Swift.Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let time = Mutex(Instant(offset: .zero))

    var now: Instant { time.withLock { $0 } }
    let minimumResolution = Swift.Duration.nanoseconds(1)
    /// Since the clock was made.
    var elapsed: Swift.Duration { now.offset }

    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        try Task.checkCancellation()
        time.withLock { $0 = max($0, deadline) }
    }
}

/// A clock that stands still: a sleep ends by cancellation alone.
final class HeldClock: Clock {
    typealias Duration = Swift.Duration
    typealias Instant = VirtualClock.Instant

    var now: Instant { Instant(offset: .zero) }
    let minimumResolution = Swift.Duration.nanoseconds(1)

    func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let (never, continuation) = AsyncStream<Void>.makeStream()
        for await _ in never {}
        continuation.finish()
        try Task.checkCancellation()
    }
}
