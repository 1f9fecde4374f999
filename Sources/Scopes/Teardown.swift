import Synchronization

/// One step of taking a layer down: what it was, how it ended, how long it took.
public struct TeardownStep: Sendable, Equatable {
    public enum Outcome: Sendable, Equatable {
        case done
        /// There was nothing left to do: the other side had ended it.
        case notNeeded
        /// It failed; the later steps ran all the same.
        case failed(String)
        /// Its limit, or the limit of the whole teardown, cut it.
        case cut
    }

    public let name: String
    public let outcome: Outcome
    public let duration: Duration

    public init(name: String, outcome: Outcome, duration: Duration) {
        self.name = name
        self.outcome = outcome
        self.duration = duration
    }

    /// Whether the layer is known to be released.
    public var isClean: Bool {
        switch outcome {
        case .done, .notNeeded: true
        case .failed, .cut: false
        }
    }
}

/// The record of one teardown, and its budget: from the first step on, all steps together take at most `limit`.
///
/// A step gets the smaller of its own limit and what is left, but never less than `floor`, so that the last steps (settings
/// and locks of the tty) run even when the ones before used everything up.
public final class Teardown: Sendable {
    private struct State {
        var steps: [TeardownStep] = []
        var end: ContinuousClock.Instant?
    }

    public let limit: Duration
    private let floor: Duration
    private let clock: ContinuousClock
    private let state = Mutex(State())

    /// - Parameters:
    ///   - limit: for all steps together; 15 s by default.
    ///   - floor: what each step gets at least; 250 ms by default.
    public init(limit: Duration = .seconds(15), floor: Duration = .milliseconds(250)) {
        self.limit = limit
        self.floor = floor
        clock = ContinuousClock()
    }

    public var steps: [TeardownStep] { state.withLock { $0.steps } }

    public func record(_ step: TeardownStep) {
        state.withLock { $0.steps.append(step) }
    }

    /// What a step that starts now may take, its own limit regarded. Starts the budget when it is the first.
    public func allowance(_ own: Duration) -> Duration {
        let now = clock.now
        let end = state.withLock { state in
            let end = state.end ?? now + limit
            state.end = end
            return end
        }
        return max(floor, min(own, end - now))
    }

    /// Runs one step within its limit and records how it ended. It never throws: the later steps run in any case.
    public func step(
        _ name: String, limit own: Duration, _ operation: @escaping @Sendable () async throws -> TeardownStep.Outcome
    ) async {
        let start = clock.now
        var outcome: TeardownStep.Outcome
        do {
            outcome = try await withDeadline(allowance(own), clock: clock, operation: operation)
        } catch is DeadlineExceeded {
            outcome = .cut
        } catch let failure as any Failure {
            outcome = .failed(failure.summary)
        } catch {
            outcome = .failed(String(describing: error).printable())
        }
        record(TeardownStep(name: name, outcome: outcome, duration: clock.now - start))
    }
}
