import COpenSSL
public import Credentials

/// How a client trusts and what it offers. Verification and the check of the server's name cannot be switched off.
public struct TLSClientConfiguration: Sendable {
    public var trust: TrustAnchors
    /// Keys of which one must be in the path that is verified: the server's own, an intermediate's or the root's, where the
    /// server sends it. Empty: none is asked for.
    ///
    /// With `.system` they stand in its place: the first certificate of the path with a pinned key ends it, whoever issued
    /// that one, so a self-signed server can be pinned. With a file the path must end there too, as RFC 7469 §2.6 has it.
    /// Signatures up to that certificate, dates, purpose, strength and the server's name are checked as ever.
    public var pins: [PublicKeyPin]
    public var linkProfile: LinkProfile
    /// What the client proves itself with, if the server asks.
    public var identity: TLSIdentity?
    /// What tells whether a certificate is valid now. A gateway that booted without a clock passes the network's time.
    public var clock: WallClock
    /// Where the secrets of each connection are appended in the form of NSS, for a packet analyser. Whoever reads that file
    /// reads the mail and the password: nil unless the operator asked for it. Made with mode 0600.
    public var keyLogFile: String?

    public init(
        trust: TrustAnchors = .system, pins: [PublicKeyPin] = [], linkProfile: LinkProfile = .metered,
        identity: TLSIdentity? = nil, clock: WallClock = .system, keyLogFile: String? = nil
    ) {
        self.trust = trust
        self.pins = pins
        self.linkProfile = linkProfile
        self.identity = identity
        self.clock = clock
        self.keyLogFile = keyLogFile
    }
}

/// What all connections of one configuration share. Made once; reads its files when it is made and never again, but for the
/// system's hashed directory, from which single certificates are read while a chain is verified.
public final class TLSClientContext: Sendable {
    public let configuration: TLSClientConfiguration
    let handle: ContextHandle
    let trust: InstalledTrust
    /// Empty without an identity.
    private let identityDigest: [UInt8]

    /// Throws `.configuration` for a file that is missing, unreadable, empty, no PEM, or a key that does not fit.
    public convenience init(_ configuration: TLSClientConfiguration = TLSClientConfiguration()) throws(TLSError) {
        try self.init(configuration, system: nil)
    }

    /// - Parameter system: where the system's certificates are, when a test has its own.
    init(_ configuration: TLSClientConfiguration, system: SystemTrust?) throws(TLSError) {
        self.configuration = configuration
        let keyLog: KeyLog? =
            if let path = configuration.keyLogFile { try KeyLog(path: path) } else { nil }
        handle = try ContextHandle(.client, keyLog: keyLog)
        trust = try handle.install(configuration.trust, pins: configuration.pins, system: system)
        handle.offer(configuration.linkProfile)
        handle.verifyServers()
        identityDigest = if let identity = configuration.identity { try handle.use(identity) } else { [] }
    }

    /// What decided trust, digested. The protocol's minimum is part of it, since a policy may raise it.
    func sessionKey(host: ServerName, port: Int) -> SessionKey {
        let parts = [
            "modemail session key 1", host.text, String(port), hexadecimal(trust.digest), String(handle.lowestVersion),
            hexadecimal(identityDigest), trust.pins.sorted().map(\.description).joined(separator: " "),
        ]
        // Each part with its length, so that no two lists read the same.
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined(separator: ",")
        return SessionKey(digest: hexadecimal(Digests.openSSL.sha256(Array(text.utf8))))
    }
}

extension ContextHandle {
    var lowestVersion: Int32 { unsafe COpenSSL_min_version(pointer) }

    /// A list that the library does not take whole (a policy without X25519, say) leaves the library's own in force.
    fileprivate func offer(_ profile: LinkProfile) {
        switch profile {
        case .metered:
            unsafe COpenSSL_drop_compatibility(pointer)
            preferShortDigests()
            unsafe COpenSSL_set_signature_algorithms(
                pointer,
                """
                ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha384:\
                rsa_pkcs1_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha512:ed25519
                """)
            offerGroups(["X25519:P-256:P-384", "P-256:P-384"])
        case .standard:
            offerGroups([
                "X25519MLKEM768:X25519:P-256:P-384:P-521", "X25519:P-256:X448:P-521:P-384", "P-256:P-384:P-521",
            ])
        }
        LibraryErrors.clear()
    }

    /// The first list that the library knows. The first group of it gets the key share; no list has a finite field.
    private func offerGroups(_ lists: [String]) {
        _ = lists.first { unsafe COpenSSL_set_groups(pointer, $0) == 1 }
    }

    /// At least level 2 of SSL_CTX_set_security_level(3), whatever the policy took it down to: no RSA below 2,048 bits, no
    /// curve below 224, no signature with MD5 or SHA-1.
    fileprivate func verifyServers() {
        if unsafe SSL_CTX_get_security_level(pointer) < 2 { unsafe SSL_CTX_set_security_level(pointer, 2) }
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, certificateJudged)
        // Called when a server asks for a certificate; which one is given stays as it is.
        unsafe SSL_CTX_set_cert_cb(
            pointer,
            { connection, _ in
                unsafe TLSSession.of(connection)?.isCertificateWanted = true
                return 1
            }, nil)
        unsafe COpenSSL_hand_out_client_sessions(pointer)
        unsafe SSL_CTX_sess_set_new_cb(pointer, sessionOffered)
    }
}
