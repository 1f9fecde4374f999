import COpenSSL
import Credentials

/// Called by the library in place of its own verification, which it then does, where keys are pinned.
func chainJudgedByPins(_ verification: OpaquePointer?, _: UnsafeMutableRawPointer?) -> Int32 {
    guard let verification = unsafe verification,
        let connection = unsafe X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let session = unsafe TLSSession.of(OpaquePointer(connection)), case .client(let part) = session.role
    else { return 0 }
    let pins = Set(part.trust.pins)
    switch part.trust.place {
    case .pins: return unsafe PinnedChain.verify(verification, pins)
    case .directory, .bundle, .file:
        guard unsafe X509_verify_cert(verification) == 1 else { return 0 }
        let path = unsafe CertificateReader.all(X509_STORE_CTX_get0_chain(verification))
        if unsafe path.contains(where: { unsafe PinnedChain.isPinned($0, pins) }) { return 1 }
        unsafe X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION)
        unsafe X509_STORE_CTX_set_error_depth(verification, 0)
        return unsafe certificateJudged(0, verification)
    }
}

/// The verification of a chain whose anchors are the pinned keys alone.
private enum PinnedChain {
    static func isPinned(_ certificate: OpaquePointer, _ pins: Set<PublicKeyPin>) -> Bool {
        unsafe CertificateReader.pin(certificate).map(pins.contains) ?? false
    }

    /// The certificates with a pinned key become the anchors of this one verification. A server may send what it likes: a
    /// pinned certificate counts only where the path leads to it by signatures.
    static func verify(_ verification: OpaquePointer, _ pins: Set<PublicKeyPin>) -> Int32 {
        guard let anchors = unsafe COpenSSL_new_certificates(), let none = unsafe COpenSSL_new_certificates() else {
            return 0
        }
        // The path has references of its own; the two stacks are not looked at after the verification.
        defer {
            unsafe X509_STORE_CTX_set0_trusted_stack(verification, nil)
            unsafe COpenSSL_free_certificates(anchors)
            unsafe COpenSSL_free_certificates(none)
        }
        let sent = unsafe X509_STORE_CTX_get0_untrusted(verification)
        let pinned = unsafe CertificateReader.all(sent).filter { unsafe isPinned($0, pins) }
        for index in unsafe pinned.indices { unsafe COpenSSL_certificates_push(anchors, pinned[index]) }
        unsafe X509_STORE_CTX_set0_trusted_stack(verification, anchors)
        unsafe X509_STORE_CTX_set_flags(verification, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        let leaf = unsafe X509_STORE_CTX_get0_cert(verification)
        let endsAtOnce = unsafe leaf.map { unsafe isPinned($0, pins) } ?? false
        // A pinned leaf is the whole path: what the server sends above it is not judged.
        if endsAtOnce { unsafe X509_STORE_CTX_set0_untrusted(verification, none) }
        defer { if endsAtOnce { unsafe X509_STORE_CTX_set0_untrusted(verification, sent) } }
        return unsafe X509_verify_cert(verification)
    }
}
