import Glibc
import Scopes
import SystemPackage

/// Reads a file that the operator named, whole, and says what is wrong in words for the operator.
enum ConfiguredFile {
    /// Certificates and keys are small; what is larger is another file.
    static let octetsLimit = 1 << 20

    /// - Parameters:
    ///   - role: "trust anchor file", "certificate file", "key file".
    ///   - isSecret: a file that everybody may read or write is refused.
    static func read(_ path: String, role: String, isSecret: Bool = false) throws(TLSError) -> [UInt8] {
        let name = "the \(role) \(path.printable(limit: 200))"
        let octets: [UInt8]
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            octets = try file.closeAfter {
                if isSecret, let problem = problem(ofModeOf: file, name: name) { throw problem }
                var octets: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 16_384)
                while octets.count <= octetsLimit {
                    let count = try unsafe chunk.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
                    guard count > 0 else { break }
                    octets += chunk.prefix(count)
                }
                return octets
            }
        } catch let error as TLSError {
            throw error
        } catch {
            throw .configuration("\(name) cannot be read: \(words(error))", advice: advice(error))
        }
        guard !octets.isEmpty else { throw .configuration("\(name) is empty", advice: "put PEM text into it") }
        guard octets.count <= octetsLimit else {
            throw .configuration("\(name) is larger than \(octetsLimit) octets", advice: "name the right file")
        }
        return octets
    }

    /// Nil when not everybody may read or write it; a group may, as services share one.
    static func problem(ofModeOf file: FileDescriptor, name: String) -> TLSError? {
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0, status.st_mode & 0o006 == 0 else {
            return .configuration("\(name) may be read or written by everybody", advice: "run chmod 600 on it")
        }
        return nil
    }

    private static func words(_ error: any Error) -> String {
        (error as? Errno)?.description ?? String(describing: error).printable()
    }

    private static func advice(_ error: any Error) -> String {
        switch error as? Errno {
        case Errno.permissionDenied?, Errno.notPermitted?: "let the user that runs this program read it"
        case Errno.isDirectory?: "name a file"
        default: "correct the path"
        }
    }
}
