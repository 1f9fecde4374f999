public import ByteStreams
public import NIOCore
public import Scopes

/// TLS over any stream of octets.
public final class TLSStream: ByteStream {
    public let info: TLSInfo

    /// Handshakes as a client. The time limit is the caller's: cancel the task, and `.stream(.cancelled)` is thrown.
    ///
    /// `base` stays the caller's until this returns a stream; from then on closing the stream closes `base`.
    /// - Parameters:
    ///   - serverName: a DNS name or an address, as the operator wrote it. It is sent as SNI and checked.
    ///   - sessions: where a session is looked for and a new one is kept; nil for none.
    public static func connect(
        over base: any ByteStream, context: TLSClientContext, serverName: String, port: Int,
        sessions: (any SessionStore)? = nil
    ) async throws(TLSError) -> TLSStream {
        throw .library("not yet")
    }

    /// Handshakes as a server.
    public static func accept(over base: any ByteStream, context: TLSServerContext) async throws(TLSError) -> TLSStream
    {
        throw .library("not yet")
    }

    init(info: TLSInfo) {
        self.info = info
    }

    /// Whether the peer's end came with close_notify; nil as long as it has not ended. False may be an attacker's cut: what
    /// was read is whole only if the protocol above says so.
    public var endedCleanly: Bool? { nil }

    /// Octets that name this connection, for SCRAM-PLUS: the exporter's (RFC 9266) with TLS 1.3, the digest of the server's
    /// certificate (RFC 5929 §4) with TLS 1.2.
    public func channelBinding() throws(TLSError) -> ChannelBinding {
        throw .library("not yet")
    }

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? { nil }

    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {}

    public func flush() async throws(StreamFailure) {}

    /// Sends close_notify within a second, does not wait for the peer's, and closes the stream below.
    public func close() async -> TeardownStep {
        TeardownStep(name: "tls", outcome: .done, duration: .zero)
    }
}
