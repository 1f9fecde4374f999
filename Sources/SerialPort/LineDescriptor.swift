import CLinux
import Glibc
import Synchronization
import SystemPackage

/// The descriptor of an open line, shared by the port and its modem lines, and closed once.
///
/// A call holds the lock for its whole length, so no call meets a number that has been closed and given out anew.
final class LineDescriptor: Sendable {
    private let state: Mutex<FileDescriptor?>

    init(_ descriptor: FileDescriptor) {
        state = Mutex(descriptor)
    }

    /// Nil once it is closed.
    func use<Value>(_ body: (Int32) -> Value) -> Value? {
        state.withLock { descriptor in
            guard let descriptor else { return nil }
            return body(descriptor.rawValue)
        }
    }

    /// False when it was closed before.
    func close() throws(Errno) -> Bool {
        let descriptor = state.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        guard let descriptor else { return false }
        do {
            try descriptor.close()
        } catch let errno as Errno {
            throw errno
        } catch {
            throw .ioError
        }
        return true
    }

    /// Another descriptor of the same open line, for a channel that closes what it is given.
    func duplicate() throws(Errno) -> FileDescriptor {
        let result = use { (copy: fcntl($0, F_DUPFD_CLOEXEC, 3), code: errno) }
        guard let result else { throw .badFileDescriptor }
        guard result.copy >= 0 else { throw Errno(rawValue: result.code) }
        return FileDescriptor(rawValue: result.copy)
    }
}

extension Errno {
    /// What a CLinux function answered, as an errno; nil when it is none.
    init?(answer: Int32) {
        guard answer < 0 else { return nil }
        self.init(rawValue: answer == .min ? Glibc.EIO : 0 - answer)
    }

    /// The driver does not know the call.
    var isUnsupported: Bool {
        [Glibc.ENOTTY, Glibc.EINVAL, Glibc.ENOSYS, Glibc.EOPNOTSUPP].contains(rawValue)
    }

    /// The line's device is gone, by whatever name.
    var meansUnplugged: Bool {
        [Glibc.EIO, Glibc.ENODEV, Glibc.ENXIO].contains(rawValue)
    }
}
