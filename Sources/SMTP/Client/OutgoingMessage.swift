public import NIOCore

/// A message to be sent: its size is known before, its octets are streamed, and it can be read more than once.
///
/// Every line ends in CR LF and holds neither CR nor LF besides; that is the business of who made it.
public protocol OutgoingMessage: Sendable {
    /// Exactly, with CR LF at each line's end, before transparency.
    var octets: Int { get }

    /// Whether any octet is above 0x7F.
    var needs8Bit: Bool { get }

    /// Whether a header field holds an address outside ASCII, so that only a server with SMTPUTF8 can take it (RFC 6531 §3.4).
    var needsSMTPUTF8: Bool { get }

    /// The same message for a server without 8BITMIME, nil when it has no such form.
    func sevenBitForm() async throws -> (any OutgoingMessage)?

    /// The same message with no address outside ASCII in its header, for a server without SMTPUTF8; nil when it has no such
    /// form.
    func formWithoutSMTPUTF8() async throws -> (any OutgoingMessage)?

    /// A reader at the first octet. Errors that are a `Failure` keep their words and their exit status.
    func reader() async throws -> any OutgoingMessageReader
}

extension OutgoingMessage {
    public var needsSMTPUTF8: Bool { false }
    public func formWithoutSMTPUTF8() async throws -> (any OutgoingMessage)? { nil }
    public func sevenBitForm() async throws -> (any OutgoingMessage)? { nil }
}

/// The octets of one message, in order.
public protocol OutgoingMessageReader: Sendable {
    /// The next octets, in pieces of any size (16 kB or more serve a slow processor best); nil after the last one.
    mutating func next() async throws -> ByteBuffer?
}

/// A message in memory.
public struct BufferedMessage: OutgoingMessage {
    public let content: ByteBuffer
    public let needs8Bit: Bool

    public init(_ content: ByteBuffer) {
        self.content = content
        needs8Bit = content.has8Bit
    }

    public var octets: Int { content.readableBytes }

    public func reader() -> any OutgoingMessageReader { Reader(rest: content) }

    private struct Reader: OutgoingMessageReader {
        var rest: ByteBuffer?

        mutating func next() -> ByteBuffer? {
            defer { rest = nil }
            return rest
        }
    }
}
