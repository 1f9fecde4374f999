import Glibc
import NIOCore
import SystemPackage

/// The few file calls of a sink; they block, so they run on a thread pool.
enum SinkFiles {
    static func mode(of descriptor: SystemPackage.FileDescriptor) throws -> mode_t {
        var status = stat()
        // The structure outlives the call.
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        return status.st_mode
    }

    /// All that is left, `limit` octets at most.
    static func read(_ descriptor: SystemPackage.FileDescriptor, limit: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        while result.count <= limit {
            // The buffer is written before its count is known, and lives in the closure.
            let piece = try unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = try unsafe descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard !piece.isEmpty else { return result }
            result += piece
        }
        throw Errno.fileTooLarge
    }

    static func write(_ octets: ByteBuffer, to descriptor: SystemPackage.FileDescriptor) throws {
        _ = try descriptor.writeAll(octets.readableBytesView)
    }

    static func sync(_ descriptor: SystemPackage.FileDescriptor) throws {
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
    }

    static func sync(directory: String) throws {
        let descriptor = try SystemPackage.FileDescriptor.open(
            FilePath(directory), .readOnly, options: [.closeOnExec, .directory])
        try descriptor.closeAfter { try sync(descriptor) }
    }

    static func makeDirectory(_ path: String) throws {
        // The strings live for the call.
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
    }

    static func rename(_ from: String, _ to: String) throws {
        guard unsafe Glibc.rename(from, to) == 0 else { throw Errno(rawValue: errno) }
    }

    static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }
}
