import Glibc
import SystemPackage

/// A small file of the state directory, written so that a reader sees the old one or the new one. What cannot be read or written is
/// as if it were not there: it is learnt anew.
enum StateFile {
    private static let limit = 100

    /// A host's part of a file name: only what cannot lead out of the directory.
    static func name(of host: String) -> String {
        String(host.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") ? $0 : "_" })
    }

    /// The words of its first 100 octets.
    static func words(_ path: String) -> [Substring] {
        let file = try? FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .noFollow, .nonBlocking])
        let text = try? file?.closeAfter {
            var octets = [UInt8](repeating: 0, count: limit)
            let count = try unsafe octets.withUnsafeMutableBytes { unsafe try file?.read(into: $0) } ?? 0
            return String(decoding: octets.prefix(count), as: UTF8.self)
        }
        return (text ?? "").split(whereSeparator: \.isWhitespace)
    }

    static func write(_ text: String, to path: String) {
        let new = "\(path).\(getpid())"
        let file = try? FileDescriptor.open(
            FilePath(new), .writeOnly, options: [.create, .truncate, .closeOnExec, .noFollow],
            permissions: .ownerReadWrite)
        guard let file, (try? file.closeAfter({ try file.writeAll(text.utf8) })) != nil else { return }
        // The strings are borrowed for the calls alone.
        if unsafe rename(new, path) != 0 { _ = unsafe unlink(new) }
    }

    static func remove(_ path: String) {
        // The string is borrowed for the call alone.
        _ = unsafe unlink(path)
    }
}
