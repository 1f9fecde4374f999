import Synchronization

/// A limit on time without progress: it is put off by each piece of progress, and set anew for each thing waited for.
final class Watchdog<C: Clock>: Sendable where C.Duration == Duration {
    private struct State {
        var limit: Duration
        var end: C.Instant
    }

    private let clock: C
    private let state: Mutex<State>

    init(clock: C, limit: Duration) {
        self.clock = clock
        state = Mutex(State(limit: limit, end: clock.now.advanced(by: limit)))
    }

    func progress() {
        let now = clock.now
        state.withLock { $0.end = now.advanced(by: $0.limit) }
    }

    /// Answers whether the end is earlier than before, which a `run` at work does not see: start another.
    @discardableResult func expect(within limit: Duration) -> Bool {
        let end = clock.now.advanced(by: limit)
        return state.withLock { state in
            defer { state = State(limit: limit, end: end) }
            return end < state.end
        }
    }

    /// Returns the limit that passed, nil when cancelled before.
    ///
    /// A `run` at work sees a shorter limit only when its former one has passed: for a shorter one, start another.
    func run() async -> Duration? {
        while true {
            let (end, limit) = state.withLock { ($0.end, $0.limit) }
            guard clock.now < end else { return limit }
            do {
                try await clock.sleep(until: end, tolerance: nil)
            } catch {
                return nil
            }
        }
    }
}
