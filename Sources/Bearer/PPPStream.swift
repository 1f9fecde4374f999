import ByteStreams
import NIOCore
import Scopes
import Sockets

/// A connection of the kernel's TCP over a PPP link: when the link is lost, which TCP would not notice for minutes, what waits
/// ends at once with the words of the loss.
final class PPPStream: ByteStream {
    private let base: SocketStream
    private let loss: OneShot<String>

    init(_ base: SocketStream, loss: OneShot<String>) {
        self.base = base
        self.loss = loss
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        do throws(StreamFailure) {
            return try await base.read(atMost: atMost)
        } catch {
            throw told(error)
        }
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        if let words = loss.value { throw .linkLost(words) }
        do throws(StreamFailure) {
            try await base.write(&octets)
        } catch {
            throw told(error)
        }
    }

    func flush() async throws(StreamFailure) {
        do throws(StreamFailure) {
            try await base.flush()
        } catch {
            throw told(error)
        }
    }

    func endWriting() async throws(StreamFailure) -> Bool {
        do throws(StreamFailure) {
            return try await base.endWriting()
        } catch {
            throw told(error)
        }
    }

    /// Over a lost link nobody would answer the end.
    func close() async -> TeardownStep { loss.value == nil ? await base.close() : await base.reset() }

    func reset() async -> TeardownStep { await base.reset() }

    /// The bearer's part, once the link is lost: whoever waits is released. The stream still has to be closed by its owner.
    func lose() async { _ = await base.reset() }

    private func told(_ failure: StreamFailure) -> StreamFailure {
        guard failure != .cancelled, let words = loss.value else { return failure }
        return .linkLost(words)
    }
}
