import Glibc
import Settings
import SystemPackage

/// A folder of one test, removed with all that is in it.
final class TemporaryFolder {
    let path: String

    init() throws {
        var random = SystemRandomNumberGenerator()
        path = "/tmp/modemail-settings-\(String(random.next(), radix: 36))"
        guard unsafe mkdir(path, 0o700) == 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        // The names are this class's own.
        for name in names { unsafe unlink(name) }
        unsafe rmdir(path)
    }

    private var names: [String] = []

    func file(_ name: String, _ octets: [UInt8], mode: UInt32 = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = try FileDescriptor.open(
            FilePath(file), .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: mode))
        try descriptor.closeAfter { _ = try descriptor.writeAll(octets) }
        names.append(file)
        // Whatever the umask says.
        guard unsafe chmod(file, mode) == 0 else { throw Errno(rawValue: errno) }
        return file
    }

    func file(_ name: String, _ text: String, mode: UInt32 = 0o600) throws -> String {
        try file(name, Array(text.utf8), mode: mode)
    }

    func load(
        _ yaml: String, environment: [String: String] = [:], _ flags: Flags = Flags()
    ) throws -> Settings {
        try Settings.load(file: try file("modemail.yaml", yaml), environment: environment, flags: flags)
    }
}

func flags(_ fill: (inout Flags) -> Void) -> Flags {
    var flags = Flags()
    fill(&flags)
    return flags
}
