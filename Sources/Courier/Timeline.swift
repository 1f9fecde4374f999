public import ByteStreams
public import Scopes
import Synchronization

/// What one phase of a delivery took.
public struct PhaseRecord: Sendable, Equatable {
    public let phase: Phase
    /// Since the start of the delivery.
    public let start: Duration
    public let duration: Duration
    /// Octets and round trips of the connection to the server, where there was one: TCP payload, TLS included.
    public let count: StreamCount?
    /// AT exchanges, where the phase is one of the modem's.
    public let commands: Int?
    /// One word or two in brackets behind the name: `resumed`.
    public let note: String?
    /// Whether the phase ended with an error.
    public let failed: Bool

    public init(
        phase: Phase, start: Duration, duration: Duration, count: StreamCount? = nil, commands: Int? = nil,
        note: String? = nil, failed: Bool = false
    ) {
        self.phase = phase
        self.start = start
        self.duration = duration
        self.count = count
        self.commands = commands
        self.note = note
        self.failed = failed
    }
}

/// The phases of one delivery as they pass: each is timed, and counted by the meters that are attached at the time.
public final class Timeline: Sendable {
    private struct Running {
        var phase: Phase
        var start: ContinuousClock.Instant
        var count: StreamCount?
        var commands: Int?
    }

    private struct State {
        var records: [PhaseRecord] = []
        var running: Running?
        var countStream: (@Sendable () -> StreamCount)?
        var countCommands: (@Sendable () -> Int)?
    }

    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant
    private let state = Mutex(State())
    private let onStart: @Sendable (Phase) -> Void

    /// - Parameter onStart: told of each phase as it begins; for progress.
    public init(onStart: @escaping @Sendable (Phase) -> Void = { _ in }) {
        origin = clock.now
        self.onStart = onStart
    }

    public var records: [PhaseRecord] { state.withLock { $0.records } }
    /// The phase that runs, else the last one that ended.
    public var current: Phase? { state.withLock { $0.running?.phase ?? $0.records.last?.phase } }
    /// Since the start of the delivery.
    public var elapsed: Duration { clock.now - origin }

    /// From now on phases count what passes over this stream; nil: no longer.
    public func attach(stream: (@Sendable () -> StreamCount)?) {
        state.withLock { $0.countStream = stream }
    }

    /// From now on phases count AT exchanges; nil: no longer.
    public func attach(commands: (@Sendable () -> Int)?) {
        state.withLock { $0.countCommands = commands }
    }

    /// Begins a phase; one that still runs ends here, since phases follow each other.
    public func begin(_ phase: Phase) {
        end()
        let now = clock.now
        state.withLock { state in
            state.running = Running(
                phase: phase, start: now, count: state.countStream?(), commands: state.countCommands?())
        }
        onStart(phase)
    }

    /// Ends the running phase, if one runs.
    public func end(note: String? = nil, failed: Bool = false) {
        let now = clock.now
        state.withLock { state in
            guard let running = state.running else { return }
            state.running = nil
            var count: StreamCount?
            // A meter that came during the phase counts from its own start.
            if let after = state.countStream?() { count = after - (running.count ?? StreamCount()) }
            var commands: Int?
            if let before = running.commands, let after = state.countCommands?(), after > before {
                commands = after - before
            }
            state.records.append(
                PhaseRecord(
                    phase: running.phase, start: running.start - origin, duration: now - running.start, count: count,
                    commands: commands, note: note, failed: failed))
        }
    }

    /// Runs `body` as a phase of its own.
    public func measure<Result>(
        _ phase: Phase, note: (Result) -> String? = { _ in nil }, _ body: () async throws -> Result
    ) async rethrows -> Result {
        begin(phase)
        do {
            let result = try await body()
            end(note: note(result))
            return result
        } catch {
            end(failed: true)
            throw error
        }
    }
}
