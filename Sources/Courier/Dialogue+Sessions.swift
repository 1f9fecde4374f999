import Bearer
import SMTP
import Scopes

/// How one session ended.
struct SessionResult: Sendable {
    let outcome: DeliveryOutcome
    /// The server could not bear a group of commands.
    let pipeliningFailed: Bool
}

extension Dialogue {
    /// Delivers in one session, or in several where the server's limits want it (RFC 9422) or where it could not bear
    /// pipelining: a further one only for recipients of whom nothing is in doubt, and only while each brings something.
    func deliver(_ mail: OutgoingMail, over bearer: any Bearer) async throws -> DeliveryOutcome {
        var usesPipelining = await memory.bearsPipelining()
        var result = try await session(mail, usesPipelining: usesPipelining, over: bearer)
        var outcome = result.outcome
        while true {
            let learns = result.pipeliningFailed && usesPipelining
            if learns {
                usesPipelining = false
                await memory.notePipeliningFailed()
            }
            guard learns || result.outcome.isAcceptedBySome, !Task.isCancelled,
                let rest = try mail.part(for: outcome.leftOver)
            else { return outcome }
            do {
                result = try await session(rest, usesPipelining: usesPipelining, over: bearer)
            } catch {
                let failure = SMTPError.underlying(UnderlyingFailure(FailureOf.error(error, during: timeline.current)))
                let verdicts = outcome.leftOver.map {
                    DeliveryOutcome.Recipient(path: $0, verdict: .deferred(failure))
                }
                return outcome.completed(by: DeliveryOutcome(recipients: verdicts))
            }
            outcome = outcome.completed(by: result.outcome)
        }
    }
}

extension OutgoingMail {
    /// The same message for some of its recipients; nil for none.
    fileprivate func part(for recipients: [MailPath]) throws -> OutgoingMail? {
        guard !recipients.isEmpty else { return nil }
        return OutgoingMail(
            envelope: try Envelope(
                from: envelope.reversePath, to: recipients, notification: envelope.notification),
            message: message, messageID: messageID)
    }
}
