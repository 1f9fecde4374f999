import Bearer
import NIOPosix
import TLS

/// The last good address of each server, in the state directory. After a day it is looked up again.
struct AddressFile: AddressMemory {
    private static let lifetime = 86_400

    private let directory: String
    private let pool: NIOThreadPool
    private let clock: WallClock

    /// - Parameter directory: made for the owner alone when there is something to remember.
    init(directory: String, pool: NIOThreadPool, clock: WallClock = .system) {
        self.directory = directory
        self.pool = pool
        self.clock = clock
    }

    private func path(_ host: String) -> String { "\(directory)/\(StateFile.name(of: host))" }

    func address(of host: String) async -> String? {
        let (path, now) = (path(host), clock.now().secondsSince1970)
        let words = (try? await pool.runIfActive { StateFile.words(path) }) ?? []
        guard words.count == 2, let since = Int(words[1]), (0..<Self.lifetime).contains(Int(now) - since) else {
            return nil
        }
        return String(words[0])
    }

    func remember(_ address: String, of host: String) async {
        let (directory, path, now) = (directory, path(host), clock.now().secondsSince1970)
        _ = try? await pool.runIfActive {
            _ = StateDirectory.make(directory)
            StateFile.write("\(address) \(now)\n", to: path)
        }
    }

    func forget(_ host: String) async {
        let path = path(host)
        _ = try? await pool.runIfActive { StateFile.remove(path) }
    }
}
