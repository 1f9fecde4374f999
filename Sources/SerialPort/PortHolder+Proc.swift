import Glibc
import SystemPackage

extension PortHolder {
    /// With the name from /proc, where it can be read.
    init(pid: Int32) {
        self.init(pid: pid, name: Self.name(of: pid))
    }

    /// Who has the device open, by a look at every process' descriptors; nil when nobody that this user may see. A stranger
    /// comes before a process of this program, and that before this process itself. Slow (milliseconds), so only asked when
    /// there is trouble.
    static func find(of path: String, otherThanThisProcess: Bool = false) -> PortHolder? {
        var device = stat()
        guard unsafe stat(path, &device) == 0 else { return nil }
        let own = program(of: "self")
        var relative: PortHolder?
        var isSelf = false
        for entry in entries(of: "/proc") {
            guard let pid = Int32(entry) else { continue }
            let folder = "/proc/\(entry)/fd"
            guard entries(of: folder).contains(where: { isOpen("\(folder)/\($0)", device) }) else { continue }
            if pid == getpid() {
                isSelf = true
            } else if let own, program(of: entry) == own {
                relative = PortHolder(pid: pid)  // also a child that is about to become another program
            } else {
                return PortHolder(pid: pid)
            }
        }
        return relative ?? (isSelf && !otherThanThisProcess ? PortHolder(pid: getpid()) : nil)
    }

    /// Whether the device is open anywhere that this user may see, but for one descriptor of this process.
    static func isOpen(_ path: String, besides number: Int32) -> Bool {
        var device = stat()
        guard unsafe stat(path, &device) == 0 else { return false }
        return entries(of: "/proc").contains { entry in
            guard let pid = Int32(entry) else { return false }
            let folder = "/proc/\(entry)/fd"
            return entries(of: folder).contains { name in
                (pid != getpid() || name != String(number)) && isOpen("\(folder)/\(name)", device)
            }
        }
    }

    /// Whether there is such a process; one that we may not signal counts.
    static func isAlive(_ pid: Int32) -> Bool {
        kill(pid, 0) == 0 || errno == EPERM
    }

    /// The link in /proc leads to the open file itself, without opening the device again.
    private static func isOpen(_ link: String, _ device: stat) -> Bool {
        var status = stat()
        return unsafe stat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == device.st_rdev
            && status.st_dev == device.st_dev
    }

    /// The file that a process runs; nil when it may not be seen.
    private static func program(of process: String) -> [CChar]? {
        var path = [CChar](repeating: 0, count: 4096)
        // The array outlives the call, and the count says how much of it was written.
        let count = unsafe readlink("/proc/\(process)/exe", &path, path.count)
        return count > 0 ? Array(path.prefix(count)) : nil
    }

    private static func name(of pid: Int32) -> String? {
        guard
            let descriptor = try? FileDescriptor.open(FilePath("/proc/\(pid)/comm"), .readOnly, options: [.closeOnExec])
        else {
            return nil
        }
        defer { try? descriptor.close() }
        let octets = try? unsafe [UInt8](
            unsafeUninitializedCapacity: 64,
            initializingWith: { buffer, count in
                // The buffer lives for the call, and `read` answers how much of it is now valid.
                count = unsafe try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            })
        guard let word = octets?.prefix(while: { $0 != UInt8(ascii: "\n") }), !word.isEmpty else { return nil }
        return String(decoding: word, as: UTF8.self)
    }

    private static func entries(of folder: String) -> [String] {
        guard let directory = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        // `readdir` answers a pointer that is valid until the next call on the same directory.
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}
