import COpenSSL
import NIOCore

/// One TLS connection without a connection: ciphertext goes in, steps are made, ciphertext comes out. It knows no socket, no
/// time and no file.
///
/// The order: `receive` what came, make a step (`handshake`, `read`, `write`, `closeNotify`), `takeCiphertext` and send it.
/// A step that answers `.needsInput` wants more of `receive`. After `.failed` there is an alert to take, and nothing more.
///
/// Not safe to share: its owner makes one call at a time.
@safe final class TLSSession {
    enum Progress: Equatable {
        case done
        case needsInput
        /// The peer's close_notify came.
        case ended
        case failed(SessionFailure)
    }

    enum Role {
        case server
        case client(ClientPart)
    }

    /// What a client's connection needs besides the context.
    struct ClientPart {
        let name: ServerName
        let trust: InstalledTrust
        let clock: WallClock
        /// When the certificates are judged.
        let startedAt: WallTime
    }

    /// For the files beside this one alone.
    let connection: OpaquePointer
    private let fromPeer: OpaquePointer
    private let toPeer: OpaquePointer
    /// Holds the context, and with it what the context's callbacks point to.
    private let context: ContextHandle
    let role: Role

    /// Ciphertext given in and taken out.
    private(set) var octetsDown = 0
    private(set) var octetsUp = 0
    /// The first octets of the peer, to tell what speaks there when it is not TLS.
    private(set) var opening: [UInt8] = []
    static let openingLimit = 128

    /// Set by the verification's callback; the first verdict counts.
    var certificateFailure: CertificateFailure?
    /// Set when the server asks for a client's certificate.
    var isCertificateWanted = false
    /// Sessions that the peer offered since the last look, in the library's form; the newest is the last.
    var offeredSession: OfferedSession?

    /// - Parameter session: one to resume, in the library's form; what cannot be read is left out.
    init(_ context: ContextHandle, role: Role, resuming session: [UInt8]? = nil) throws(TLSError) {
        self.context = context
        self.role = role
        LibraryErrors.clear()
        guard let connection = unsafe SSL_new(context.pointer) else {
            throw LibraryErrors.failure("making a connection")
        }
        guard let fromPeer = unsafe BIO_new(BIO_s_mem()), let toPeer = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(connection)
            throw LibraryErrors.failure("making buffers")
        }
        unsafe self.connection = connection
        unsafe self.fromPeer = fromPeer
        unsafe self.toPeer = toPeer
        unsafe COpenSSL_set_empty_is_retry(fromPeer)
        unsafe COpenSSL_set_empty_is_retry(toPeer)
        // Both buffers are the connection's from here on, and freed with it.
        unsafe SSL_set_bio(connection, fromPeer, toPeer)
        // Unretained: the callbacks run only within calls on this object, and the connection ends with it.
        unsafe SSL_set_ex_data(connection, TLSSession.index, Unmanaged.passUnretained(self).toOpaque())
        switch role {
        case .server: unsafe SSL_set_accept_state(connection)
        case .client(let part): try prepareClient(part, resuming: session)
        }
    }

    deinit {
        unsafe SSL_free(connection)
    }

    private static let index = COpenSSL_new_ssl_index()

    /// The object whose connection a callback was given.
    static func of(_ connection: OpaquePointer?) -> TLSSession? {
        guard let connection = unsafe connection, let pointer = unsafe SSL_get_ex_data(connection, index) else {
            return nil
        }
        return unsafe Unmanaged<TLSSession>.fromOpaque(pointer).takeUnretainedValue()
    }

    private func prepareClient(_ part: ClientPart, resuming session: [UInt8]?) throws(TLSError) {
        let parameters = unsafe SSL_get0_param(connection)
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(part.startedAt.secondsSince1970))
        let isNameSet: Bool
        switch part.name.kind {
        case .dns:
            // RFC 9525 §6: the subjectAltName alone, and a wildcard is a whole leftmost label.
            unsafe X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) | UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            isNameSet =
                unsafe X509_VERIFY_PARAM_set1_host(parameters, part.name.text, part.name.text.utf8.count) == 1
                && COpenSSL_set_server_name(connection, part.name.text) == 1
        case .address:
            isNameSet = unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, part.name.text) == 1
        }
        // Without a name to check, any certificate of a trusted CA would do.
        guard isNameSet else { throw LibraryErrors.failure("setting the server's name") }
        if let session { offer(session) }
        unsafe SSL_set_connect_state(connection)
    }

    // Ciphertext

    /// Octets that the peer sent.
    func receive(_ ciphertext: ByteBuffer) {
        let octets = ciphertext.readableBytesView
        if opening.count < TLSSession.openingLimit {
            opening += octets.prefix(TLSSession.openingLimit - opening.count)
        }
        octetsDown += octets.count
        // The view outlives the call, which copies it; a memory BIO takes all it is given.
        _ = unsafe octets.withUnsafeBytes { unsafe BIO_write(fromPeer, $0.baseAddress, Int32(clamping: $0.count)) }
    }

    /// Octets for the peer that no one has taken yet.
    var ciphertextCount: Int { unsafe COpenSSL_pending(toPeer) }

    /// What the steps since the last call made for the peer; appended to `outbox` in order.
    func takeCiphertext(into outbox: inout ByteBuffer) {
        let count = ciphertextCount
        guard count > 0 else { return }
        octetsUp += unsafe outbox.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            // The room is at least `count`, and the BIO gives no more than it is asked for.
            max(0, Int(unsafe BIO_read(toPeer, room.baseAddress, Int32(clamping: count))))
        }
    }

    // Steps

    func handshake() -> Progress {
        LibraryErrors.clear()
        return progress(unsafe SSL_do_handshake(connection))
    }

    /// Appends at most `atMost` octets of plaintext to `plaintext`; one record's at most. `.done`: one at least.
    func read(atMost: Int, into plaintext: inout ByteBuffer) -> Progress {
        LibraryErrors.clear()
        var result: Int32 = 0
        _ = unsafe plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: atMost) { room in
            var count = 0
            result = unsafe SSL_read_ex(connection, room.baseAddress, min(atMost, room.count), &count)
            return result == 1 ? count : 0
        }
        return progress(result)
    }

    /// Makes records of at most `atMost` octets of `plaintext` and moves its reader index behind them.
    func write(_ plaintext: inout ByteBuffer, atMost: Int) -> Progress {
        LibraryErrors.clear()
        var result: Int32 = 0
        _ = unsafe plaintext.readWithUnsafeReadableBytes { octets in
            var count = 0
            result = unsafe SSL_write_ex(connection, octets.baseAddress, min(atMost, octets.count), &count)
            return result == 1 ? count : 0
        }
        return progress(result)
    }

    /// Makes the close_notify. Does nothing while the handshake is not done.
    func closeNotify() {
        LibraryErrors.clear()
        guard unsafe SSL_is_init_finished(connection) == 1 else { return }
        unsafe SSL_shutdown(connection)
        LibraryErrors.clear()
    }

    private func progress(_ result: Int32) -> Progress {
        guard result != 1 else { return .done }
        switch unsafe SSL_get_error(connection, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .ended
        case _: return .failed(failure(LibraryErrors.drain()))
        }
    }

    private func failure(_ errors: [LibraryErrors.Entry]) -> SessionFailure {
        if let certificateFailure { return .certificate(certificateFailure) }
        if let alert = errors.lazy.compactMap(\.receivedAlert).first {
            return .alert(code: alert, name: Alert.name(alert))
        }
        if errors.contains(where: { $0.isSSL(SSL_R_UNSUPPORTED_PROTOCOL) || $0.isSSL(SSL_R_WRONG_SSL_VERSION) }) {
            return .version
        }
        return .violation(errors.first?.words ?? "no reason given")
    }

    // What the handshake came to

    /// Good once the handshake is done.
    func info() -> TLSInfo {
        let certificate = unsafe SSL_get0_peer_certificate(connection)
        let last = unsafe CertificateReader.all(SSL_get0_verified_chain(connection)).last
        return TLSInfo(
            version: unsafe SSL_version(connection) == TLS1_3_VERSION ? .tls13 : .tls12,
            cipher: unsafe SSL_get_current_cipher(connection).flatMap { unsafe SSL_CIPHER_get_name($0) }
                .map { unsafe String(cString: $0) } ?? "unknown",
            isResumed: unsafe SSL_session_reused(connection) == 1,
            handshakeOctetsUp: octetsUp, handshakeOctetsDown: octetsDown,
            peerSubject: unsafe certificate.map { unsafe CertificateReader.subject($0) },
            peerNotAfter: unsafe certificate.map { unsafe CertificateReader.notAfter($0) },
            intermediateAnchor: unsafe last.flatMap { last in
                guard unsafe !CertificateReader.isSelfIssued(last) else { return nil }
                return unsafe TLSInfo.IntermediateAnchor(
                    subject: CertificateReader.subject(last), notAfter: CertificateReader.notAfter(last))
            })
    }

    /// A server's last step of TLS 1.3 makes nothing that the client waits for.
    var hasOnlyTicketsToSend: Bool {
        guard case .server = role else { return false }
        return unsafe SSL_version(connection) == TLS1_3_VERSION
    }

    /// The earliest end of validity of the chain that was verified; nil when none was, as after a resumption.
    var chainNotAfter: WallTime? {
        unsafe CertificateReader.all(SSL_get0_verified_chain(connection)).map { unsafe CertificateReader.notAfter($0) }
            .min()
    }
}

/// How a session fails, before its owner puts it into the words of a handshake or of a stream.
enum SessionFailure: Equatable {
    case certificate(CertificateFailure)
    /// The peer sent a fatal alert.
    case alert(code: UInt8, name: String)
    case version
    /// What came breaks the protocol: no record, a bad one, one out of place.
    case violation(String)
}
