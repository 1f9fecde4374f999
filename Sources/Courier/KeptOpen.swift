import ByteStreams
import NIOCore
import Scopes

/// The stream below TLS, which closing TLS leaves open: the connection has a scope and a step of its own.
struct KeptOpen: ByteStream {
    let base: any ByteStream

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? { try await base.read(atMost: atMost) }
    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await base.write(&octets) }
    func flush() async throws(StreamFailure) { try await base.flush() }
    func close() async -> TeardownStep { TeardownStep(name: "connection", outcome: .notNeeded, duration: .zero) }
}
