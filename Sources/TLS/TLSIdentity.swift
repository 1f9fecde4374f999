/// With what this side proves itself: a certificate and its private key, as PEM files.
public struct TLSIdentity: Sendable, Hashable {
    /// The certificate, then the intermediates towards its root.
    public var certificateFile: String
    /// The private key, not encrypted.
    public var keyFile: String

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
