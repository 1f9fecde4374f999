import SMTP
import Scopes

extension Report {
    /// What the SMTP client found out, before the attempt adds what it took.
    init(_ outcome: DeliveryOutcome) {
        let recipients = outcome.recipients.map(RecipientReport.init)
        let accepted = recipients.count { $0.verdict == .accepted }
        let verdict: Outcome
        if accepted == recipients.count {
            verdict = .sent
        } else if outcome.isPerhapsDelivered {
            verdict = .perhapsDelivered
        } else if accepted > 0 {
            verdict = .partly
        } else {
            verdict = outcome.exitStatus == .tryAgain ? .deferred : .refused
        }
        self.init(outcome: verdict, exitStatus: outcome.exitStatus)
        self.recipients = recipients
        if accepted == 0, let first = outcome.recipients.first?.verdict.failure { failure = first }
    }
}

extension RecipientReport {
    init(_ recipient: DeliveryOutcome.Recipient) {
        let address = recipient.path.description
        switch recipient.verdict {
        case .accepted(let reply): self.init(address, .accepted, reply.description, .message, reply)
        case .deferred(let failure): self.init(address, .deferred, failure)
        case .refused(let failure): self.init(address, .refused, failure)
        case .perhapsDelivered(let failure): self.init(address, .undecided, failure)
        }
    }

    private init(_ address: String, _ verdict: Verdict, _ failure: SMTPError) {
        if let (step, reply) = failure.reply {
            self.init(address, verdict, failure.summary, step, reply)
        } else {
            self.init(address: address, verdict: verdict, reply: failure.summary)
        }
    }

    private init(_ address: String, _ verdict: Verdict, _ words: String, _ step: SMTPStep, _ reply: Reply) {
        self.init(
            address: address, verdict: verdict, reply: words, step: step.rawValue, code: reply.code,
            enhancedCode: reply.enhanced.map { "\($0)" })
    }
}
