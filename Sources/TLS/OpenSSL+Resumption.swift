import COpenSSL
import Credentials

/// A session as the peer offered it.
struct OfferedSession: Equatable {
    /// The library's form of the whole session.
    let octets: Secret
    /// How long the server takes it, in seconds.
    let lifetime: Int64
}

/// Called by the library when the peer offers a session: with TLS 1.3 at any time after the handshake. The copy is kept; 0
/// tells the library that its own is not.
func sessionOffered(_ connection: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
    guard let owner = unsafe TLSSession.of(connection), let session = unsafe session,
        unsafe SSL_SESSION_is_resumable(session) == 1
    else { return 0 }
    let size = unsafe i2d_SSL_SESSION(session, nil)
    guard size > 0, size <= OfferedSession.octetsLimit else { return 0 }
    var octets = [UInt8](repeating: 0, count: Int(size))
    let written = unsafe octets.withUnsafeMutableBufferPointer { octets in
        // The library moves its own copy of the pointer; the array has the room that it asked for.
        var position = octets.baseAddress
        return unsafe i2d_SSL_SESSION(session, &position)
    }
    guard written == size else { return 0 }
    // The server's hint, and where it gave none (TLS 1.2) the library's own limit.
    let hint = unsafe SSL_SESSION_get_ticket_lifetime_hint(session)
    let lifetime = hint > 0 ? Int64(clamping: hint) : Int64(unsafe SSL_SESSION_get_timeout(session))
    owner.offeredSession = OfferedSession(octets: Secret(octets), lifetime: lifetime)
    return 0
}

extension OfferedSession {
    /// A leaf of a company with many names may be some kilobytes long.
    static let octetsLimit: Int32 = 65_536
}

extension TLSSession {
    /// Offers a session kept before, if it still is one and its certificate is this server's: what a file says is not
    /// believed without a look.
    func offer(_ octets: [UInt8]) {
        guard case .client(let part) = role else { return }
        LibraryErrors.clear()
        defer { LibraryErrors.clear() }
        let session = unsafe octets.withUnsafeBufferPointer { octets -> OpaquePointer? in
            var position = octets.baseAddress
            return unsafe d2i_SSL_SESSION(nil, &position, octets.count)
        }
        guard let session = unsafe session else { return }
        // The connection takes a reference of its own.
        defer { unsafe SSL_SESSION_free(session) }
        guard unsafe SSL_SESSION_is_resumable(session) == 1,
            let certificate = unsafe SSL_SESSION_get0_peer(session),
            unsafe isFor(part.name, certificate),
            unsafe part.startedAt < CertificateReader.notAfter(certificate)
        else { return }
        unsafe SSL_set_session(connection, session)
    }

    private func isFor(_ name: ServerName, _ certificate: OpaquePointer) -> Bool {
        switch name.kind {
        case .dns:
            let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) | UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
            return unsafe X509_check_host(certificate, name.text, name.text.utf8.count, flags, nil) == 1
        case .address:
            return unsafe X509_check_ip_asc(certificate, name.text, 0) == 1
        }
    }
}
