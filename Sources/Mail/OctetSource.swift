public import NIOCore

/// Octets that are read from any place, more than once: a file, or memory. Each part of a message is read twice, to measure
/// it and to send it, and must be the same both times.
public protocol OctetSource: Sendable {
    /// How many there are. It does not change.
    var octets: Int { get }

    /// At least one and at most `count` octets from `offset` on, which is below `octets`; none means that the source became
    /// shorter. Any error it throws reaches the caller of the message as `MailError.source`.
    func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer
}

/// A source in memory.
public struct MemorySource: OctetSource {
    private let buffer: ByteBuffer

    public init(_ buffer: ByteBuffer) {
        self.buffer = buffer
    }

    public init(_ text: String) {
        buffer = ByteBuffer(string: text)
    }

    public init(_ bytes: [UInt8]) {
        buffer = ByteBuffer(bytes: bytes)
    }

    public var octets: Int { buffer.readableBytes }

    public func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer {
        let length = min(count, buffer.readableBytes - offset)
        guard length > 0 else { return ByteBuffer() }
        return buffer.getSlice(at: buffer.readerIndex + offset, length: length) ?? ByteBuffer()
    }
}
