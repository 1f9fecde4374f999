import ByteStreams
import SMTP
import Scopes

extension DeliveryOutcome {
    /// The verdicts of a delivery that was cancelled by a limit, with the limit as their cause.
    func cut(by limit: any Failure) -> DeliveryOutcome {
        let cause = SMTPError.underlying(UnderlyingFailure(limit))
        return DeliveryOutcome(
            recipients: recipients.map { recipient in
                guard case .stream(.cancelled, _) = recipient.verdict.failure else { return recipient }
                let verdict: Verdict
                switch recipient.verdict {
                case .perhapsDelivered: verdict = .perhapsDelivered(cause)
                case .accepted, .deferred, .refused: verdict = .deferred(cause)
                }
                return Recipient(path: recipient.path, verdict: verdict)
            },
            leftOver: leftOver)
    }
}
