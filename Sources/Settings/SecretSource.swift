public import Credentials
import Glibc
import Scopes
import SystemPackage

/// Where a secret is: a file, or a credential of the service manager. It is read when it is needed, and not kept.
public struct SecretSource: Sendable, Equatable, CustomStringConvertible {
    /// What the octets must be.
    enum Form: Sendable, Equatable {
        /// A password: one line.
        case line
        /// An access token: printable ASCII without blanks (RFC 6750 §2.1), at most 8192 octets.
        case token
        /// A private key as PEM text, taken as it is.
        case key
        /// 4 to 8 digits (3GPP TS 31.101 §9.5.1).
        case pin
    }

    let option: Option
    let origin: Origin
    let form: Form
    /// A path, or `credential:NAME`.
    public let description: String
    /// nil: a credential, and the service manager has given no folder.
    public let path: String?

    /// Largest secret, in octets.
    public static let octetLimit = 65_536
    private static let prefix = "credential:"

    init(_ word: Given.Word, path: String, _ option: Option, form: Form, credentials: String?) throws(SettingsError) {
        self.option = option
        self.form = form
        origin = word.origin
        guard form != .pin || !Self.isPIN(word.text.utf8) else {
            // It is not repeated: this line goes to terminals and logs.
            throw .value(option, problem: "wants a file with the PIN in it, not the PIN itself", word.origin)
        }
        guard word.text.hasPrefix(Self.prefix) else {
            description = path
            self.path = path
            return
        }
        let name = word.text.dropFirst(Self.prefix.count)
        guard !name.isEmpty, name != ".", name != "..", !name.contains("/") else {
            throw .value(option, problem: "'\(word.text.printable(limit: 80))' names no credential", word.origin)
        }
        description = word.text
        self.path = credentials.map { "\($0)/\(name)" }
    }

    private static func isPIN(_ octets: some Collection<UInt8>) -> Bool {
        (4...8).contains(octets.count) && octets.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// Reads it; one newline at the end (LF or CRLF) is removed, and nothing else. A key is taken as it is.
    ///
    /// Refused: a file that others may read or write (mode & 006; a group may, as services share one), anything but a regular
    /// file or a pipe, more than 64 kB, nothing at all, and NUL, CR or LF within.
    public func read() throws(SettingsError) -> Secret {
        guard let path else {
            throw failure(
                "\(description) cannot be found: CREDENTIALS_DIRECTORY is not set",
                advice: "load it in the service's unit (LoadCredential=), or name a file")
        }
        var octets: [UInt8]
        do {
            // Without waiting: a named pipe that nobody writes to must not hold us.
            let descriptor = try FileDescriptor.open(
                FilePath(path), .readOnly, options: [.closeOnExec, .nonBlocking])
            octets = try descriptor.closeAfter {
                try check(descriptor)
                return try BoundedFile.read(descriptor, limit: Self.octetLimit)
            }
        } catch let error as SettingsError {
            throw error
        } catch let errno as Errno {
            throw failure("\(path) cannot be read: \(errno)", advice: "check the path and who may read it")
        } catch {
            throw failure("\(path) cannot be read", advice: "check the path and who may read it")
        }
        if form != .key, octets.last == 0x0A {
            octets.removeLast()
            if octets.last == 0x0D { octets.removeLast() }
        }
        try check(octets)
        return Secret(octets)
    }

    private func check(_ descriptor: FileDescriptor) throws {
        var status = stat()
        guard unsafe fstat(descriptor.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        let mode = status.st_mode
        switch mode & S_IFMT {
        case S_IFIFO:
            // From here on reading waits for who writes, and ends with the last of them.
            guard fcntl(descriptor.rawValue, F_SETFL, 0) == 0 else { throw Errno(rawValue: errno) }
        case S_IFREG:
            guard mode & 0o006 == 0 else {
                throw failure("\(description) may be read or written by everybody", advice: "run chmod 600 on it")
            }
        default:
            throw failure("\(description) is neither a file nor a pipe", advice: "name the file with the secret")
        }
    }

    private func check(_ octets: [UInt8]) throws(SettingsError) {
        guard !octets.isEmpty else { throw failure("\(description) is empty", advice: "write the secret into it") }
        guard octets.count <= Self.octetLimit else {
            throw failure("\(description) is larger than 64 kB", advice: "name the file with the secret alone")
        }
        switch form {
        case .line:
            guard !octets.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) else {
                throw failure(
                    "\(description) holds more than one line, or a NUL", advice: "leave the secret alone in its file")
            }
        case .token:
            guard octets.count <= 8192, octets.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw failure(
                    "\(description) holds more than one word of ASCII, or more than 8192 octets",
                    advice: "leave the access token alone in its file")
            }
        case .key: break
        case .pin:
            guard Self.isPIN(octets) else {
                throw failure("\(description) does not hold 4 to 8 digits", advice: "leave the PIN alone in its file")
            }
        }
    }

    private func failure(_ problem: String, advice: String) -> SettingsError {
        .secret(option, problem: problem.printable(), advice: advice, origin)
    }
}
