/// The cryptographic functions that targets without OpenSSL are given: `TLS` fills them, tests put their own.
public struct Digests: Sendable {
    /// HMAC-SHA-256 (RFC 2104, FIPS 180-4): key, message; 32 octets.
    public let hmacSHA256: @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]
    /// That many octets of a cryptographically secure random source.
    public let randomOctets: @Sendable (_ count: Int) -> [UInt8]

    public init(
        hmacSHA256: @escaping @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8],
        randomOctets: @escaping @Sendable (_ count: Int) -> [UInt8]
    ) {
        self.hmacSHA256 = hmacSHA256
        self.randomOctets = randomOctets
    }
}
