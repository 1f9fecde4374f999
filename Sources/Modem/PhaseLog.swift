import AT
import Scopes
import Synchronization

/// One phase of bring-up on the line: it counts the commands, reports progress, and gives the line's errors the phase.
final class PhaseLog: Sendable {
    /// What a question that may be refused gave.
    enum Asked<Response: Sendable>: Sendable {
        case answered(Response)
        case refused(FinalResultCode)
        /// An answer that has not the form of the standard.
        case malformed(String)

        var response: Response? {
            switch self {
            case .answered(let response): response
            case .refused, .malformed: nil
            }
        }

        /// For a person, of an answer that was none.
        var words: String {
            switch self {
            case .answered: "answered"
            case .refused(let code): code.words
            case .malformed(let line): "the answer \(line.printable(limit: 80))"
            }
        }
    }

    private struct Counts {
        var commands = 0
        var attempt = 1
    }

    let phase: Phase
    private let port: any CommandPort
    private let elapsedSinceStart: @Sendable () -> Duration
    private let progress: @Sendable (ModemProgress) -> Void
    private let counts = Mutex(Counts())

    init(
        phase: Phase, port: any CommandPort, clock: any Clock<Duration>,
        progress: @escaping @Sendable (ModemProgress) -> Void
    ) {
        self.phase = phase
        self.port = port
        self.progress = progress
        elapsedSinceStart = Self.stopwatch(clock)
    }

    var elapsed: Duration { elapsedSinceStart() }

    /// Asks, and takes a refusal or a malformed answer as a value; every other failure of the line is thrown.
    func ask<Command: ATCommand>(_ command: Command) async throws(ModemError) -> Asked<Command.Response> {
        let answer = try await perform(Exchange(command))
        guard answer.result == .ok else { return .refused(answer.result) }
        do {
            return .answered(try command.response(from: answer.lines.map(\.text)))
        } catch {
            return .malformed(answer.lines.last?.text ?? "")
        }
    }

    func perform(_ exchange: Exchange) async throws(ModemError) -> Exchange.Answer {
        guard !Task.isCancelled else { throw .line(phase: phase, .cancelled) }
        counts.withLock { $0.commands += 1 }
        do {
            return try await port.perform(exchange)
        } catch {
            throw .line(phase: phase, error)
        }
    }

    func report(_ event: ModemProgress.Event) {
        let counts = counts.withLock { $0 }
        progress(
            ModemProgress(
                phase: phase, event: event, attempt: counts.attempt, commands: counts.commands, elapsed: elapsed))
    }

    func beginAttempt() {
        counts.withLock { $0.attempt += 1 }
    }

    private static func stopwatch(_ clock: some Clock<Duration>) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
