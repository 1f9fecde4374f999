public import NIOCore
import Scopes

/// Octets in, whole replies out: multi-line replies, split and glued anyhow (RFC 5321 §4.2, §4.2.1).
///
/// A line may end in LF alone, and a line may be a code without text. All lines of a reply have one code, and no line
/// holds a bare CR. What is longer
/// than the bounds is an error, not memory.
public struct ReplyParser: Sendable {
    public struct Limits: Sendable, Equatable {
        /// Octets of one line with its end. The standard's 512 (RFC 5321 §4.5.3.1.5) is exceeded by servers in use.
        public var lineOctets = 2048
        /// Lines of one reply.
        public var lines = 128
        /// Octets of one reply.
        public var replyOctets = 65_536

        public init() {}
    }

    private let limits: Limits
    private var buffer = ByteBuffer()
    /// Octets at the head of `buffer` that are known to hold no LF.
    private var searched = 0
    private var code: Int?
    private var lines: [String] = []
    private var octets = 0

    private let redaction: Redaction

    public init(limits: Limits = Limits()) {
        self.init(limits: limits, redaction: .none)
    }

    init(limits: Limits = Limits(), redaction: Redaction) {
        self.limits = limits
        self.redaction = redaction
    }

    /// Whether nothing is held: no octet beyond the last reply that `next` gave.
    public var isEmpty: Bool { buffer.readableBytes == 0 && code == nil }

    public mutating func append(_ octets: ByteBuffer) {
        var octets = octets
        buffer.discardReadBytes()
        buffer.writeBuffer(&octets)
    }

    /// The next whole reply, nil when more octets are needed. After an error the connection is of no more use.
    public mutating func next() throws(SMTPError) -> Reply? {
        while let line = try nextLine() {
            if let reply = try add(line) { return reply }
        }
        return nil
    }

    /// A line without its end.
    private mutating func nextLine() throws(SMTPError) -> ByteBuffer? {
        let view = buffer.readableBytesView
        guard let end = view.dropFirst(searched).firstIndex(of: 0x0A) else {
            searched = view.count
            guard searched < limits.lineOctets else { throw .malformedReply(excerpt(buffer) + " (no end of line)") }
            return nil
        }
        let length = view.distance(from: view.startIndex, to: end)
        searched = 0
        guard length < limits.lineOctets, var line = buffer.readSlice(length: length) else {
            throw .malformedReply(excerpt(buffer) + " (line too long)")
        }
        buffer.moveReaderIndex(forwardBy: 1)
        octets += length + 1
        while line.readableBytesView.last == 0x0D { line.moveWriterIndex(to: line.writerIndex - 1) }
        // Else two replies would pass for one, and each later one for that of another command (RFC 5321 §2.3.8).
        guard !line.readableBytesView.contains(0x0D) else { throw .malformedReply(excerpt(line) + " (a bare CR)") }
        return line
    }

    private mutating func add(_ line: ByteBuffer) throws(SMTPError) -> Reply? {
        let view = line.readableBytesView
        let digits = view.prefix(3).map { Int($0) - 0x30 }
        guard digits.count == 3, digits.allSatisfy((0...9).contains), (2...5).contains(digits[0]) else {
            throw .malformedReply(excerpt(line))
        }
        let lineCode = digits[0] * 100 + digits[1] * 10 + digits[2]
        let separator = view.dropFirst(3).first ?? 0x20
        guard separator == 0x20 || separator == 0x2D else { throw .malformedReply(excerpt(line)) }
        guard code == nil || code == lineCode else {
            throw .malformedReply(excerpt(line) + " (in a reply that began with \(code ?? 0))")
        }
        guard lines.count < limits.lines, octets <= limits.replyOctets else {
            throw .malformedReply(excerpt(line) + " (reply too long)")
        }
        lines.append(String(decoding: view.dropFirst(4), as: UTF8.self))
        code = lineCode
        guard separator == 0x20 else { return nil }
        defer {
            code = nil
            lines = []
            octets = 0
        }
        return Reply(code: lineCode, lines: lines)
    }

    private func excerpt(_ octets: ByteBuffer) -> String {
        redaction.redacted(String(decoding: octets.readableBytesView.prefix(limits.lineOctets), as: UTF8.self))
            .printable(limit: 80)
    }
}
