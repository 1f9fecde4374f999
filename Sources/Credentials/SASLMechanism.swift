/// A SASL mechanism of the client, by its name in an EHLO reply. All are used within verified TLS alone.
public enum SASLMechanism: String, Sendable, Equatable, CaseIterable {
    /// RFC 4616: user name and password in one message, which can go with the command.
    case plain = "PLAIN"
    /// User name and password each after a prompt; in no RFC, in many servers.
    case login = "LOGIN"
    /// RFC 2195: the password as the key of an MD5 digest, which no longer protects it from guessing.
    case cramMD5 = "CRAM-MD5"
    /// RFC 5802, 7677: the password is never sent, and the server proves that it knows it.
    case scramSHA256 = "SCRAM-SHA-256"
    /// The same, bound to the TLS connection that it runs in (RFC 5802 §6, RFC 9266, RFC 5929).
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    /// An OAuth access token, in the form that came before RFC 7628; Google and Microsoft have it.
    case xoauth2 = "XOAUTH2"
    /// An OAuth access token (RFC 7628).
    case oauthBearer = "OAUTHBEARER"
    /// RFC 4422 App. A: the client certificate of TLS says who we are.
    case external = "EXTERNAL"

    /// What a mechanism proves the user with.
    public enum Proof: Sendable, Equatable {
        case password
        case token
        case certificate
    }

    public var proof: Proof {
        switch self {
        case .plain, .login, .cramMD5, .scramSHA256, .scramSHA256Plus: .password
        case .xoauth2, .oauthBearer: .token
        case .external: .certificate
        }
    }
}
