import Glibc
public import Mail
public import NIOCore
public import NIOPosix
public import Scopes
public import SystemPackage

/// A file of this machine as octets for a message: its length is taken once, and it is read by pread(2) on the thread pool
/// for files, never on an event loop.
public final class FileSource: OctetSource {
    public let octets: Int
    private let descriptor: SystemPackage.FileDescriptor
    private let threads: NIOThreadPool

    private init(descriptor: SystemPackage.FileDescriptor, octets: Int, threads: NIOThreadPool) {
        self.descriptor = descriptor
        self.octets = octets
        self.threads = threads
    }

    deinit {
        try? descriptor.close()
    }

    /// - Parameters:
    ///   - path: a regular file, or `-` for standard input, which is copied to a nameless file in `scratch` first.
    ///   - option: named in the error.
    public static func open(
        _ path: String, option: String, scratch: FilePath, threads: NIOThreadPool
    ) async throws(FileSourceError) -> FileSource {
        do {
            return try await threads.runIfActive {
                path == "-"
                    ? try copyOfStandardInput(scratch: scratch, threads: threads)
                    : try openRegular(path, threads: threads)
            }
        } catch let problem as Problem {
            throw FileSourceError(option: option, path: path, words: problem.words)
        } catch let errno as Errno {
            throw FileSourceError(option: option, path: path, words: errno.description)
        } catch {
            throw FileSourceError(option: option, path: path, words: String(describing: error).printable())
        }
    }

    public func read(at offset: Int, upTo count: Int) async throws -> ByteBuffer {
        let descriptor = descriptor
        return try await threads.runIfActive {
            var buffer = ByteBuffer()
            try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
                // The room lives for the length of this closure, and so does the read into it.
                let window = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<min(count, room.count)])
                return unsafe try descriptor.read(fromAbsoluteOffset: Int64(offset), into: window)
            }
            return buffer
        }
    }

    private struct Problem: Error {
        let words: String
    }

    private static func openRegular(_ path: String, threads: NIOThreadPool) throws -> FileSource {
        let descriptor = try SystemPackage.FileDescriptor.open(
            FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
        do {
            var status = stat()
            guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw Problem(words: "is not a regular file") }
            return FileSource(descriptor: descriptor, octets: Int(status.st_size), threads: threads)
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    private static func copyOfStandardInput(scratch: FilePath, threads: NIOThreadPool) throws -> FileSource {
        let descriptor = try nameless(in: scratch)
        do {
            var total = 0
            let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
            defer { unsafe chunk.deallocate() }
            while true {
                let count = try unsafe SystemPackage.FileDescriptor.standardInput.read(into: chunk)
                if count == 0 { break }
                total += try unsafe descriptor.writeAll(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            }
            return FileSource(descriptor: descriptor, octets: total, threads: threads)
        } catch {
            try? descriptor.close()
            throw error
        }
    }
}

/// A new file that has lost its name already, so that nothing is left behind however the process ends.
private func nameless(in folder: FilePath) throws -> SystemPackage.FileDescriptor {
    var template = Array(folder.appending("modemail-XXXXXX").string.utf8CString)
    let number = unsafe mkstemp(&template)
    guard number >= 0 else { throw Errno(rawValue: errno) }
    _ = unsafe unlink(&template)
    return SystemPackage.FileDescriptor(rawValue: number)
}

/// A file for the message that cannot be used.
public struct FileSourceError: Failure, Equatable {
    public let option: String
    public let path: String
    public let words: String

    public var failureClass: FailureClass { .message }
    public var summary: String { "--\(option) \(path.printable(limit: 200)): \(words)" }
    public var advice: String? { "check the path and who may read it" }
}
