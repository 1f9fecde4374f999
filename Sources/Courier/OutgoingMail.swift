import Mail
import NIOCore
public import SMTP
import Settings

/// A message and its envelope, as the SMTP client takes them.
public struct OutgoingMail: Sendable {
    public let envelope: Envelope
    public let message: any OutgoingMessage
    /// With its angle brackets; nil where a ready-made message has one that could not be read.
    public let messageID: String?

    init(envelope: Envelope, message: any OutgoingMessage, messageID: String?) {
        self.envelope = envelope
        self.message = message
        self.messageID = messageID
    }

    /// Throws `SMTPError` for an address and `MailError` for a message that cannot be sent.
    ///
    /// - Parameter notification: the notices of delivery that are asked for; nil: none.
    public init(_ composed: ComposedMessage, notification: NotificationRequest? = nil) throws {
        envelope = try Envelope(
            from: MailPath(composed.sender.wire), to: composed.recipients.map { try MailPath($0.wire) },
            notification: notification)
        message = try MailMessage(composed.message, allows8Bit: true)
        messageID = composed.message.messageID
    }
}

/// What `Mail` built, as `SMTP` reads it.
private struct MailMessage: OutgoingMessage {
    let prepared: PreparedMessage
    let built: BuiltMessage

    init(_ prepared: PreparedMessage, allows8Bit: Bool) throws {
        self.prepared = prepared
        built = try prepared.encoded(allows8Bit: allows8Bit)
    }

    init(_ prepared: PreparedMessage, built: BuiltMessage) {
        self.prepared = prepared
        self.built = built
    }

    var octets: Int { built.octets }
    var needs8Bit: Bool { built.needs8Bit }
    var needsSMTPUTF8: Bool { prepared.needsSMTPUTF8 }

    func sevenBitForm() async throws -> (any OutgoingMessage)? {
        MailMessage(prepared, built: try await prepared.encodedIn7Bit())
    }

    func formWithoutSMTPUTF8() async throws -> (any OutgoingMessage)? {
        try prepared.withoutSMTPUTF8.map { try MailMessage($0, allows8Bit: true) }
    }

    func reader() async throws -> any OutgoingMessageReader {
        Reader(reader: built.reader())
    }

    struct Reader: OutgoingMessageReader {
        var reader: MessageReader

        mutating func next() async throws -> ByteBuffer? { try await reader.next() }
    }
}

extension MessageSettings {
    /// The notices that are asked for; nil when nothing is asked.
    var notification: NotificationRequest? {
        get throws(SMTPError) {
            guard notify != nil || notifyReturn != nil || notifyID != nil else { return nil }
            return try NotificationRequest(
                occasions: notify.map { Set($0.map(\.occasion)) }, returned: notifyReturn.map(\.returned),
                envelopeID: notifyID)
        }
    }
}

extension NotifyOccasion {
    fileprivate var occasion: NotificationRequest.Occasion {
        switch self {
        case .failure: .failure
        case .delay: .delay
        case .success: .success
        }
    }
}

extension NotifyReturn {
    fileprivate var returned: NotificationRequest.Returned {
        switch self {
        case .full: .full
        case .headers: .headers
        }
    }
}
