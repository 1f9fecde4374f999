import NIOCore

/// A message that somebody else has made (`--message`): it passes through unchanged but for what RFC 6409 §8 lets a
/// submission agent do.
///
/// - Line ends: all LF or all CRLF, as the first line has it; LF becomes CRLF. A line that ends otherwise, a bare CR, NUL, or
///   a line over 998 octets is an error that names the line.
/// - Cleaned: a byte order mark, blank lines and an mbox `From ` line before the header.
/// - Recoded: 8-bit text for a server that takes 7 bits only, where nothing but the form changes (`ReadyRecoding`).
/// - Removed: Bcc, Resent-Bcc, Return-Path. Added when missing: Date, From, Message-ID, a To field without recipients where
///   no destination is left, and the three MIME fields when an unlabelled body is UTF-8 outside ASCII.
/// - Header text outside ASCII, which must be UTF-8, becomes encoded words in Subject, Comments, fields that begin with `X-`,
///   and the names in address fields; in any other field it is an error.
public struct ReadyMessage: Sendable {
    let source: any OctetSource
    let from: Mailbox

    /// - Parameter from: stands in for a missing From field.
    public init(_ source: any OctetSource, from: Mailbox) {
        self.source = source
        self.from = from
    }

    private static let name = "the message"
    private static let scanOctets = 65_536

    /// Reads the message once, checks it and measures it.
    public func prepare(_ stamp: MessageStamp) async throws(MailError) -> PreparedMessage {
        var scan = ReadyMessageScan()
        var offset = 0
        while offset < source.octets {
            let chunk = try await source.octets(
                at: offset, upTo: min(Self.scanOctets, source.octets - offset), name: Self.name)
            try scan.take(chunk.readableBytesUInt8Span)
            offset += chunk.readableBytes
        }
        try scan.finish()
        let header = try ReadyHeader(scan, from: from, stamp: stamp)
        let body = BodySegment(
            source: source, name: Self.name, start: scan.bodyStart,
            encoding: scan.bodyHas8Bit ? .eightBit : .sevenBit, isText: true, addsLineEnd: !scan.endsAtLineStart,
            octets: scan.bodyOctets + (scan.endsAtLineStart ? 0 : 2))
        return PreparedMessage(
            messageID: header.messageID, needsSMTPUTF8: header.needsSMTPUTF8,
            segments: [.literal(header.text + "\r\n"), .fixed(body)],
            recoding: scan.bodyHas8Bit ? ReadyRecoding(source: source, name: Self.name, scan, header) : nil)
    }
}
