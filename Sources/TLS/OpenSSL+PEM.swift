import COpenSSL

/// Certificates and keys out of PEM text that the operator's files hold.
enum PEM {
    /// The certificates of a file in their order, one at least; what is no certificate is passed over. `use` is called with
    /// each; the pointer is good during the call alone, the library counts references where it keeps one.
    static func forEachCertificate(
        in octets: [UInt8], name: String, use: (OpaquePointer) throws(TLSError) -> Void
    ) throws(TLSError) {
        let bio = try unsafe memory(octets)
        defer { unsafe BIO_free(bio) }
        var count = 0
        LibraryErrors.clear()
        while let certificate = unsafe PEM_read_bio_X509(bio, nil, noPassphrase, nil) {
            defer { unsafe X509_free(certificate) }
            count += 1
            try unsafe use(certificate)
            LibraryErrors.clear()
        }
        let end = LibraryErrors.drain()
        // "No start line" is how the library says that the text has ended.
        guard end.allSatisfy({ $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE }) else {
            throw .configuration(
                "certificate \(count + 1) of \(name) is damaged: \(end.first?.words ?? "unknown")",
                advice: "copy the file again")
        }
        guard count > 0 else {
            throw .configuration("\(name) holds no certificate", advice: adviceWithoutCertificate(octets))
        }
    }

    /// The first private key of a file. The caller frees it with `EVP_PKEY_free`.
    static func privateKey(in octets: [UInt8], name: String) throws(TLSError) -> OpaquePointer {
        let bio = try unsafe memory(octets)
        defer { unsafe BIO_free(bio) }
        LibraryErrors.clear()
        let key = unsafe PEM_read_bio_PrivateKey(bio, nil, noPassphrase, nil)
        let errors = LibraryErrors.drain()
        guard let key = unsafe key else {
            let isEncrypted = String(decoding: octets.prefix(4096), as: UTF8.self).contains("ENCRYPTED")
            throw .configuration(
                isEncrypted
                    ? "\(name) is encrypted" : "\(name) holds no private key: \(errors.first?.words ?? "unknown")",
                advice: isEncrypted
                    ? "store the key without a passphrase, mode 0600" : "name the file with the PRIVATE KEY")
        }
        return unsafe key
    }

    private static func adviceWithoutCertificate(_ octets: [UInt8]) -> String {
        // A DER certificate begins with SEQUENCE and a length of two octets.
        if octets.starts(with: [0x30, 0x82]) {
            return "convert it to PEM: openssl x509 -inform der -in FILE -out FILE.pem"
        }
        if String(decoding: octets.prefix(4096), as: UTF8.self).contains("PRIVATE KEY") {
            return "this is a private key: name the file with the certificate"
        }
        return "put PEM text (BEGIN CERTIFICATE) into it"
    }

    /// A copy of the octets for the library to read from; freed with `BIO_free`.
    private static func memory(_ octets: [UInt8]) throws(TLSError) -> OpaquePointer {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw LibraryErrors.failure("making a buffer") }
        // The array outlives the call, which copies it.
        guard unsafe BIO_write(bio, octets, Int32(clamping: octets.count)) == Int32(clamping: octets.count) else {
            unsafe BIO_free(bio)
            throw LibraryErrors.failure("filling a buffer")
        }
        return unsafe bio
    }
}

/// The library must never ask the terminal for a passphrase: a daemon would wait for ever.
private func noPassphrase(
    _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
) -> Int32 { -1 }
