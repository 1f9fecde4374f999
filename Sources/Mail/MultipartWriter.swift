/// Lays out the bodies and attachments: one text alone, text beside HTML (multipart/alternative), and files with either
/// (multipart/mixed), by RFC 2046 §5.1.
struct MultipartWriter {
    struct Body {
        let source: any OctetSource
        let subtype: String
        let name: String
    }

    private let stamp: MessageStamp
    private(set) var segments: [PreparedMessage.Segment]

    /// - Parameter header: the message's own fields, which come first.
    init(stamp: MessageStamp, header: String) {
        self.stamp = stamp
        segments = [.literal(header)]
    }

    mutating func write(bodies: [Body], attachments: [Attachment]) async throws(MailError) {
        guard !attachments.isEmpty else {
            return try await write(bodies, boundary: 0, closing: .message, firstPart: 0)
        }
        let boundary = stamp.boundary(0)
        open("mixed", boundary, parts: 0..<(bodies.count + attachments.count))
        segments.append(.literal("\r\n--\(boundary)\r\n"))
        try await write(bodies, boundary: 1, closing: .delimiter, firstPart: 0)
        for attachment in attachments {
            segments.append(.literal("--\(boundary)\r\n"))
            try await write(attachment)
        }
        segments.append(.literal("--\(boundary)--\r\n"))
    }

    /// The text, alone or with its alternative.
    private mutating func write(
        _ bodies: [Body], boundary number: Int, closing: MeasuredPart.Closing, firstPart: Int
    ) async throws(MailError) {
        guard bodies.count > 1 else {
            for body in bodies { try await write(body, closing: closing) }
            return
        }
        let boundary = stamp.boundary(number)
        open("alternative", boundary, parts: firstPart..<(firstPart + bodies.count))
        segments.append(.literal("\r\n"))
        for body in bodies {
            segments.append(.literal("--\(boundary)\r\n"))
            try await write(body, closing: .delimiter)
        }
        // Within another multipart, the CRLF before the outer delimiter belongs to that.
        segments.append(.literal("--\(boundary)--\r\n"))
    }

    private mutating func write(_ body: Body, closing: MeasuredPart.Closing) async throws(MailError) {
        let part = try await MeasuredPart(body.source, name: body.name, isText: true, closing: closing)
        segments.append(.literal("Content-Type: text/\(body.subtype); charset=\(part.charset)\r\n"))
        segments.append(.part(part))
    }

    private mutating func write(_ attachment: Attachment) async throws(MailError) {
        let part = try await MeasuredPart(
            attachment.content, name: attachment.name, isText: false, closing: .delimiter)
        var fields = FieldWriter()
        let isText = attachment.contentType.hasPrefix("text/")
        fields.words("Content-Type", [attachment.contentType + (isText ? "; charset=\(part.charset)" : "")])
        fields.words("Content-Disposition", ["attachment;"] + FileNameParameter.words(attachment.name))
        segments.append(.literal(fields.text))
        segments.append(.part(part))
    }

    private mutating func open(_ subtype: String, _ boundary: String, parts: Range<Int>) {
        segments.append(.literal("Content-Type: multipart/\(subtype); boundary=\"\(boundary)\"\r\n"))
        segments.append(.composite(parts: parts))
    }
}

extension MeasuredPart {
    /// Never a character set that was not checked: what is no UTF-8 is `unknown-8bit` (RFC 1428 §3).
    var charset: String { measure.isUTF8 ? "utf-8" : "unknown-8bit" }
}
