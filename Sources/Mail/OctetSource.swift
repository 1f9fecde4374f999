public import NIOCore
import Scopes

/// Octets that are read from any place, more than once: a file, or memory. Each part of a message is read twice, to measure
/// it and to send it, and must be the same both times.
public protocol OctetSource: Sendable {
    /// How many there are. It does not change.
    var octets: Int { get }

    /// At least one and at most `count` octets from `offset` on, which is below `octets`; none means that the source became
    /// shorter. What it throws reaches the caller as `MailError.unreadable`.
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

extension OctetSource {
    /// `read`, with its errors in this target's words.
    func octets(at offset: Int, upTo count: Int, name: String) async throws(MailError) -> ByteBuffer {
        let chunk: ByteBuffer
        do {
            chunk = try await read(at: offset, upTo: count)
        } catch let failure as any Failure {
            throw .unreadable(name: name, problem: failure.summary)
        } catch {
            throw .unreadable(name: name, problem: String(describing: error))
        }
        guard (1...count).contains(chunk.readableBytes) else { throw .changed(name: name) }
        return chunk
    }
}
