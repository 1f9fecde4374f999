import ByteStreams
import NIOCore
import Scopes
import Synchronization

/// Passes everything on and remembers what each write call offered and what was read.
final class RecordingStream: ByteStream {
    private struct State {
        var writes: [ByteBuffer] = []
        var reads = ByteBuffer()
    }

    private let base: any ByteStream
    private let state = Mutex(State())

    init(_ base: any ByteStream) {
        self.base = base
    }

    var writes: [String] { state.withLock { $0.writes.map { String(buffer: $0) } } }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        let octets = try await base.read(atMost: atMost)
        if let octets { state.withLock { _ = $0.reads.writeImmutableBuffer(octets) } }
        return octets
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        let offered = octets
        state.withLock { $0.writes.append(offered) }
        try await base.write(&octets)
    }

    func flush() async throws(StreamFailure) { try await base.flush() }
    func close() async -> TeardownStep { await base.close() }
}
