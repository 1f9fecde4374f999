import COpenSSL

extension TLSSession {
    /// Good once the handshake is done.
    func channelBinding() throws(TLSError) -> ChannelBinding {
        unsafe SSL_version(connection) == TLS1_3_VERSION
            ? ChannelBinding(kind: .exporter, octets: try exported())
            : ChannelBinding(kind: .serverEndPoint, octets: try certificateDigest())
    }

    /// RFC 9266 §4.2: label, empty context, 32 octets.
    private func exported() throws(TLSError) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: 32)
        let label = "EXPORTER-Channel-Binding"
        LibraryErrors.clear()
        // The array and the label outlive the call.
        let done = unsafe SSL_export_keying_material(
            connection, &octets, octets.count, label, label.utf8.count, nil, 0, 1)
        guard done == 1 else { throw LibraryErrors.failure("exporting the channel binding") }
        return octets
    }

    /// RFC 5929 §4.1: the server's certificate under the digest of its signature, SHA-256 in place of MD5 and SHA-1.
    private func certificateDigest() throws(TLSError) -> [UInt8] {
        let certificate =
            switch role {
            case .client: unsafe SSL_get0_peer_certificate(connection)
            case .server: unsafe SSL_get_certificate(connection)
            }
        guard let certificate = unsafe certificate else { throw .library("no certificate to bind to") }
        var digest: Int32 = 0
        LibraryErrors.clear()
        guard unsafe X509_get_signature_info(certificate, &digest, nil, nil, nil) == 1 else {
            throw LibraryErrors.failure("reading the certificate's signature")
        }
        let isOld = digest == NID_md5 || digest == NID_sha1 || digest == NID_md5_sha1
        guard let algorithm = unsafe EVP_get_digestbyname(OBJ_nid2sn(isOld ? NID_sha256 : digest)) else {
            throw .library("the certificate's signature has no digest")
        }
        var octets = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe X509_digest(certificate, algorithm, &octets, &count) == 1 else {
            throw LibraryErrors.failure("digesting the certificate")
        }
        return Array(octets.prefix(Int(count)))
    }
}
