public import Credentials

/// With what this side proves itself: a certificate and its private key, in PEM.
public struct TLSIdentity: Sendable, Equatable {
    /// Where the private key is, not encrypted.
    public enum Key: Sendable, Equatable {
        /// A file that not everybody may read.
        case file(String)
        /// The text itself; `name` is what an error calls it.
        case text(Secret, name: String)
    }

    /// The certificate, then the intermediates towards its root.
    public var certificateFile: String
    public var key: Key

    public init(certificateFile: String, key: Key) {
        self.certificateFile = certificateFile
        self.key = key
    }

    public init(certificateFile: String, keyFile: String) {
        self.init(certificateFile: certificateFile, key: .file(keyFile))
    }
}
