/// Digests, keyed digests and random octets as a value of functions, so that targets without OpenSSL compute them. `TLS`
/// fills it (`Digests.openSSL`); tests may put their own.
///
/// All functions are synchronous, pure but for `randomOctets`, and may be called from any thread.
public struct Digests: Sendable {
    /// HMAC-SHA-256 (RFC 2104, FIPS 180-4): key (of any length, also none), message; 32 octets.
    public let hmacSHA256: @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]
    /// That many octets of a cryptographically secure random source; none for a count of 0 or less.
    public let randomOctets: @Sendable (_ count: Int) -> [UInt8]
    /// SHA-256 (FIPS 180-4), 32 octets.
    public let sha256: @Sendable (_ message: [UInt8]) -> [UInt8]
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2; `Hi()` of RFC 5802): password, salt, iterations (below 1 counts as 1); 32
    /// octets. The caller bounds the iterations from above: a server that names ten millions costs seconds.
    public let pbkdf2SHA256: @Sendable (_ password: Secret, _ salt: [UInt8], _ iterations: Int) -> Secret
    /// MD5 (RFC 1321), 16 octets: for CHAP alone. Nil where the system's crypto policy forbids MD5.
    public let md5: @Sendable (_ message: [UInt8]) -> [UInt8]?
    /// HMAC-MD5 (RFC 2104), 16 octets: for CRAM-MD5 alone. Nil where the system's crypto policy forbids MD5.
    public let hmacMD5: @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]?

    public init(
        hmacSHA256: @escaping @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8],
        randomOctets: @escaping @Sendable (_ count: Int) -> [UInt8],
        sha256: @escaping @Sendable (_ message: [UInt8]) -> [UInt8],
        pbkdf2SHA256: @escaping @Sendable (_ password: Secret, _ salt: [UInt8], _ iterations: Int) -> Secret,
        md5: @escaping @Sendable (_ message: [UInt8]) -> [UInt8]?,
        hmacMD5: @escaping @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]?
    ) {
        self.hmacSHA256 = hmacSHA256
        self.randomOctets = randomOctets
        self.sha256 = sha256
        self.pbkdf2SHA256 = pbkdf2SHA256
        self.md5 = md5
        self.hmacMD5 = hmacMD5
    }
}
