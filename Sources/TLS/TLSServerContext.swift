/// What all connections of one server share: its certificate chain and key, TLS 1.2 and 1.3, session tickets on.
public final class TLSServerContext: Sendable {
    /// Throws `.configuration` for a file that is missing, unreadable, no PEM, or a key that does not fit.
    ///
    /// - Parameter highestVersion: TLS 1.3 unless a test wants the older one.
    public init(identity: TLSIdentity, highestVersion: TLSInfo.Version = .tls13) throws(TLSError) {
    }
}
