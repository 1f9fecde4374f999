import ByteStreams
import NIOCore
import Scopes
import Synchronization
import TLS

/// The far end of one connection of a tunnel: the bearer's stream, and TLS over it where the plan says so.
final class FarSide: Sendable {
    private struct State {
        var tls: TLSStream?
        /// Its budget; another one when the whole tunnel ends.
        var teardown: Teardown
        /// Whether the peer must not take the end for an orderly one.
        var isBroken = false
    }

    private let raw: any ByteStream
    private let state: Mutex<State>

    init(_ raw: any ByteStream, teardown: Teardown) {
        self.raw = raw
        state = Mutex(State(teardown: teardown))
    }

    /// What the bridge uses.
    var stream: any ByteStream { state.withLock { $0.tls }.map { WholeTLSStream(tls: $0) } ?? raw }

    var info: TLSInfo? { state.withLock { $0.tls?.info } }

    func secure(_ client: SecureClient, host: String, port: Int) async throws {
        let tls = try await client.secure(raw, host: host, port: port)
        state.withLock { $0.tls = tls }
    }

    /// The client was lost: no close_notify says otherwise.
    func markBroken() { state.withLock { $0.isBroken = true } }

    func use(_ teardown: Teardown) { state.withLock { $0.teardown = teardown } }

    /// close_notify, then the connection. The steps that were not clean are the result.
    func close() async -> [TeardownStep] {
        let (tls, teardown, isBroken) = state.withLock { ($0.tls, $0.teardown, $0.isBroken) }
        if let tls, !isBroken {
            await teardown.step("tls", limit: .seconds(2)) { await tls.shutdown().outcome }
        }
        let raw = raw
        await teardown.step("connection", limit: .seconds(10)) { await raw.close().outcome }
        return teardown.steps.filter { !$0.isClean }
    }
}

/// TLS whose end counts only with close_notify: a client of a tunnel speaks a protocol that we do not know, and without it
/// cannot tell an end from an attacker's cut (RFC 8446 §6.1).
struct WholeTLSStream: ByteStream {
    let tls: TLSStream

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        if let octets = try await tls.read(atMost: atMost) { return octets }
        guard tls.endedCleanly == true else { throw .reset("TLS ended without close_notify, octets may be missing") }
        return nil
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await tls.write(&octets) }

    func flush() async throws(StreamFailure) { try await tls.flush() }

    func endWriting() async throws(StreamFailure) -> Bool { try await tls.endWriting() }

    func close() async -> TeardownStep { await tls.close() }
}
