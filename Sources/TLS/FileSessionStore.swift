import Credentials
import Glibc
public import NIOPosix
import Scopes
import Synchronization
import SystemPackage

/// Sessions as files of a directory, one a key, mode 0600, each replaced atomically and synced, so that a process that ends
/// at any moment leaves the old one or the new one. What cannot be parsed, is not ours, or is no longer good is removed.
public final class FileSessionStore: SessionStore {
    private let directory: String
    private let pool: NIOThreadPool
    private let trouble = Mutex<String?>(nil)
    private let counter = Mutex<UInt64>(0)

    /// - Parameters:
    ///   - directory: made with mode 0700 when it is missing, and so is what it lies in.
    ///   - pool: the threads on which files are read and synced; it must have been started.
    public init(directory: String, pool: NIOThreadPool) {
        self.directory = directory
        self.pool = pool
    }

    /// Why the last session could not be kept; nil when it could. A reason to tell the operator, never to fail: without a
    /// kept session the next connection costs a round of certificates.
    public var problem: String? { trouble.withLock { $0 } }

    public func session(for key: SessionKey, now: WallTime) async -> StoredSession? {
        await onPool { self.load(key, now: now) } ?? nil
    }

    public func keep(_ session: StoredSession, for key: SessionKey) async {
        let words = await onPool { self.replace(key, with: SessionFile.encode(session)) }
        trouble.withLock { $0 = words ?? "no thread to write on" }
        if words == .some(nil) { trouble.withLock { $0 = nil } }
    }

    public func drop(_ key: SessionKey) async {
        _ = await onPool { _ = unsafe unlink(self.path(key)) }
    }

    private func onPool<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
        try? await pool.runIfActive { body() }
    }

    /// The digest is hexadecimal, whatever a caller put into it: no path leads out of the directory.
    private func path(_ key: SessionKey) -> String {
        "\(directory)/\(key.digest.filter { $0.isHexDigit }).session"
    }

    private func load(_ key: SessionKey, now: WallTime) -> StoredSession? {
        let path = path(key)
        guard let octets = contents(path) else { return nil }
        guard let session = SessionFile.decode(octets), session.isGood(at: now) else {
            _ = unsafe unlink(path)
            return nil
        }
        return session
    }

    /// Nil when there is none, or when somebody else can have written or read it.
    private func contents(_ path: String) -> [UInt8]? {
        let file = try? FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        guard let file else { return nil }
        return try? file.closeAfter {
            var status = stat()
            guard unsafe fstat(file.rawValue, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 == 0,
                status.st_mode & S_IFMT == S_IFREG
            else {
                _ = unsafe unlink(path)
                return nil
            }
            var octets = [UInt8](repeating: 0, count: SessionFile.octetsLimit + 1)
            let count = try unsafe octets.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
            return Array(octets.prefix(count))
        }
    }

    /// Answers what went wrong, nil when nothing did.
    private func replace(_ key: SessionKey, with octets: [UInt8]) -> String? {
        // Another process may do the same at the same time: each has its own new file, and the last rename counts.
        let number = counter.withLock { counter in
            counter += 1
            return counter
        }
        let new = "\(directory)/.new-\(getpid())-\(number)"
        do {
            try makeDirectory(FilePath(directory))
            let file = try FileDescriptor.open(
                FilePath(new), .writeOnly, options: [.create, .exclusiveCreate, .truncate, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite)
            try file.closeAfter {
                _ = try file.writeAll(octets)
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard unsafe rename(new, path(key)) == 0 else { throw Errno(rawValue: errno) }
            syncDirectory()
            return nil
        } catch {
            _ = unsafe unlink(new)
            let words = (error as? Errno)?.description ?? String(describing: error).printable()
            return "the TLS session cannot be kept in \(directory.printable(limit: 200)): \(words)"
        }
    }

    private func makeDirectory(_ path: FilePath) throws {
        if unsafe mkdir(path.string, 0o700) == 0 || errno == EEXIST { return }
        let parent = path.removingLastComponent()
        guard errno == ENOENT, !parent.isEmpty, parent != path else { throw Errno(rawValue: errno) }
        try makeDirectory(parent)
        if unsafe mkdir(path.string, 0o700) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    }

    /// Best effort: without it a power cut may bring the old session back, which is as good as it was.
    private func syncDirectory() {
        guard
            let handle = try? FileDescriptor.open(FilePath(directory), .readOnly, options: [.directory, .closeOnExec])
        else { return }
        _ = fsync(handle.rawValue)
        try? handle.close()
    }
}
