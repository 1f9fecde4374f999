import Scopes
import SystemPackage

/// Reads a file that the operator named, whole, and says what is wrong in words for the operator.
enum ConfiguredFile {
    /// Certificates and keys are small; what is larger is another file.
    static let octetsLimit = 1 << 20

    /// - Parameter role: "trust anchor file", "certificate file", "key file".
    static func read(_ path: String, role: String) throws(TLSError) -> [UInt8] {
        let name = "the \(role) \(path.printable(limit: 200))"
        let octets: [UInt8]
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            octets = try file.closeAfter {
                var octets: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 16_384)
                while octets.count <= octetsLimit {
                    let count = try unsafe chunk.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
                    guard count > 0 else { break }
                    octets += chunk.prefix(count)
                }
                return octets
            }
        } catch {
            throw .configuration("\(name) cannot be read: \(words(error))", advice: advice(error))
        }
        guard !octets.isEmpty else { throw .configuration("\(name) is empty", advice: "put PEM text into it") }
        guard octets.count <= octetsLimit else {
            throw .configuration("\(name) is larger than \(octetsLimit) octets", advice: "name the right file")
        }
        return octets
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
