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
        case .accepted(let reply):
            self.init(address: address, verdict: .accepted, reply: reply.description)
        case .deferred(let failure):
            self.init(address: address, verdict: .deferred, reply: failure.summary)
        case .refused(let failure):
            self.init(address: address, verdict: .refused, reply: failure.summary)
        case .perhapsDelivered(let failure):
            self.init(address: address, verdict: .undecided, reply: failure.summary)
        }
    }
}
