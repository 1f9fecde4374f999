import COpenSSL
import Scopes
import SystemPackage

/// Appends the secrets of connections to a file, each a line in the form that packet analysers read.
final class KeyLog: Sendable {
    private let file: FileDescriptor

    /// Throws `.configuration` for a file that cannot be opened, and for one that everybody may read.
    init(path: String) throws(TLSError) {
        let name = "the key log \(path.printable(limit: 200))"
        do {
            file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec, .noFollow, .nonBlocking],
                permissions: .ownerReadWrite)
        } catch {
            throw .configuration(
                "\(name) cannot be opened: \((error as? Errno)?.description ?? "unknown")",
                advice: "correct the path, or leave the option out")
        }
        if let problem = ConfiguredFile.problem(ofModeOf: file, name: name) {
            try? file.close()
            throw problem
        }
    }

    deinit {
        try? file.close()
    }

    /// The context must not outlive this object: its owner holds both.
    func attach(to context: OpaquePointer) {
        unsafe SSL_CTX_set_ex_data(context, KeyLog.index, Unmanaged.passUnretained(self).toOpaque())
        unsafe SSL_CTX_set_keylog_callback(context) { connection, line in
            guard let line = unsafe line, let context = unsafe SSL_get_SSL_CTX(connection),
                let pointer = unsafe SSL_CTX_get_ex_data(context, KeyLog.index)
            else { return }
            // The context's owner, which a connection holds, holds the object; the line lives as long as the call.
            let log = unsafe Unmanaged<KeyLog>.fromOpaque(pointer).takeUnretainedValue()
            log.append(unsafe String(cString: line))
        }
    }

    /// One write(2) a line, so that connections do not mix. A full disk costs a line, no connection.
    private func append(_ line: String) {
        let octets = Array("\(line)\n".utf8)
        _ = try? unsafe octets.withUnsafeBytes { unsafe try file.write($0) }
    }

    private static let index = COpenSSL_new_context_index()
}
