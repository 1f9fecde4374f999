import Glibc
import NIOPosix
import Settings
import SystemPackage
import TLS

/// What is remembered of a server between runs: that it could not bear commands in a group. After seven days it is tried
/// again. A file of one line in the state directory; without it the next run learns it anew.
struct ServerMemory: Sendable {
    private static let word = "no-pipelining"
    private static let lifetime = 7 * 86_400
    private static let fileLimit = 100

    private let directory: String
    private let path: String
    private let pool: NIOThreadPool
    private let clock: WallClock

    /// - Parameter directory: made for the owner alone when there is something to remember.
    init(directory: String, server: ServerURL, pool: NIOThreadPool, clock: WallClock) {
        self.directory = directory
        // Only what cannot lead out of the directory stands in the name.
        let host = server.host.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" }
        path = "\(directory)/\(String(host))-\(server.port)"
        self.pool = pool
        self.clock = clock
    }

    func bearsPipelining() async -> Bool {
        let (path, now) = (path, clock.now().secondsSince1970)
        let text = try? await pool.runIfActive { Self.read(path) }
        let words = (text ?? nil)?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 2, words[0] == Self.word, let since = Int(words[1]) else { return true }
        return !(0..<Self.lifetime).contains(Int(now) - since)
    }

    func notePipeliningFailed() async {
        let (directory, path, now) = (directory, path, clock.now().secondsSince1970)
        _ = try? await pool.runIfActive {
            _ = StateDirectory.make(directory)
            Self.write("\(Self.word) \(now)\n", to: path)
        }
    }

    private static func read(_ path: String) -> String? {
        let file = try? FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        return try? file?.closeAfter {
            var octets = [UInt8](repeating: 0, count: fileLimit)
            let count = try unsafe octets.withUnsafeMutableBytes { unsafe try file?.read(into: $0) } ?? 0
            return String(decoding: octets.prefix(count), as: UTF8.self)
        }
    }

    /// A new file takes the place of the old one, so that a reader sees one or the other.
    private static func write(_ text: String, to path: String) {
        let new = "\(path).\(getpid())"
        let file = try? FileDescriptor.open(
            FilePath(new), .writeOnly, options: [.create, .truncate, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite)
        guard let file, (try? file.closeAfter({ try file.writeAll(text.utf8) })) != nil else { return }
        // The strings are borrowed for the calls alone.
        if unsafe rename(new, path) != 0 { _ = unsafe unlink(new) }
    }
}
