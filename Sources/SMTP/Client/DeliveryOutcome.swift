public import Scopes

/// What became of a message for each of its recipients.
public struct DeliveryOutcome: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// The server took the message for this recipient; its final reply, often with its queue's name for it.
        case accepted(Reply)
        /// Not now: try again, perhaps in another session.
        case deferred(SMTPError)
        /// Not so: something must change first.
        case refused(SMTPError)
        /// The last octet may have arrived, and the answer was lost (RFC 1047): it is delivered or not.
        case perhapsDelivered(SMTPError)

        public var failure: SMTPError? {
            switch self {
            case .accepted: nil
            case .deferred(let failure), .refused(let failure), .perhapsDelivered(let failure): failure
            }
        }
    }

    public struct Recipient: Sendable, Equatable {
        public let path: MailPath
        public let verdict: Verdict

        public init(path: MailPath, verdict: Verdict) {
            self.path = path
            self.verdict = verdict
        }
    }

    /// In the order of the envelope.
    public let recipients: [Recipient]
    /// Those of them for whom this session had no room or no order, so that another session can take them at once.
    public let leftOver: [MailPath]

    public init(recipients: [Recipient], leftOver: [MailPath] = []) {
        self.recipients = recipients
        self.leftOver = leftOver
    }

    /// This outcome, and the one of a further session for those it left over.
    public func completed(by further: DeliveryOutcome) -> DeliveryOutcome {
        let verdicts = Dictionary(further.recipients.map { ($0.path, $0.verdict) }) { first, _ in first }
        return DeliveryOutcome(
            recipients: recipients.map { Recipient(path: $0.path, verdict: verdicts[$0.path] ?? $0.verdict) },
            leftOver: further.leftOver)
    }

    /// Whether somebody gets the message.
    public var isAcceptedBySome: Bool { recipients.contains { $0.verdict.failure == nil } }

    public var isAccepted: Bool { recipients.allSatisfy { $0.verdict.failure == nil } }

    public var isPerhapsDelivered: Bool {
        recipients.contains {
            if case .perhapsDelivered = $0.verdict { true } else { false }
        }
    }

    /// The gravest of the recipients' verdicts; 75 for "perhaps delivered", whatever lost the answer.
    public var exitStatus: ExitStatus {
        ExitStatus.gravest(
            recipients.map { recipient in
                switch recipient.verdict {
                case .accepted: .ok
                case .perhapsDelivered: .tryAgain
                case .deferred(let failure), .refused(let failure): failure.exitStatus
                }
            })
    }
}
