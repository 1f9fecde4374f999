import Glibc

/// What /proc tells.
enum Process {
    static func entries(_ folder: String) -> [String] {
        guard let stream = unsafe opendir(folder) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        // An entry lives until the next call; its name is copied.
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
            names.append(String(decoding: name, as: UTF8.self))
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    static func text(_ path: String) -> String? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var octets = [UInt8](repeating: 0, count: 65_536)
        // The array outlives the call.
        let count = unsafe read(file, &octets, octets.count)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
    }

    static func file(_ process: Int32, _ name: String) -> String? { text("/proc/\(process)/\(name)") }

    static func link(_ process: Int32, _ name: String) -> String? {
        var octets = [CChar](repeating: 0, count: 256)
        // The array outlives the call.
        let count = unsafe readlink("/proc/\(process)/\(name)", &octets, octets.count)
        return count < 0 ? nil : String(decoding: octets.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Without the one that reads them.
    static func descriptors(_ process: Int32) -> [Int] {
        let numbers = entries("/proc/\(process)/fd").compactMap { Int($0) }.sorted()
        guard process == getpid() else { return numbers }
        return numbers.filter { link(process, "fd/\($0)")?.hasPrefix("/proc/") == false }
    }

    static func children(_ process: Int32) -> [String] {
        entries("/proc/\(process)/task").flatMap { task in
            (text("/proc/\(process)/task/\(task)/children") ?? "").split(separator: " ").map(String.init)
        }
    }

    static var all: [Int32] { entries("/proc").compactMap { Int32($0) } }
}
