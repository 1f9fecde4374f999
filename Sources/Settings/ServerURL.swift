/// The submission server: `smtps://user%40example.com@mail.example.com:465` or `smtp://…:587`.
public struct ServerURL: Sendable, Equatable {
    public enum Security: Sendable, Equatable {
        /// TLS from the first octet (`smtps`, port 465 by default).
        case implicitTLS
        /// STARTTLS, which must succeed before anything else (`smtp`, port 587 by default).
        case startTLS
    }

    public let security: Security
    /// Percent-decoded; nil: no AUTH.
    public let user: String?
    /// A host name in small letters, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    public let port: Int
}
