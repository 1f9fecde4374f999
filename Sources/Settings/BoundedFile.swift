import Glibc
import Scopes
import SystemPackage

/// Reading small files whole.
enum BoundedFile {
    /// Throws `SettingsError.file`; a file over `limit` octets is one that cannot be read.
    static func read(_ path: String, limit: Int) throws(SettingsError) -> [UInt8] {
        do {
            // Without waiting: a named pipe that nobody writes to must not hold us, and is empty.
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            // From here on reading waits for who writes.
            guard fcntl(descriptor.rawValue, F_SETFL, 0) == 0 else { throw Errno(rawValue: errno) }
            let octets = try descriptor.closeAfter { try read(descriptor, limit: limit) }
            guard octets.count <= limit else {
                throw SettingsError.file(path: path, problem: "is larger than \(limit) octets")
            }
            return octets
        } catch let error as SettingsError {
            throw error
        } catch let errno as Errno {
            throw .file(path: path, problem: "cannot be read: \(errno)")
        } catch {
            throw .file(path: path, problem: "cannot be read")
        }
    }

    /// Up to one octet more than `limit`, so that the caller sees what is too much.
    static func read(_ descriptor: FileDescriptor, limit: Int) throws -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count <= limit {
            var piece = [UInt8](repeating: 0, count: min(16_384, limit + 1 - octets.count))
            // The room is the array's own, and the read ends before the closure does.
            let count = try unsafe piece.withUnsafeMutableBytes { room in try unsafe descriptor.read(into: room) }
            if count == 0 { break }
            octets += piece[..<count]
        }
        return octets
    }

    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }
}
