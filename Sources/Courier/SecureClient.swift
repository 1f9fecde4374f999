import ByteStreams
import Scopes
import Settings
import TLS

/// TLS as the settings want it: trust, and the store of sessions. One for all connections of a run.
struct SecureClient {
    private let context: TLSClientContext
    private let sessions: FileSessionStore
    private let limit: Duration

    /// Reads every file that is needed later, so that a wrong one costs no connection. Blocks.
    init(_ settings: Settings, host: Host, clock: WallClock = .system) throws {
        context = try TLSClientContext(TLSClientConfiguration(settings, clock: clock))
        sessions = FileSessionStore(directory: settings.stateDirectory + "/tls", pool: host.threads)
        limit = settings.timeouts.tls
    }

    /// Handshakes with `host` over the stream, which stays the caller's until this returns.
    func secure(_ stream: any ByteStream, host: String, port: Int) async throws -> TLSStream {
        let (context, sessions) = (context, sessions)
        do {
            return try await withDeadline(limit, clock: ContinuousClock()) {
                try await TLSStream.connect(
                    over: stream, context: context, serverName: host, port: port, sessions: sessions)
            }
        } catch let exceeded as DeadlineExceeded {
            throw CourierError.timedOut(.tls, limit: exceeded.limit)
        }
    }
}
