/// Whose word counts.
public enum TrustAnchors: Sendable, Hashable {
    /// What the system trusts: OpenSSL's hashed directory, of which only the certificates that a chain names are read (the
    /// whole bundle would cost 35 ms); the bundle only where there is no such directory. `SSL_CERT_DIR` and
    /// `SSL_CERT_FILE` are regarded as by every program that uses OpenSSL.
    case system
    /// The certificates of one PEM file of at most 1 MiB, and no others. Any of them ends a chain, self-signed or not, since
    /// the file says what is trusted: a trusted intermediate needs no root here. With `partialChain` off a chain must reach
    /// a self-signed certificate of the file.
    case file(String, partialChain: Bool = true)
}
