/// From whom and to whom, as MAIL and RCPT say it (RFC 5321 §2.3.1). The order of recipients is kept.
public struct Envelope: Sendable, Equatable {
    /// Nil is the null reverse-path `<>`.
    public let reversePath: MailPath?
    /// At least one.
    public let recipients: [MailPath]
    /// nil: no notices are asked for.
    public let notification: NotificationRequest?

    public init(
        from reversePath: MailPath?, to recipients: [MailPath], notification: NotificationRequest? = nil
    ) throws(SMTPError) {
        guard !recipients.isEmpty else { throw .invalid(name: "the envelope", reason: "it has no recipient") }
        self.reversePath = reversePath
        self.recipients = recipients
        self.notification = notification
    }
}
