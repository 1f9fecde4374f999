public import Credentials

/// One session as it is kept: the whole of it, not the ticket alone.
public struct StoredSession: Sendable, Equatable {
    /// The library's own form (`i2d_SSL_SESSION`).
    public let octets: Secret
    public let storedAt: WallTime
    /// From then on it is not used: the server's lifetime of the ticket, the end of a certificate's validity, and seven days
    /// (RFC 8446 §4.6.1), whichever comes first.
    public let expiresAt: WallTime

    public init(octets: Secret, storedAt: WallTime, expiresAt: WallTime) {
        self.octets = octets
        self.storedAt = storedAt
        self.expiresAt = expiresAt
    }

    /// A clock that shows less than when it was stored went backwards, and nothing is known of the session's age.
    public func isGood(at now: WallTime) -> Bool {
        storedAt <= now && now < expiresAt
    }
}
