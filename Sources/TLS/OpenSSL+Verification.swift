import COpenSSL

/// Called by the library for each certificate of a path, and for each thing that is wrong with one. It changes no verdict: it
/// takes down the first bad one, since the library forgets the chain when it refuses it.
func certificateJudged(_ isGood: Int32, _ verification: OpaquePointer?) -> Int32 {
    guard isGood != 1 else { return 1 }
    guard let verification = unsafe verification,
        let connection = unsafe X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let session = unsafe TLSSession.of(OpaquePointer(connection)), session.certificateFailure == nil,
        case .client(let part) = session.role
    else { return 0 }
    session.certificateFailure = unsafe CertificateFailure(verification, part: part)
    return 0
}

extension CertificateFailure {
    /// - Parameter verification: of the library, good while its callback runs.
    fileprivate init(_ verification: OpaquePointer, part: TLSSession.ClientPart) {
        let path = unsafe CertificateReader.all(X509_STORE_CTX_get0_chain(verification))
        let sent = unsafe CertificateReader.all(X509_STORE_CTX_get0_untrusted(verification))
        let sentInPath = unsafe Int(X509_STORE_CTX_get_num_untrusted(verification))
        let code = unsafe X509_STORE_CTX_get_error(verification)
        // A certificate that the server sent and the path leaves out is told apart by its octets.
        let unused = unsafe sent.filter { one in unsafe !path.contains { unsafe X509_cmp($0, one) == 0 } }
        self.init(
            code: code,
            // A constant of the library.
            words: unsafe String(cString: X509_verify_cert_error_string(Int(code))),
            depth: unsafe Int(X509_STORE_CTX_get_error_depth(verification)),
            serverName: part.name,
            path: unsafe path.enumerated().map { index, certificate in
                unsafe CertificateReader.element(
                    certificate, source: index < sentInPath ? .server : .store, isFirst: index == 0)
            },
            unused: unsafe unused.prefix(CertificateFailure.unusedLimit).map {
                unsafe CertificateReader.element($0, source: .server, isFirst: false)
            },
            trust: part.trust.summary, judgedAt: part.startedAt, clockSource: part.clock.source)
    }

    private static let unusedLimit = 10
}
