import COpenSSL
import Credentials
import Glibc
import Scopes

/// Reads what a person needs from certificates. Nothing here keeps a pointer: each function copies out what it answers.
///
/// The pointers are valid while the caller holds the connection, the store or the stack that they came from.
enum CertificateReader {
    static let namesLimit = 50

    static func element(_ certificate: OpaquePointer, source: ChainElement.Source, isFirst: Bool) -> ChainElement {
        let isSelfIssued = unsafe isSelfIssued(certificate)
        return unsafe ChainElement(
            role: isFirst ? .leaf : isSelfIssued ? .root : .intermediate,
            source: source,
            subject: name(X509_get_subject_name(certificate)),
            issuer: name(X509_get_issuer_name(certificate)),
            notBefore: time(X509_get0_notBefore(certificate)),
            notAfter: notAfter(certificate),
            key: key(certificate),
            signatureAlgorithm: objectName(X509_get_signature_nid(certificate)),
            sha256: sha256(certificate),
            pin: pin(certificate),
            names: names(certificate))
    }

    static func subject(_ certificate: OpaquePointer) -> String {
        unsafe name(X509_get_subject_name(certificate))
    }

    static func notAfter(_ certificate: OpaquePointer) -> WallTime {
        unsafe time(X509_get0_notAfter(certificate))
    }

    static func isSelfIssued(_ certificate: OpaquePointer) -> Bool {
        unsafe X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0
    }

    /// All of a stack, in its order.
    static func all(_ stack: OpaquePointer?) -> [OpaquePointer] {
        guard let stack = unsafe stack else { return unsafe [] }
        return unsafe (0..<max(0, COpenSSL_certificates_count(stack))).compactMap { index in
            unsafe COpenSSL_certificates_at(stack, index)
        }
    }

    /// The common name, the last where there are several; the whole name where there is none.
    private static func name(_ name: OpaquePointer?) -> String {
        guard let name = unsafe name else { return "(no name)" }
        var index: Int32 = -1
        while case let next = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, index), next >= 0 { index = next }
        if index >= 0, let entry = unsafe X509_NAME_get_entry(name, index),
            let text = unsafe utf8(X509_NAME_ENTRY_get_data(entry)), !text.isEmpty
        {
            return text.printable(limit: 120)
        }
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return "(no name)" }
        defer { unsafe BIO_free(bio) }
        let flags = UInt(XN_FLAG_SEP_CPLUS_SPC) | UInt(ASN1_STRFLGS_UTF8_CONVERT)
        unsafe X509_NAME_print_ex(bio, name, 0, flags)
        var octets = [UInt8](repeating: 0, count: 1024)
        // The array outlives the call.
        let count = unsafe BIO_read(bio, &octets, Int32(clamping: octets.count))
        guard count > 0 else { return "(empty name)" }
        return String(decoding: octets.prefix(Int(count)), as: UTF8.self).printable(limit: 200)
    }

    private static func utf8(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        var text: UnsafeMutablePointer<UInt8>?
        let count = unsafe ASN1_STRING_to_UTF8(&text, string)
        guard count >= 0, let text = unsafe text else { return nil }
        defer { unsafe CRYPTO_free(text, nil, 0) }
        // The library allocated that many octets.
        return unsafe String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)
    }

    private static func time(_ time: UnsafePointer<ASN1_TIME>?) -> WallTime {
        var parts = unsafe tm()
        guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else {
            return WallTime(secondsSince1970: 0)
        }
        return unsafe WallTime(
            year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday),
            hour: Int(parts.tm_hour), minute: Int(parts.tm_min), second: Int(parts.tm_sec))
    }

    private static func key(_ certificate: OpaquePointer) -> String {
        guard let key = unsafe X509_get0_pubkey(certificate) else { return "an unknown key" }
        let type = unsafe EVP_PKEY_get0_type_name(key).map { unsafe String(cString: $0) } ?? "unknown"
        var group = [UInt8](repeating: 0, count: 64)
        var count = 0
        let hasGroup = unsafe group.withUnsafeMutableBytes { group in
            unsafe EVP_PKEY_get_group_name(
                key, group.baseAddress?.assumingMemoryBound(to: CChar.self), group.count, &count) == 1
        }
        guard type == "EC", hasGroup, count <= group.count else {
            return unsafe "\(type) \(EVP_PKEY_get_bits(key)) bits"
        }
        let name = String(decoding: group.prefix(count), as: UTF8.self)
        return "EC \(name == "prime256v1" ? "P-256" : name == "secp384r1" ? "P-384" : name)"
    }

    private static func objectName(_ identifier: Int32) -> String {
        // A constant of the library's table.
        unsafe OBJ_nid2ln(identifier).map { unsafe String(cString: $0) } ?? "unknown"
    }

    private static func sha256(_ certificate: OpaquePointer) -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "(unknown)" }
        return hexadecimal(digest.prefix(Int(count)))
    }

    /// RFC 7469 §2.4: the digest of the SubjectPublicKeyInfo in DER.
    static func pin(_ certificate: OpaquePointer) -> PublicKeyPin? {
        var octets: UnsafeMutablePointer<UInt8>?
        // The library allocates the encoding, and says how long it is.
        let count = unsafe i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &octets)
        guard count > 0, let octets = unsafe octets else { return nil }
        defer { unsafe CRYPTO_free(octets, nil, 0) }
        return unsafe PublicKeyPin(
            digest: Digests.openSSL.sha256(Array(UnsafeBufferPointer(start: octets, count: Int(count)))))
    }

    private static func names(_ certificate: OpaquePointer) -> [String] {
        guard let names = unsafe COpenSSL_alternative_names(certificate) else { return [] }
        defer { unsafe GENERAL_NAMES_free(names) }
        var result: [String] = []
        for index in 0..<max(0, unsafe COpenSSL_names_count(names)) where result.count < namesLimit {
            guard let string = unsafe COpenSSL_name_octets(names, index),
                let data = unsafe ASN1_STRING_get0_data(string)
            else { continue }
            let count = Int(unsafe ASN1_STRING_length(string))
            let octets = unsafe Array(UnsafeBufferPointer(start: data, count: max(0, count)))
            let isAddress = unsafe COpenSSL_name_kind(names, index) == GEN_IPADD
            result.append(isAddress ? address(octets) : String(decoding: octets, as: UTF8.self).printable(limit: 253))
        }
        return result
    }

    private static func address(_ octets: [UInt8]) -> String {
        guard octets.count == 4 || octets.count == 16 else { return "(an address of \(octets.count) octets)" }
        var text = [UInt8](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let done = unsafe text.withUnsafeMutableBytes { text in
            // Both arrays outlive the call; the text has room for the longer form and its NUL.
            unsafe inet_ntop(
                octets.count == 4 ? AF_INET : AF_INET6, octets, text.baseAddress?.assumingMemoryBound(to: CChar.self),
                socklen_t(text.count)) != nil
        }
        return done ? String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) : "(an address)"
    }
}
