/// Where TLS sessions wait for the next connection, which may be of another process.
///
/// A session is a secret: who has it can read a recorded TLS 1.2 connection.
public protocol SessionStore: Sendable {
    /// The session kept for `key`, nil when there is none that is still good at `now`. One that is not is dropped.
    func session(for key: SessionKey, now: WallTime) async -> StoredSession?
    /// Keeps `session`, the newest for its key; one that was there before is replaced. Trouble is no error of the
    /// connection: the next one costs a full handshake, that is all.
    func keep(_ session: StoredSession, for key: SessionKey) async
    func drop(_ key: SessionKey) async
}

/// Everything that decided trust when the session was made: a session of other circumstances must not be resumed, since
/// resumption verifies no certificate.
public struct SessionKey: Sendable, Hashable {
    /// SHA-256 over host, port, name, trust anchors, pins, minimum version and client certificate, lower-case hexadecimal.
    public let digest: String

    public init(digest: String) {
        self.digest = digest
    }
}
