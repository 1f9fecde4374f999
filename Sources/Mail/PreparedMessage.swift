public import NIOCore

/// A message whose parts are measured; what remains open is whether the server takes 8-bit text.
public struct PreparedMessage: Sendable {
    /// With the angle brackets; nil where a ready-made message has one that could not be read.
    public let messageID: String?
    /// Whether a header field holds a UTF-8 address, so that the server must offer SMTPUTF8.
    public let needsSMTPUTF8: Bool

    /// The message in the fewest octets. Throws only for a ready-made message that holds 8-bit text when `allows8Bit` is
    /// false.
    public func encoded(allows8Bit: Bool) throws(MailError) -> BuiltMessage {
        throw .message(problem: "is not built yet")
    }
}

/// A message with every choice made: its length is exact, and it reads the same each time.
public struct BuiltMessage: Sendable {
    /// Exactly as many as its reader hands out: for SIZE and BDAT.
    public let octets: Int
    /// Whether it holds octets above 127, so that MAIL says `BODY=8BITMIME`.
    public let needs8Bit: Bool

    /// A new pass over the message.
    public func reader() -> MessageReader {
        MessageReader()
    }
}

/// One pass over a message, in chunks of at most 64 kB; only CRLF line ends, and CRLF at the end.
public struct MessageReader: Sendable {
    /// The next chunk, never empty; nil at the end.
    public mutating func next() async throws(MailError) -> ByteBuffer? {
        nil
    }
}
