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
            guard learns || result.outcome.isAcceptedBySome, !Task.isCancelled,
                let rest = try mail.part(for: outcome.leftOver)
            else {
                // Nobody is left to try it with: the next run will show.
                if learns { await memory.notePipeliningFailed() }
                return outcome
            }
            if learns { usesPipelining = false }
            do {
                result = try await session(rest, usesPipelining: usesPipelining, over: bearer)
            } catch {
                return outcome.completed(by: rest.undelivered(FailureOf.error(error, during: timeline.current)))
            }
            // A link that is lost looks like a server that closes: only one that goes on without groups is remembered.
            if learns, result.outcome.hasReply { await memory.notePipeliningFailed() }
            outcome = outcome.completed(by: result.outcome)
        }
    }
}

extension DeliveryOutcome {
    /// Whether a reply of the server decided for somebody.
    fileprivate var hasReply: Bool {
        recipients.contains { $0.verdict.failure.map { $0.reply != nil } ?? true }
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

    fileprivate func undelivered(_ failure: any Failure) -> DeliveryOutcome {
        let verdict = DeliveryOutcome.Verdict.deferred(.underlying(UnderlyingFailure(failure)))
        return DeliveryOutcome(recipients: envelope.recipients.map { .init(path: $0, verdict: verdict) })
    }
}
