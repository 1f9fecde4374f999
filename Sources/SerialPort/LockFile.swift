import Glibc
import Synchronization
import SystemPackage

/// A UUCP lock file: `LCK..ttyUSB2`, holding the owner's pid in ten characters and a line feed (the HDB format).
final class LockFile: Sendable {
    enum Attempt {
        case taken(LockFile)
        case held(PortHolder)
        /// There is no lock file to be had; the words say why.
        case impossible(String)
    }

    let path: String
    /// From when it was taken until it was removed, once: another may stand under its name later, even of this process.
    private let isOurs = Mutex(false)

    private init(path: String) {
        self.path = path
    }

    /// Takes the lock of the device at `path` (links resolved). The lock of a process that is no more is removed, and so is
    /// one of this very process: the caller has the device's flock, so nobody here can still hold it.
    static func take(path: String, directory: String?) -> Attempt {
        guard let directory = directory ?? usualDirectory() else { return .impossible("no directory for lock files") }
        let file = LockFile(path: "\(directory)/\(name(of: path))")
        let draft = "\(directory)/LTMP.\(getpid()).\(name(of: path))"
        let text = "\(padded(getpid()))\n"
        do {
            let descriptor = try FileDescriptor.open(
                FilePath(draft), .writeOnly, options: [.create, .truncate, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
            try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
        } catch {
            return .impossible("no lock file in \(directory): \(error)")
        }
        defer { unsafe unlink(draft) }
        // A link, since it fails when the name is taken and never shows a file that is still empty.
        for _ in 0..<attempts {
            if unsafe link(draft, file.path) == 0 {
                file.isOurs.withLock { $0 = true }
                return .taken(file)
            }
            let code = Errno(rawValue: errno)
            guard code == .fileExists else { return .impossible("no lock file in \(directory): \(code)") }
            if let holder = file.holder(), holder.pid != getpid() { return .held(holder) }
            guard file.removeStale() else { continue }
        }
        return .impossible("the lock file \(file.path) is stale and cannot be removed")
    }

    /// Removes it when it is still ours.
    func remove() {
        let wasOurs = isOurs.withLock { isOurs in
            defer { isOurs = false }
            return isOurs
        }
        guard wasOurs, pid() == getpid() else { return }
        unsafe unlink(path)
    }

    /// Who says in a lock file that he has the device; nil when there is none, or he is no more.
    static func holder(of path: String, _ configuration: SerialPortConfiguration) -> PortHolder? {
        guard let directory = configuration.lockDirectory ?? usualDirectory() else { return nil }
        return LockFile(path: "\(directory)/\(name(of: path))").holder()
    }

    private static let attempts = 4

    private static func usualDirectory() -> String? {
        ["/run/lock", "/var/lock"].first { unsafe access($0, X_OK) == 0 }
    }

    /// `LCK..ttyUSB2`; a slash below /dev becomes an underscore, as pppd and picocom do it: `LCK..pts_3`.
    static func name(of path: String) -> String {
        let device = path.hasPrefix("/dev/") ? path.dropFirst("/dev/".count) : path.drop { $0 == "/" }
        return "LCK.." + device.map { $0 == "/" ? "_" : String($0) }.joined()
    }

    private static func padded(_ pid: Int32) -> String {
        let digits = String(pid)
        return String(repeating: " ", count: max(0, 10 - digits.utf8.count)) + digits
    }

    private func holder() -> PortHolder? {
        guard let pid = pid(), PortHolder.isAlive(pid) else { return nil }
        return PortHolder(pid: pid)
    }

    /// The pid in the file; nil when there is no file, or nothing that is a pid.
    private func pid() -> Int32? {
        guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else {
            return nil
        }
        defer { try? descriptor.close() }
        return Self.pid(from: descriptor)
    }

    /// Ten characters and more (HDB; some programs add their name behind), or four octets (the old binary format).
    static func pid(from descriptor: FileDescriptor) -> Int32? {
        guard
            let octets = try? unsafe [UInt8](
                unsafeUninitializedCapacity: 64,
                initializingWith: { buffer, count in
                    // The buffer lives for the call, and `read` answers how much of it is now valid.
                    count = unsafe try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
                })
        else { return nil }
        return pid(in: octets)
    }

    static func pid(in octets: [UInt8]) -> Int32? {
        let word = octets.drop { $0 == UInt8(ascii: " ") }.prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        if let pid = Int32(String(decoding: word, as: UTF8.self)), pid > 0 { return pid }
        guard octets.count == 4 else { return nil }
        let value = octets.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Int32(exactly: value).flatMap { $0 > 0 ? $0 : nil }
    }

    /// Removes a file whose owner is no more. It is locked and looked at again before, so that of two processes that both
    /// saw the stale one neither removes the other's new one. False when it could not be removed now.
    private func removeStale() -> Bool {
        guard let descriptor = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else {
            return true
        }
        defer { try? descriptor.close() }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else { return false }
        var opened = stat()
        var named = stat()
        guard unsafe fstat(descriptor.rawValue, &opened) == 0, unsafe stat(path, &named) == 0,
            opened.st_ino == named.st_ino, opened.st_dev == named.st_dev
        else { return true }
        if let pid = Self.pid(from: descriptor), pid != getpid(), PortHolder.isAlive(pid) { return true }
        return unsafe unlink(path) == 0
    }
}
