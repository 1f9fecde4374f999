public import Credentials

/// Where a secret is: a file, or a credential of the service manager. It is read when it is needed, and not kept.
public struct SecretSource: Sendable, Equatable {
    let option: Option
    let origin: Origin
    /// A path, also for a credential.
    public let path: String

    /// Reads it; one newline at the end (LF or CRLF) is removed, and nothing else.
    ///
    /// Refused: a file that others may read (mode & 0o004; a group may, as services share a group), anything but a regular
    /// file or a pipe, more than 64 kB, nothing at all, and NUL, CR or LF inside.
    public func read() throws(SettingsError) -> Secret {
        throw .file(path: path, problem: "is not read yet")
    }
}
