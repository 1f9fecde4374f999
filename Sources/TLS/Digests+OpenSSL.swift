import COpenSSL
public import Credentials

extension Digests {
    /// The functions of the system's OpenSSL, its crypto policy regarded.
    public static let openSSL = Digests(
        hmacSHA256: { key, message in
            let digest = unsafe keyedDigest(message, key: key, with: EVP_sha256())
            guard let digest else { missing("HMAC-SHA-256") }
            return digest
        },
        randomOctets: octetsAtRandom,
        sha256: { message in
            guard let digest = unsafe digest(message, with: EVP_sha256()) else { missing("SHA-256") }
            return digest
        },
        pbkdf2SHA256: pbkdf2,
        md5: { unsafe digest($0, with: EVP_md5()) },
        hmacMD5: { key, message in unsafe keyedDigest(message, key: key, with: EVP_md5()) })
}

/// No path leads here from octets that were received: a library without it could not open TLS either.
private func missing(_ algorithm: String) -> Never {
    preconditionFailure("the system's OpenSSL offers \(algorithm)")
}

private func digest(_ octets: [UInt8], with algorithm: OpaquePointer?) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    ERR_clear_error()
    // Both arrays outlive the call; the library keeps neither pointer.
    let done = unsafe EVP_Digest(octets, octets.count, &result, &length, algorithm, nil)
    ERR_clear_error()
    guard done == 1, length > 0, length <= result.count else { return nil }
    return Array(result.prefix(Int(length)))
}

private func keyedDigest(_ octets: [UInt8], key: [UInt8], with algorithm: OpaquePointer?) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    var keyOctets = key
    // An empty array may have no address, and a key without one means "the key of the call before".
    let keyLength = Int32(clamping: key.count)
    keyOctets.append(0)
    ERR_clear_error()
    // The arrays outlive the call; the library keeps no pointer.
    let done = unsafe HMAC(algorithm, keyOctets, keyLength, octets, octets.count, &result, &length)
    ERR_clear_error()
    guard unsafe done != nil, length > 0, length <= result.count else { return nil }
    return Array(result.prefix(Int(length)))
}

@Sendable private func pbkdf2(_ password: Secret, _ salt: [UInt8], _ iterations: Int) -> Secret {
    var result = [UInt8](repeating: 0, count: 32)
    let octets = password.reveal().map(CChar.init(bitPattern:))
    // The arrays outlive the call; the library keeps no pointer.
    let done = unsafe PKCS5_PBKDF2_HMAC(
        octets, Int32(clamping: octets.count), salt, Int32(clamping: salt.count), Int32(clamping: max(iterations, 1)),
        EVP_sha256(), Int32(clamping: result.count), &result)
    guard done == 1 else { missing("PBKDF2") }
    return Secret(result)
}

@Sendable private func octetsAtRandom(_ count: Int) -> [UInt8] {
    guard count > 0 else { return [] }
    // The kernel's generator: never blocks after early boot, and needs no seed of ours.
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in generator.next() }
}
