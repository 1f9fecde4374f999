public import Credentials

/// One session as it is kept: the whole of it, not the ticket alone.
public struct StoredSession: Sendable, Equatable {
    /// RFC 8446 §4.6.1: a ticket lives at most seven days. So does a verdict on certificates here, since a resumption
    /// renews the ticket and looks at no certificate.
    public static let ageLimitSeconds: Int64 = 7 * 86_400

    /// The library's own form (`i2d_SSL_SESSION`).
    public let octets: Secret
    public let storedAt: WallTime
    /// When the server takes it no longer.
    public let ticketExpiresAt: WallTime
    /// When its certificates were verified, which may be some resumptions ago.
    public let verifiedAt: WallTime
    /// The first end of validity in the chain that was verified then.
    public let certificatesExpireAt: WallTime

    public init(
        octets: Secret, storedAt: WallTime, ticketExpiresAt: WallTime, verifiedAt: WallTime,
        certificatesExpireAt: WallTime
    ) {
        self.octets = octets
        self.storedAt = storedAt
        self.ticketExpiresAt = ticketExpiresAt
        self.verifiedAt = verifiedAt
        self.certificatesExpireAt = certificatesExpireAt
    }

    /// From then on it is not used.
    public var expiresAt: WallTime {
        min(ticketExpiresAt, certificatesExpireAt, verifiedAt.adding(seconds: StoredSession.ageLimitSeconds))
    }

    /// A clock that shows less than when it was stored went backwards, and nothing is known of the session's age.
    public func isGood(at now: WallTime) -> Bool {
        storedAt <= now && verifiedAt <= now && now < expiresAt
    }
}
