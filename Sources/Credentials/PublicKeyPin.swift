/// What a server's key must be: the SHA-256 of its SubjectPublicKeyInfo in DER (RFC 7469 §2.4). Its text is that digest in
/// base64 (RFC 4648 §4), 44 characters, as `pin-sha256` has it.
///
/// A certificate that is renewed with the same key keeps its pin.
public struct PublicKeyPin: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 32 octets.
    public let digest: [UInt8]

    /// Nil for anything but 32 octets.
    public init?(digest: [UInt8]) {
        guard digest.count == 32 else { return nil }
        self.digest = digest
    }

    /// Nil for anything but the one text that such a digest has: 43 digits and one `=`, the last two bits zero.
    public init?(base64 text: String) {
        let characters = Array(text.utf8)
        guard characters.count == 44, characters.last == UInt8(ascii: "=") else { return nil }
        var digest: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for character in characters.dropLast() {
            guard let value = PublicKeyPin.alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            digest.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            bits &= (1 << UInt32(held)) - 1
        }
        guard bits == 0 else { return nil }
        self.init(digest: digest)
    }

    public var description: String {
        let padded = digest + [0]
        let groups = stride(from: 0, to: padded.count, by: 3).flatMap { start in
            let bits = padded[start..<start + 3].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            return [18, 12, 6, 0].map { PublicKeyPin.alphabet[Int(bits >> UInt32($0) & 0x3F)] }
        }
        return String(decoding: groups.dropLast() + [UInt8(ascii: "=")], as: UTF8.self)
    }

    public static func < (left: PublicKeyPin, right: PublicKeyPin) -> Bool {
        left.digest.lexicographicallyPrecedes(right.digest)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
