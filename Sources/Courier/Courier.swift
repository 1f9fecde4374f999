import Mail
import Modem
import NIOPosix
import SMTP
public import Scopes
public import Settings
public import Terminal

// Courier: one delivery, from the settings to the report.
//
// It owns the order of the layers, the time limits of TLS, SMTP and the whole, and the timeline. It knows no queue: whether a
// message is tried again later is decided above it, but for `--wait`.

/// Delivers what the settings describe.
public struct Courier: Sendable {
    private let settings: Settings
    private let host: Host
    private let observer: Observer

    /// First pause between two attempts within `--wait`; it doubles up to `longestPause`, and each is drawn from its upper half.
    private static let firstPause = Duration.seconds(2)
    private static let longestPause = Duration.seconds(60)

    public init(settings: Settings, host: Host, observer: Observer = Observer()) {
        self.settings = settings
        self.host = host
        self.observer = observer
    }

    /// Composes the message and sends it. Attempts are repeated within `--wait` while modem, network or server are not ready,
    /// and never once an octet of the message has left. Never throws: how it ended is the report.
    public func send() async -> Report {
        let mail: OutgoingMail
        do {
            _ = try settings.requiredServer
            mail = try OutgoingMail(try await compose(), notification: try settings.message.notification)
        } catch {
            let failure = FailureOf.error(error, during: nil)
            var report = Report(outcome: .failed, exitStatus: failure.exitStatus)
            report.failure = failure
            return report
        }
        return await send(mail)
    }

    /// Sends a message that is composed already.
    public func send(_ mail: OutgoingMail) async -> Report {
        let clock = ContinuousClock()
        let end = clock.now + settings.wait
        var pause = Self.firstPause
        var attempts = 0
        while true {
            attempts += 1
            let attempt = Attempt(settings: settings, host: host, message: mail, observer: observer)
            var report = await attempt.run()
            report.attempts = attempts
            let drawn = pause * Double.random(in: 0.5...1)
            guard report.mayBeRepeated, !attempt.facts.messageLeft, !Task.isCancelled, clock.now + drawn < end else {
                return report
            }
            observer.noted("\(report.errorLine ?? "not sent"); next attempt in \(drawn.components.seconds + 1) s")
            do {
                try await clock.sleep(for: drawn)
            } catch {
                return report
            }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Asks the modem, and changes nothing.
    public func status() async -> Result<StatusReport, Stopped> {
        let timeline = Timeline { observer.phaseBegan($0) }
        let teardown = Teardown(limit: settings.timeouts.teardown)
        let session = ModemSession(
            settings: settings, host: host, observer: observer, timeline: timeline, teardown: teardown)
        do {
            let obstacle = await session.pppObstacle()
            return .success(
                try await session.withLine { port in
                    timeline.begin(.identify)
                    return StatusReport(try await ModemStatus.read(port: port), pppObstacle: obstacle)
                })
        } catch {
            return .failure(Stopped(failure: FailureOf.error(error, during: timeline.current)))
        }
    }

    /// Carries connections of this machine's clients through the bearer, until it is cancelled, the bearer is lost, or its one
    /// connection is done. Never throws: how it ended is the report.
    /// - Parameter listening: told of the address, with the port that the kernel chose, once clients are served.
    public func tunnel(
        _ plan: TunnelPlan, listening: @escaping @Sendable (_ address: String) -> Void
    ) async -> TunnelReport {
        await Tunnel(plan, settings: settings, host: host, observer: observer).run(listening: listening)
    }

    /// Runs typed commands on the modem's AT line, one after the other; the first that does not end with `OK` is the last.
    /// - Parameter shown: told of each result as it comes.
    public func at(_ source: any CommandSource, shown: @Sendable (CommandResult) -> Void) async -> ATReport {
        await ATRun(settings: settings, host: host, observer: observer).commands(source, shown: shown)
    }

    /// Gives the modem's AT line to a person, until the end of input.
    /// - Parameter console: made once the line stands, before the first prompt; given back before the line is closed.
    public func terminal(usesColour: Bool, console: @Sendable () -> (any Console)?) async -> ATReport {
        let file = HistoryFile(stateDirectory: settings.stateDirectory, threads: host.threads)
        var report = ATReport()
        (report.failure, report.teardown) = await ATRun(settings: settings, host: host, observer: observer)
            .withConversation { conversation in
                let problem = try await host.threads.runIfActive { [settings] in
                    StateDirectory.make(settings.stateDirectory)
                }
                if let problem { observer.reported(problem) }
                let lines = await file.read()
                guard let console = console() else { throw CourierError.unexpected("the terminal cannot be set") }
                defer { console.restore() }
                let terminal = ATTerminal(
                    console: console, conversation: conversation, history: file, lines: lines, usesColour: usesColour)
                await terminal.run()
                try Task.checkCancellation()
            }
        return report
    }

    private func compose() async throws -> ComposedMessage {
        let stamp = MessageStamp(date: .now(), random: host.randomOctets(24))
        return try await Composer(settings.message, scratch: host.scratch, threads: host.threads).compose(stamp)
    }
}

/// Why something other than a delivery ended early.
public struct Stopped: Error, Sendable {
    public let failure: any Failure
}

extension Report {
    /// Whether the same may succeed in a moment: nobody has to change anything first.
    var mayBeRepeated: Bool {
        switch exitStatus {
        case .unavailable, .tryAgain: failure.map { $0.failureClass != .configuration } ?? true
        case .ok, .usage, .badMessage, .recipientRefused, .softwareDefect, .inputOutput, .peerProtocol,
            .credentialsRefused, .configuration, .interrupted, .terminated:
            false
        }
    }
}
