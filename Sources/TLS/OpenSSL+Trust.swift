import COpenSSL
import Credentials
import Glibc
import Scopes

/// The anchors of a context: what was put into its store, what that is called, and how it goes into a session's key.
struct InstalledTrust: Sendable {
    enum Place: Sendable, Equatable {
        case directory(String)
        case bundle(String)
        case file(String, anchors: Int)
        /// None but the pinned keys.
        case pins
    }

    let place: Place
    let allowsPartialChain: Bool
    /// Keys of which the path must have one; none is asked for when it is empty.
    var pins: [PublicKeyPin] = []
    /// Tells one set of anchors from another.
    let digest: [UInt8]

    /// For an explanation: counts the files of a directory, so it is asked for after a failure only.
    var summary: TrustSummary {
        switch place {
        case .directory(let path):
            TrustSummary(
                source: "the system's certificates in \(path)", anchors: HashedDirectory.count(path),
                allowsPartialChain: allowsPartialChain)
        case .bundle(let path):
            TrustSummary(
                source: "the system's certificates in \(path)", anchors: InstalledTrust.countOfBundle(path),
                allowsPartialChain: allowsPartialChain)
        case .file(let path, let anchors):
            TrustSummary(
                source: "the file \(path.printable(limit: 200))", anchors: anchors,
                allowsPartialChain: allowsPartialChain, pins: pins)
        case .pins:
            TrustSummary(source: "the pinned keys", anchors: 0, allowsPartialChain: true, pins: pins)
        }
    }

    private static func countOfBundle(_ path: String) -> Int {
        var count = 0
        let octets = (try? ConfiguredFile.read(path, role: "bundle")) ?? []
        try? unsafe PEM.forEachCertificate(in: octets, name: path) { _ in count += 1 }
        return count
    }
}

extension ContextHandle {
    /// - Parameter system: where the system's certificates are, when a test has its own.
    func install(
        _ anchors: TrustAnchors, pins: [PublicKeyPin], system: SystemTrust?
    ) throws(TLSError) -> InstalledTrust {
        var trust =
            switch anchors {
            case .system where !pins.isEmpty:
                InstalledTrust(place: .pins, allowsPartialChain: true, digest: [])
            case .system: try installSystem(system ?? SystemTrust())
            case .file(let path, let partialChain): try installFile(path, partialChain: partialChain)
            }
        trust.pins = pins
        if !pins.isEmpty { unsafe SSL_CTX_set_cert_verify_callback(pointer, chainJudgedByPins, nil) }
        return trust
    }

    /// Opens no certificate: a lookup reads the ones that a chain names when it names them.
    func installSystem(_ system: SystemTrust) throws(TLSError) -> InstalledTrust {
        LibraryErrors.clear()
        if let directory = system.directory {
            guard unsafe SSL_CTX_load_verify_dir(pointer, directory) == 1 else {
                throw LibraryErrors.failure("using the certificates in \(directory)")
            }
            return installed(.directory(directory), path: directory)
        }
        for bundle in system.bundles where unsafe access(bundle, R_OK) == 0 {
            guard unsafe SSL_CTX_load_verify_file(pointer, bundle) == 1 else { continue }
            return installed(.bundle(bundle), path: bundle)
        }
        throw .configuration(
            "this system has no trusted certificates (looked for \(system.wanted))",
            advice: "install the package ca-certificates, or name a trust anchor file")
    }

    /// An update of the system's certificates changes the time of the directory, and with it which sessions are good.
    private func installed(_ place: InstalledTrust.Place, path: String) -> InstalledTrust {
        var status = stat()
        let changed = unsafe stat(path, &status) == 0 ? Int64(status.st_mtim.tv_sec) : 0
        return InstalledTrust(
            place: place, allowsPartialChain: false, digest: Digests.openSSL.sha256(Array("\(path) \(changed)".utf8)))
    }

    private func installFile(_ path: String, partialChain: Bool) throws(TLSError) -> InstalledTrust {
        let name = "the trust anchor file \(path.printable(limit: 200))"
        let octets = try ConfiguredFile.read(path, role: "trust anchor file")
        // The context's own store: it lives as long as the context.
        let store = unsafe SSL_CTX_get_cert_store(pointer)
        var anchors = 0
        try unsafe PEM.forEachCertificate(in: octets, name: name) { (certificate) throws(TLSError) in
            LibraryErrors.clear()
            guard unsafe X509_STORE_add_cert(store, certificate) == 1 else {
                throw LibraryErrors.failure("trusting a certificate of \(path.printable(limit: 200))")
            }
            anchors += 1
        }
        if partialChain { unsafe X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN)) }
        return InstalledTrust(
            place: .file(path, anchors: anchors), allowsPartialChain: partialChain,
            digest: Digests.openSSL.sha256(Array("file \(partialChain) ".utf8) + octets))
    }
}

/// Where this system keeps the certificates that it trusts.
struct SystemTrust {
    /// A directory with at least one file of a hashed name.
    let directory: String?
    /// Tried in their order where there is no such directory.
    let bundles: [String]
    /// Both, for an error.
    let wanted: String

    init() {
        // Constants of the library, and the environment, which this program does not change.
        let defaults = unsafe (
            directory: String(cString: X509_get_default_cert_dir()), file: String(cString: X509_get_default_cert_file())
        )
        self.init(
            directories: [SystemTrust.environment("SSL_CERT_DIR"), defaults.directory, "/etc/ssl/certs"],
            bundles: [
                SystemTrust.environment("SSL_CERT_FILE"), defaults.file, "/etc/ssl/certs/ca-certificates.crt",
                "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
            ])
    }

    init(directories: [String?], bundles: [String?]) {
        // One directory may be several, separated as the library does it.
        let directories = directories.compactMap { $0 }.flatMap { $0.split(separator: ":").map(String.init) }
        directory = directories.first(where: HashedDirectory.holdsCertificates)
        self.bundles = bundles.compactMap { $0 }
        wanted = (directories + self.bundles).joined(separator: ", ").printable()
    }

    private static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// A directory of certificates under the digests of their subjects, as `openssl rehash` makes it: "5ed36f99.0".
enum HashedDirectory {
    static func holdsCertificates(_ path: String) -> Bool { count(path, limit: 1) > 0 }

    static func count(_ path: String) -> Int { count(path, limit: 100_000) }

    private static func count(_ path: String, limit: Int) -> Int {
        guard let directory = unsafe opendir(path) else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while count < limit, let entry = unsafe readdir(directory) {
            // The entry is valid until the next call; its name ends with a NUL.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if isHashed(name) { count += 1 }
        }
        return count
    }

    private static func isHashed(_ name: String) -> Bool {
        let octets = Array(name.utf8)
        guard octets.count >= 10, octets[8] == UInt8(ascii: ".") else { return false }
        return octets.prefix(8).allSatisfy {
            ("0"..."9").contains(Character(Unicode.Scalar($0))) || (97...102).contains($0)
        }
            && octets.dropFirst(9).allSatisfy { (48...57).contains($0) }
    }
}
