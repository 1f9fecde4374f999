import NIOCore

/// A message whose parts are measured; what remains open is whether the server takes 8-bit text.
public struct PreparedMessage: Sendable {
    enum Segment: Sendable {
        /// Header lines and boundaries, with their line ends.
        case literal(String)
        /// The header of a multipart: says 8bit when one of these parts (counted from 0) is (RFC 2045 §6.4).
        case composite(parts: Range<Int>)
        /// The end of a part's header and its body, in an encoding that is still to be chosen.
        case part(MeasuredPart)
        /// A body that must stay as it is.
        case fixed(BodySegment)
    }

    /// With the angle brackets.
    public let messageID: String
    /// Whether a header field holds a UTF-8 address, so that the server must offer SMTPUTF8.
    public let needsSMTPUTF8: Bool
    let segments: [Segment]
    /// The first segment without an address outside ASCII; nil where it cannot be so.
    let plainHeader: String?
    /// Of a ready-made message with 8-bit text.
    let recoding: ReadyRecoding?

    init(
        messageID: String, needsSMTPUTF8: Bool, segments: [Segment], plainHeader: String? = nil,
        recoding: ReadyRecoding? = nil
    ) {
        self.messageID = messageID
        self.needsSMTPUTF8 = needsSMTPUTF8
        self.segments = segments
        self.plainHeader = plainHeader
        self.recoding = recoding
    }

    /// The same message for a server without SMTPUTF8: addresses outside ASCII stand in the header as words. nil when there
    /// is no such form, or no need of it.
    public var withoutSMTPUTF8: PreparedMessage? {
        guard let plainHeader, needsSMTPUTF8 else { return nil }
        return PreparedMessage(
            messageID: messageID, needsSMTPUTF8: false, segments: [.literal(plainHeader)] + segments.dropFirst(),
            recoding: recoding)
    }

    /// The message in 7-bit text, whoever made it: a ready-made one is recoded where that changes nothing but its form
    /// (RFC 6152 §3), and else `MailError.needs8BitTransport` says why not.
    public func encodedIn7Bit() async throws(MailError) -> BuiltMessage {
        guard let recoding else { return try encoded(allows8Bit: false) }
        let recoded = PreparedMessage(
            messageID: messageID, needsSMTPUTF8: needsSMTPUTF8, segments: try await recoding.segments())
        return try recoded.encoded(allows8Bit: false)
    }

    /// The message in the fewest octets. Throws only for a ready-made message that holds 8-bit text when `allows8Bit` is
    /// false: see `encodedIn7Bit`.
    public func encoded(allows8Bit: Bool) throws(MailError) -> BuiltMessage {
        var encodings: [TransferEncoding] = []
        var needs8Bit = needsSMTPUTF8
        for segment in segments {
            switch segment {
            case .literal, .composite: continue
            case .part(let part): encodings.append(part.encoding(allows8Bit: allows8Bit))
            case .fixed(let body):
                guard body.encoding == .eightBit else { continue }
                guard allows8Bit else { throw .needs8BitTransport(because: "it was made elsewhere") }
                needs8Bit = true
            }
        }
        needs8Bit = needs8Bit || encodings.contains(.eightBit)
        return BuiltMessage(segments: built(encodings), needs8Bit: needs8Bit)
    }

    private func built(_ encodings: [TransferEncoding]) -> [BuiltMessage.Segment] {
        var result: [BuiltMessage.Segment] = []
        var header = ""
        var next = 0
        func flush() {
            if !header.isEmpty { result.append(.literal(ByteBuffer(string: header))) }
            header = ""
        }
        for segment in segments {
            switch segment {
            case .literal(let text): header += text
            case .composite(let parts):
                if encodings[parts].contains(.eightBit) { header += Self.field(.eightBit) }
            case .part(let part):
                let encoding = encodings[next]
                next += 1
                header += (encoding == .sevenBit ? "" : Self.field(encoding)) + "\r\n"
                flush()
                result.append(.body(part.body(encoding)))
            case .fixed(let body):
                flush()
                result.append(.body(body))
            }
        }
        flush()
        return result
    }

    private static func field(_ encoding: TransferEncoding) -> String {
        "Content-Transfer-Encoding: \(encoding.rawValue)\r\n"
    }
}

/// A message with every choice made: its length is exact, and it reads the same each time.
public struct BuiltMessage: Sendable {
    enum Segment: Sendable {
        case literal(ByteBuffer)
        case body(BodySegment)
    }

    /// Exactly as many as its reader hands out: for SIZE and BDAT.
    public let octets: Int
    /// Whether it holds octets above 127, so that MAIL says `BODY=8BITMIME`.
    public let needs8Bit: Bool
    let segments: [Segment]

    init(segments: [Segment], needs8Bit: Bool) {
        self.segments = segments
        self.needs8Bit = needs8Bit
        octets = segments.reduce(0) { sum, segment in
            switch segment {
            case .literal(let text): sum + text.readableBytes
            case .body(let body): sum + body.octets
            }
        }
    }

    /// A new pass over the message.
    public func reader() -> MessageReader {
        MessageReader(segments)
    }
}
