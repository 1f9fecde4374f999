import COpenSSL

/// What all connections of one server share: its certificate chain and key, TLS 1.2 and 1.3, session tickets on.
public final class TLSServerContext: Sendable {
    let handle: ContextHandle

    /// Throws `.configuration` for a file that is missing, unreadable, no PEM, or a key that does not fit.
    ///
    /// - Parameter highestVersion: TLS 1.3 unless a test wants the older one.
    public init(identity: TLSIdentity, highestVersion: TLSInfo.Version = .tls13) throws(TLSError) {
        handle = try ContextHandle(.server)
        try handle.use(identity)
        // One ticket a connection is enough for a client that keeps one.
        unsafe SSL_CTX_set_num_tickets(handle.pointer, 1)
        let context: [UInt8] = Array("modemail".utf8)
        unsafe SSL_CTX_set_session_id_context(handle.pointer, context, UInt32(context.count))
        switch highestVersion {
        case .tls12: unsafe COpenSSL_set_max_version(handle.pointer, TLS1_2_VERSION)
        case .tls13: break
        }
    }
}
