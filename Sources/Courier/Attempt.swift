import AT
import Bearer
import ByteStreams
import Modem
import NIOCore
import NIOPosix
import SMTP
import Scopes
import SerialPort
import Settings
import TLS

/// One attempt to deliver one message: every layer is a scope, and the scopes nest, so that whatever ends it, everything is
/// released in the reverse order of its opening.
///
///     serial port → modem → bearer → connection → TLS → SMTP session → message
struct Attempt {
    let settings: Settings
    let host: Host
    let message: OutgoingMail
    let observer: Observer
    let timeline: Timeline
    let teardown: Teardown
    let facts = Facts()

    init(settings: Settings, host: Host, message: OutgoingMail, observer: Observer) {
        self.settings = settings
        self.host = host
        self.message = message
        self.observer = observer
        timeline = Timeline { observer.phaseBegan($0) }
        teardown = Teardown(limit: settings.timeouts.teardown)
    }

    /// Never throws: how it ended is the report.
    func run() async -> Report {
        var report: Report
        do {
            let limit = settings.timeouts.total
            let (outcome, isCut) = try await withDeadline(limit, clock: ContinuousClock()) {
                (try await deliver(), Task.isCancelled)
            }
            let isLate = isCut && !Task.isCancelled
            report = Report(
                isLate ? outcome.cut(by: CourierError.timedOut(timeline.current, limit: limit)) : outcome)
        } catch {
            let failure = FailureOf.error(error, during: timeline.current)
            report = Report(outcome: .failed, exitStatus: failure.exitStatus)
            report.failure = failure
            report.explanation = FailureOf.explanation(error)
            if let time = facts.networkTime {
                report.explanation.append(
                    "the cellular network's time is \(time), which this machine's clock can be set to")
            }
            report.recipients = message.envelope.recipients.map {
                RecipientReport(address: $0.description, verdict: .undecided, reply: nil)
            }
        }
        timeline.end(failed: report.failure != nil)
        facts.fill(&report)
        report.messageID = message.messageID
        report.phases = timeline.records
        report.teardown = teardown.steps
        report.duration = timeline.elapsed
        return report
    }

    private func deliver() async throws -> DeliveryOutcome {
        // Every file is read before anything is opened, so that a wrong one costs no connection.
        let dialogue = try await host.threads.runIfActive { [self] in
            if let problem = StateDirectory.make(settings.stateDirectory) { observer.noted(problem) }
            return try Dialogue(
                settings: settings, server: try settings.requiredServer, host: host, observer: observer,
                timeline: timeline, teardown: teardown, facts: facts)
        }
        let deliver = { (bearer: any Bearer) async throws -> DeliveryOutcome in
            facts.note(via: bearer.name)
            facts.note(link: bearer.link)
            do {
                let outcome = try await dialogue.deliver(message, over: bearer)
                facts.note(counts: await bearer.counts())
                return outcome
            } catch {
                facts.note(counts: await bearer.counts())
                throw error
            }
        }
        switch settings.via {
        case .interface(let name):
            return try await withInterfaceBearer(name: name, on: host.loop, threads: host.threads, deliver)
        case .auto, .ppp, .socket:
            let session = ModemSession(
                settings: settings, host: host, observer: observer, timeline: timeline, teardown: teardown,
                chose: { [facts] in facts.note(viaReason: $0) },
                toldTime: { [facts] in facts.note(networkTime: WallTime(secondsSince1970: $0)) })
            return try await session.withBearer { modem, bearer in
                facts.note(modem: modem.identity.summary)
                return try await deliver(bearer)
            }
        }
    }
}
