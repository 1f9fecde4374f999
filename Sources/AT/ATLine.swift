public import NIOCore

/// One line from the modem, without its line end, and the octets that it announced, when it announced any.
public struct ATLine: Sendable, Equatable {
    /// The text as sent, with the separators in front of inline octets: `+QIRD: 4`, `+CADATAIND: 0`.
    public let text: String
    /// The counted octets that belong to the line, opaque; nil when it announced none.
    public let payload: ByteBuffer?

    public init(_ text: String, payload: ByteBuffer? = nil) {
        self.text = text
        self.payload = payload
    }
}

/// What an unfinished line tells of itself: some dialects push counted octets within a line or right behind it.
public enum Introduction: Sendable, Equatable {
    /// Not to be told yet.
    case needMore
    /// An ordinary line, up to its line end.
    case line
    /// After the first `header` octets of the unfinished line (its line end included where it is one) stand `octets` octets of
    /// payload, then `trailer` octets that belong to neither (a closing quote).
    case payload(header: Int, octets: Int, trailer: Int)
}

/// A dialect's eye for counted octets: a pure function over an unfinished line that begins with `prefix`.
///
/// It sees the octets from the first of the line on, and up to and including the line end when that has come. It is asked
/// again whenever more octets of that line came, until it answers `.line` or `.payload`.
public struct Introducer: Sendable {
    public let prefix: String
    public let examine: @Sendable (ByteBufferView) -> Introduction

    public init(prefix: String, examine: @escaping @Sendable (ByteBufferView) -> Introduction) {
        self.prefix = prefix
        self.examine = examine
    }
}
