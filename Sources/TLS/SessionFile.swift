import Credentials

/// The form of a kept session: a line that names it, four times and a length (64 bits each, most significant octet first),
/// the session, and the SHA-256 of all before it. Anything else is no session.
public enum SessionFile {
    static let octetsLimit = 80_000
    private static let title = Array("modemail TLS session 1\n".utf8)
    private static let digestCount = 32

    public static func encode(_ session: StoredSession) -> [UInt8] {
        let octets = session.octets.reveal()
        let numbers = [
            session.storedAt.secondsSince1970, session.ticketExpiresAt.secondsSince1970,
            session.verifiedAt.secondsSince1970, session.certificatesExpireAt.secondsSince1970, Int64(octets.count),
        ]
        let whole = title + numbers.flatMap(bigEndian) + octets
        return whole + Digests.openSSL.sha256(whole)
    }

    /// Nil for anything that `encode` cannot have made.
    public static func decode(_ file: [UInt8]) -> StoredSession? {
        guard file.count <= octetsLimit, file.count > title.count + 5 * 8 + digestCount, file.starts(with: title) else {
            return nil
        }
        let whole = Array(file.dropLast(digestCount))
        guard Digests.openSSL.sha256(whole) == Array(file.suffix(digestCount)) else { return nil }
        let numbers = (0..<5).map { index in
            whole[(title.count + index * 8)..<(title.count + (index + 1) * 8)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }
        let octets = whole.dropFirst(title.count + 5 * 8)
        guard Int64(octets.count) == numbers[4] else { return nil }
        return StoredSession(
            octets: Secret(octets), storedAt: WallTime(secondsSince1970: numbers[0]),
            ticketExpiresAt: WallTime(secondsSince1970: numbers[1]), verifiedAt: WallTime(secondsSince1970: numbers[2]),
            certificatesExpireAt: WallTime(secondsSince1970: numbers[3]))
    }

    private static func bigEndian(_ number: Int64) -> [UInt8] {
        let bits = UInt64(bitPattern: number)
        return (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * UInt64($0))) }
    }
}
