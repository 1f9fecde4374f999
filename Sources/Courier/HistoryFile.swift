import Glibc
import NIOPosix
import Scopes
import SystemPackage

/// The lines of the AT terminal's history, one a line, for its owner alone (0600). Read whole at the start, and then appended
/// to; a file that cannot be used costs the history and nothing else.
struct HistoryFile: Sendable {
    private let path: FilePath
    private let threads: NIOThreadPool
    private static let octetLimit = 262_144
    private static let lineLimit = 500

    init(stateDirectory: String, threads: NIOThreadPool) {
        path = FilePath(stateDirectory).appending("at-history")
        self.threads = threads
    }

    /// The newest lines, the oldest first. A file that has grown is made short again.
    func read() async -> [String] {
        let path = path
        return (try? await threads.runIfActive { try Self.read(path) }) ?? []
    }

    func append(_ line: String) async {
        let path = path
        _ = try? await threads.runIfActive {
            try Self.write([line], to: path, options: [.append, .create, .closeOnExec])
        }
    }

    private static func read(_ path: FilePath) throws -> [String] {
        let descriptor = try SystemPackage.FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .noFollow])
        let octets = try descriptor.closeAfter { try tail(of: descriptor) }
        let lines = String(decoding: octets, as: UTF8.self).split(separator: "\n").map(String.init)
        let kept = Array(lines.suffix(lineLimit))
        if lines.count > 2 * lineLimit {
            try write(kept, to: path, options: [.truncate, .create, .closeOnExec])
        }
        return kept
    }

    private static func tail(of descriptor: SystemPackage.FileDescriptor) throws -> [UInt8] {
        let end = try descriptor.seek(offset: 0, from: .end)
        try descriptor.seek(offset: max(0, end - Int64(octetLimit)), from: .start)
        var octets: [UInt8] = []
        while octets.count < octetLimit {
            var piece = [UInt8](repeating: 0, count: 16_384)
            // The room is the array's own, and the read ends before the closure does.
            let count = try unsafe piece.withUnsafeMutableBytes { try unsafe descriptor.read(into: $0) }
            if count == 0 { break }
            octets += piece[..<count]
        }
        return octets
    }

    private static func write(
        _ lines: [String], to path: FilePath, options: SystemPackage.FileDescriptor.OpenOptions
    ) throws {
        let descriptor = try SystemPackage.FileDescriptor.open(
            path, .writeOnly, options: options.union(.noFollow), permissions: [.ownerRead, .ownerWrite])
        _ = try descriptor.closeAfter {
            // Also one that was there before.
            guard fchmod(descriptor.rawValue, 0o600) == 0 else { throw Errno(rawValue: errno) }
            return try descriptor.writeAll(lines.map { $0 + "\n" }.joined().utf8)
        }
    }
}
