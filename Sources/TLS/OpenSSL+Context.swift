import COpenSSL
import Credentials
import Scopes

/// Owns one `SSL_CTX`. Set up by its maker, then only read: connections take references of it.
///
/// Unchecked: OpenSSL 3 guards a context's counters, stores and caches with locks of its own, so that connections of one
/// context may run on any threads (`openssl-threads(7)`); nothing here changes it after `init`.
@safe final class ContextHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    private let keyLog: KeyLog?

    enum Role {
        case client
        case server
    }

    init(_ role: Role, keyLog: KeyLog? = nil) throws(TLSError) {
        LibraryErrors.clear()
        // Loads the system's openssl.cnf, and with it the crypto policy, if nothing did so before.
        guard let pointer = unsafe SSL_CTX_new(role == .client ? TLS_client_method() : TLS_server_method()) else {
            throw LibraryErrors.failure("making a TLS context")
        }
        unsafe self.pointer = pointer
        self.keyLog = keyLog
        // A policy that asks for more is left alone.
        if unsafe COpenSSL_min_version(pointer) < TLS1_2_VERSION {
            unsafe COpenSSL_set_min_version(pointer, TLS1_2_VERSION)
        }
        unsafe COpenSSL_set_modes(pointer)
        unsafe COpenSSL_forbid_renegotiation_and_compression(pointer)
        try restrictCiphers()
        if let keyLog { unsafe keyLog.attach(to: pointer) }
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    /// Certificate, chain and key, and that they fit. Answers with the SHA-256 of the certificate file.
    @discardableResult
    func use(_ identity: TLSIdentity) throws(TLSError) -> [UInt8] {
        let certificateName = "the certificate file \(identity.certificateFile.printable(limit: 200))"
        let certificates = try ConfiguredFile.read(identity.certificateFile, role: "certificate file")
        var isFirst = true
        try unsafe PEM.forEachCertificate(in: certificates, name: certificateName) { (certificate) throws(TLSError) in
            LibraryErrors.clear()
            let done =
                isFirst
                ? unsafe SSL_CTX_use_certificate(pointer, certificate)
                : unsafe COpenSSL_add_chain_certificate(pointer, certificate)
            isFirst = false
            guard done == 1 else {
                throw .configuration(
                    "\(certificateName) cannot be used: \(LibraryErrors.drain().first?.words ?? "unknown")")
            }
        }
        let (keyText, keyName) = try ContextHandle.keyText(identity.key)
        let key = try unsafe PEM.privateKey(in: keyText, name: keyName)
        defer { unsafe EVP_PKEY_free(key) }
        LibraryErrors.clear()
        guard unsafe SSL_CTX_use_PrivateKey(pointer, key) == 1, unsafe SSL_CTX_check_private_key(pointer) == 1 else {
            let words = LibraryErrors.drain().first?.words ?? "unknown"
            throw .configuration(
                "\(keyName) does not fit \(certificateName): \(words)",
                advice:
                    "name the key that the certificate was made for; that certificate comes first in its file"
            )
        }
        return Digests.openSSL.sha256(certificates)
    }

    private static func keyText(_ key: TLSIdentity.Key) throws(TLSError) -> (text: [UInt8], name: String) {
        switch key {
        case .file(let path):
            (
                try ConfiguredFile.read(path, role: "key file", isSecret: true),
                "the key file \(path.printable(limit: 200))"
            )
        case .text(let text, let name): (text.reveal(), "the key \(name.printable(limit: 200))")
        }
    }

    /// TLS 1.2 with ephemeral elliptic curves and AEAD alone: no finite-field DHE, no RSA key exchange, no CBC. What the
    /// system's policy took away stays away, since this only removes.
    private func restrictCiphers() throws(TLSError) {
        let kept = cipherNames.filter { $0.hasPrefix("ECDHE-") && ($0.contains("-GCM-") || $0.contains("-CHACHA20-")) }
        // None is left where the policy allows TLS 1.3 alone.
        guard !kept.isEmpty else { return }
        LibraryErrors.clear()
        guard unsafe SSL_CTX_set_cipher_list(pointer, kept.joined(separator: ":")) == 1 else {
            throw LibraryErrors.failure("choosing the cipher suites")
        }
    }

    /// AES-128 first: its digest is SHA-256, so each Finished is 16 octets shorter than with SHA-384, and so is the binder
    /// of a session. A server that follows its own order is not kept from it.
    func preferShortDigests() {
        let names = cipherNames
        func ordered(_ names: [String]) -> String {
            let short = names.filter { $0.contains("AES_128") || $0.contains("AES128") }
            return (short + names.filter { !short.contains($0) }).joined(separator: ":")
        }
        let (new, old) = (names.filter { $0.hasPrefix("TLS_") }, names.filter { !$0.hasPrefix("TLS_") })
        if !new.isEmpty { unsafe SSL_CTX_set_ciphersuites(pointer, ordered(new)) }
        if !old.isEmpty { unsafe SSL_CTX_set_cipher_list(pointer, ordered(old)) }
        LibraryErrors.clear()
    }

    /// Of TLS 1.3 ("TLS_AES_128_GCM_SHA256") and TLS 1.2 ("ECDHE-RSA-AES128-GCM-SHA256"), in the order of preference.
    private var cipherNames: [String] {
        let stack = unsafe SSL_CTX_get_ciphers(pointer)
        return unsafe (0..<max(0, COpenSSL_ciphers_count(stack))).compactMap { index in
            // Constants of the library.
            unsafe COpenSSL_ciphers_at(stack, index).flatMap { unsafe SSL_CIPHER_get_name($0) }
                .map { unsafe String(cString: $0) }
        }
    }
}
