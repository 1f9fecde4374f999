import Glibc
import NIOCore
import Scopes
import Synchronization
import SystemPackage

/// A Maildir: a message is written under `tmp`, made safe on disk, and only then renamed into `new`.
final class Maildir: Sendable {
    let path: String
    private let counter = Mutex(0)

    /// Makes what is missing of it.
    init(_ path: String) throws(SinkError) {
        self.path = path
        do {
            try SinkFiles.makeDirectory(path)
            for name in ["tmp", "new", "cur"] { try SinkFiles.makeDirectory("\(path)/\(name)") }
        } catch {
            throw .system("making the Maildir \(path)", "\(error)")
        }
    }

    /// A new file under `tmp`. Its name is unique on this machine: time, process and a count.
    func begin() throws -> Message {
        let count = counter.withLock { count in
            count += 1
            return count
        }
        var time = timespec()
        // The structure outlives the call.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        let name = "\(time.tv_sec).M\(time.tv_nsec / 1000)P\(getpid())Q\(count).sink"
        let descriptor = try SystemPackage.FileDescriptor.open(
            FilePath("\(path)/tmp/\(name)"), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: [.ownerRead, .ownerWrite])
        return Message(name: name, descriptor: descriptor)
    }

    struct Message: Sendable {
        let name: String
        let descriptor: SystemPackage.FileDescriptor
    }

    /// Afterwards the message is under `new`, and stays there over a power cut.
    func keep(_ message: Message) throws {
        do {
            try SinkFiles.sync(message.descriptor)
            try message.descriptor.close()
            try SinkFiles.rename("\(path)/tmp/\(message.name)", "\(path)/new/\(message.name)")
            try SinkFiles.sync(directory: "\(path)/new")
        } catch {
            SinkFiles.remove("\(path)/tmp/\(message.name)")
            throw error
        }
    }

    func drop(_ message: Message) {
        try? message.descriptor.close()
        SinkFiles.remove("\(path)/tmp/\(message.name)")
    }
}
