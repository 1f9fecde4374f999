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

    public init(recipients: [Recipient]) {
        self.recipients = recipients
    }

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
