import NIOPosix
import Settings
import TLS

/// What is remembered of a server between runs: that it could not bear commands in a group. After seven days it is tried
/// again. A file of one line in the state directory; without it the next run learns it anew.
struct ServerMemory: Sendable {
    private static let word = "no-pipelining"
    private static let lifetime = 7 * 86_400

    private let directory: String
    private let path: String
    private let pool: NIOThreadPool
    private let clock: WallClock

    /// - Parameter directory: made for the owner alone when there is something to remember.
    init(directory: String, server: ServerURL, pool: NIOThreadPool, clock: WallClock) {
        self.directory = directory
        path = "\(directory)/\(StateFile.name(of: server.host))-\(server.port)"
        self.pool = pool
        self.clock = clock
    }

    func bearsPipelining() async -> Bool {
        let (path, now) = (path, clock.now().secondsSince1970)
        let words = (try? await pool.runIfActive { StateFile.words(path) }) ?? []
        guard words.count == 2, words[0] == Self.word, let since = Int(words[1]) else { return true }
        return !(0..<Self.lifetime).contains(Int(now) - since)
    }

    func notePipeliningFailed() async {
        let (directory, path, now) = (directory, path, clock.now().secondsSince1970)
        _ = try? await pool.runIfActive {
            _ = StateDirectory.make(directory)
            StateFile.write("\(Self.word) \(now)\n", to: path)
        }
    }
}
