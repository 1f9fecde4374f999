import Glibc
public import NIOPosix
import Scopes
import Synchronization
import SystemPackage

/// The record of the serial line, a line each, written behind the events: nobody waits for the disk but `close`.
///
/// What is on the disk is always a beginning of the whole, in whole lines, also when the program is killed or the disk is full:
/// `fake-modem --replay` plays it.
public final class TranscriptFile: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isWriting = false
        var failed = false
    }

    /// What may wait for a slow disk. Behind more than that the transcript ends, and is called incomplete.
    private static let waitingLimit = 1_048_576
    public let path: String
    private let descriptor: SystemPackage.FileDescriptor
    private let threads: NIOThreadPool
    private let state = Mutex(State())
    /// Octets in the file. Whoever writes holds it, so that lines keep their order.
    private let length = Mutex(0)

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
            let file = TranscriptFile(path: path, descriptor: descriptor, threads: threads)
            file.record("# a transcript of modemail; fake-modem --replay plays it")
            return file
        } catch let errno as Errno {
            throw .file(path: path, words: errno.description)
        } catch {
            throw .file(path: path, words: String(describing: error).printable())
        }
    }

    public func record(_ line: String) {
        let start = state.withLock { state in
            guard !state.failed else { return false }
            guard state.waiting.count < Self.waitingLimit else {
                state.failed = true
                return false
            }
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(0x0A)
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
        length.withLock { length in
            while true {
                let octets = state.withLock { state in
                    defer { state.waiting = [] }
                    state.isWriting = !state.waiting.isEmpty
                    return state.waiting
                }
                guard !octets.isEmpty else { return }
                do {
                    try descriptor.writeAll(octets)
                    length += octets.count
                } catch {
                    state.withLock { $0.failed = true }
                    // Half a line is no line. A pipe cannot be cut, and need not be.
                    _ = ftruncate(descriptor.rawValue, off_t(length))
                }
            }
        }
    }

    /// Whether a part is missing: the disk was full or too slow.
    public var isIncomplete: Bool { state.withLock { $0.failed } }
}
