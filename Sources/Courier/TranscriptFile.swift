import Glibc
public import NIOPosix
import Scopes
import Synchronization
import SystemPackage

/// The record of the serial line, a line each, written behind the events: nobody waits for the disk but `close`.
public final class TranscriptFile: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isWriting = false
        var failed = false
    }

    /// What may wait for a slow disk; further lines are dropped, and the transcript is called incomplete.
    private static let waitingLimit = 1_048_576
    public let path: String
    private let descriptor: SystemPackage.FileDescriptor
    private let threads: NIOThreadPool
    private let state = Mutex(State())

    private init(path: String, descriptor: SystemPackage.FileDescriptor, threads: NIOThreadPool) {
        self.path = path
        self.descriptor = descriptor
        self.threads = threads
    }

    deinit {
        try? descriptor.close()
    }

    /// Makes the file anew, for its owner alone (0600).
    public static func create(_ path: String, threads: NIOThreadPool) throws(CourierError) -> TranscriptFile {
        do {
            let descriptor = try SystemPackage.FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerRead, .ownerWrite])
            return TranscriptFile(path: path, descriptor: descriptor, threads: threads)
        } catch let errno as Errno {
            throw .file(path: path, words: errno.description)
        } catch {
            throw .file(path: path, words: String(describing: error).printable())
        }
    }

    public func record(_ line: String) {
        let start = state.withLock { state in
            if state.waiting.count < Self.waitingLimit {
                state.waiting.append(contentsOf: (line + "\n").utf8)
            } else {
                state.failed = true
            }
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if start { threads.submit { _ in self.drain() } }
    }

    /// Returns when all that was recorded is written.
    public func close() async {
        await withCheckedContinuation { continuation in
            threads.submit { _ in
                self.drain()
                continuation.resume()
            }
        }
    }

    private func drain() {
        while true {
            let octets = state.withLock { state in
                defer { state.waiting = [] }
                state.isWriting = !state.waiting.isEmpty
                return state.waiting
            }
            guard !octets.isEmpty else { return }
            do {
                try descriptor.writeAll(octets)
            } catch {
                state.withLock { $0.failed = true }
            }
        }
    }

    /// Whether a part is missing: the disk was full or too slow.
    public var isIncomplete: Bool { state.withLock { $0.failed } }
}
