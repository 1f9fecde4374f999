import Glibc
import Scopes
import SystemPackage

/// The folder of what is remembered: TLS sessions, the record of PINs.
enum StateDirectory {
    /// Makes it and what it lies in, for the owner alone, where it is missing. Answers with what went wrong: a mail can leave
    /// without it, at the cost of a full handshake.
    static func make(_ path: String) -> String? {
        var folder = FilePath(path)
        var missing: [FilePath] = []
        // The strings are borrowed for the calls alone.
        while !folder.isEmpty, unsafe access(folder.string, F_OK) != 0 {
            missing.append(folder)
            guard folder.removeLastComponent() else { break }
        }
        for folder in missing.reversed() where unsafe mkdir(folder.string, 0o700) != 0 && errno != EEXIST {
            return "\(path.printable(limit: 200)) cannot be made: \(Errno(rawValue: errno))"
        }
        return nil
    }
}
