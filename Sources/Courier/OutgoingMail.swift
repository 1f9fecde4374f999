import Mail
import NIOCore
public import SMTP

/// A message and its envelope, as the SMTP client takes them.
public struct OutgoingMail: Sendable {
    public let envelope: Envelope
    public let message: any OutgoingMessage
    /// With its angle brackets; nil where a ready-made message has one that could not be read.
    public let messageID: String?

    /// Throws `SMTPError` for an address and `MailError` for a message that cannot be sent.
    public init(_ composed: ComposedMessage) throws {
        envelope = try Envelope(
            from: MailPath(composed.sender.wire), to: composed.recipients.map { try MailPath($0.wire) })
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

    var octets: Int { built.octets }
    var needs8Bit: Bool { built.needs8Bit }
    var needsSMTPUTF8: Bool { prepared.needsSMTPUTF8 }

    func sevenBitForm() async throws -> (any OutgoingMessage)? {
        try MailMessage(prepared, allows8Bit: false)
    }

    func reader() async throws -> any OutgoingMessageReader {
        Reader(reader: built.reader())
    }

    struct Reader: OutgoingMessageReader {
        var reader: MessageReader

        mutating func next() async throws -> ByteBuffer? { try await reader.next() }
    }
}
