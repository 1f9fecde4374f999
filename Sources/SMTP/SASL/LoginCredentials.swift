public import Credentials

/// Who we are for AUTH, with what we prove it, and by which mechanisms.
public struct LoginCredentials: Sendable, Equatable {
    /// Octets of an access token at most: with the user name beside it, its line of base64 stays within the 12,288 octets that
    /// servers must take (RFC 4954 §4).
    public static let tokenOctets = 8192

    /// What decides between several mechanisms.
    public enum Preference: Sendable, Equatable {
        /// Round trips are money, and TLS keeps the password from everybody but the server.
        case fewestRoundTrips
        /// What gives away least.
        case strongest
        /// This one or none.
        case mechanism(SASLMechanism)
    }

    /// Nil with a certificate alone, which says itself who we are.
    public let user: String?
    let password: Secret?
    let token: Secret?
    /// The first that the server offers is taken.
    public let mechanisms: [SASLMechanism]

    /// Of the mechanisms in question those remain that the credentials suffice for; throws when there are none.
    ///
    /// - Parameter hasCertificate: TLS presents a client certificate.
    public init(
        user: String?, password: Secret? = nil, token: Secret? = nil, hasCertificate: Bool = false,
        preference: Preference = .fewestRoundTrips
    ) throws(SMTPError) {
        try Self.check(user: user, password: password, token: token)
        self.user = user
        self.password = user == nil ? nil : password
        self.token = user == nil ? nil : token
        let (knowsPassword, hasToken) = (self.password != nil, self.token != nil)
        mechanisms = preference.order.filter { mechanism in
            switch mechanism.proof {
            case .password: knowsPassword
            case .token: hasToken
            case .certificate: hasCertificate
            }
        }
        guard !mechanisms.isEmpty else {
            throw .invalid(name: "the login", reason: "there is nothing to prove it with")
        }
    }

    private static func check(user: String?, password: Secret?, token: Secret?) throws(SMTPError) {
        if let user, user.isEmpty || user.utf8.contains(where: { $0 <= 1 }) {
            throw .invalid(name: "the user name", reason: "it is empty or holds NUL")
        }
        if let password, password.isEmpty || password.reveal().contains(0) {
            throw .invalid(name: "the password", reason: "it is empty or holds NUL")
        }
        if let token {
            guard !token.isEmpty, token.reveal().allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw .invalid(
                    name: "the access token", reason: "it is empty, or more than printable ASCII without blanks")
            }
            guard token.count <= tokenOctets else {
                throw .invalid(name: "the access token", reason: "it is longer than \(tokenOctets) octets")
            }
        }
    }
}

extension LoginCredentials.Preference {
    /// Round trips: PLAIN, OAUTHBEARER, XOAUTH2 and EXTERNAL have one, CRAM-MD5 two, SCRAM and LOGIN three; at the same cost
    /// the stronger goes first, and CRAM-MD5 always last. A password that was given is what a login is meant to use, so that a
    /// certificate, which may be there for TLS alone, comes behind it where strength is not asked for.
    fileprivate var order: [SASLMechanism] {
        switch self {
        case .fewestRoundTrips:
            [.oauthBearer, .xoauth2, .plain, .external, .scramSHA256Plus, .scramSHA256, .login, .cramMD5]
        case .strongest:
            [.external, .scramSHA256Plus, .scramSHA256, .oauthBearer, .xoauth2, .plain, .login, .cramMD5]
        case .mechanism(let mechanism): [mechanism]
        }
    }
}
