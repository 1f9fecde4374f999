public import Credentials

/// Why a certificate chain was refused, with all that is needed to say what to do about it.
///
/// The meaning of a code depends on the depth, and on whether the last certificate of the path came from the server or from
/// the store: error 20 says that the server's part ends too early, error 2 that the store's part does.
public struct CertificateFailure: Sendable, Equatable {
    /// OpenSSL's `X509_V_ERR_*`.
    public let code: Int32
    /// OpenSSL's own words for it.
    public let words: String
    /// Which certificate is at fault: 0 is the server's own, 1 its issuer.
    public let depth: Int
    public let serverName: ServerName
    /// The path that was tried, from the server's own certificate upwards.
    public let path: [ChainElement]
    /// What the server sent besides and the path did not use.
    public let unused: [ChainElement]
    public let trust: TrustSummary
    /// When the certificates were judged, and by which clock.
    public let judgedAt: WallTime
    public let clockSource: String
    /// A clock that shows less than this is wrong for certain.
    public let programTime: WallTime

    public init(
        code: Int32, words: String, depth: Int, serverName: ServerName, path: [ChainElement],
        unused: [ChainElement] = [],
        trust: TrustSummary, judgedAt: WallTime, clockSource: String, programTime: WallTime = .programTime
    ) {
        self.code = code
        self.words = words
        self.depth = depth
        self.serverName = serverName
        self.path = path
        self.unused = unused
        self.trust = trust
        self.judgedAt = judgedAt
        self.clockSource = clockSource
        self.programTime = programTime
    }
}

extension CertificateFailure {
    /// Whether it was refused for its dates (`X509_V_ERR_CERT_NOT_YET_VALID`, `X509_V_ERR_CERT_HAS_EXPIRED`).
    public var isAboutTime: Bool { code == 9 || code == 10 }
}

/// Which anchors were in force.
public struct TrustSummary: Sendable, Equatable {
    /// "the system's certificates in /usr/lib/ssl/certs", "the file /etc/modemail/ca.pem".
    public let source: String
    /// How many anchors it holds.
    public let anchors: Int
    public let allowsPartialChain: Bool
    /// Keys of which the chain must have one, beside the anchors or, where there are none, in their place.
    public let pins: [PublicKeyPin]

    public init(source: String, anchors: Int, allowsPartialChain: Bool, pins: [PublicKeyPin] = []) {
        self.pins = pins
        self.source = source
        self.anchors = anchors
        self.allowsPartialChain = allowsPartialChain
    }
}

/// One certificate of a chain, as far as a person needs it. The texts are printable: they are the server's words.
public struct ChainElement: Sendable, Equatable {
    public enum Role: String, Sendable, Equatable {
        case leaf
        case intermediate
        /// Issued by itself.
        case root
    }

    public enum Source: String, Sendable, Equatable {
        case server = "sent by the server"
        case store = "from the trust store"
    }

    public let role: Role
    public let source: Source
    /// The common name where there is one, else the whole name.
    public let subject: String
    public let issuer: String
    public let notBefore: WallTime
    public let notAfter: WallTime
    /// "RSA 2048 bits", "EC P-256".
    public let key: String
    /// "ecdsa-with-SHA256".
    public let signatureAlgorithm: String
    /// Of the whole certificate, lower-case hexadecimal.
    public let sha256: String
    /// Of its key; nil where that cannot be read.
    public let pin: PublicKeyPin?
    /// DNS names and addresses of the subjectAltName, at most 50 of them.
    public let names: [String]

    public init(
        role: Role, source: Source, subject: String, issuer: String, notBefore: WallTime, notAfter: WallTime,
        key: String,
        signatureAlgorithm: String, sha256: String, pin: PublicKeyPin? = nil, names: [String]
    ) {
        self.role = role
        self.source = source
        self.subject = subject
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.key = key
        self.signatureAlgorithm = signatureAlgorithm
        self.sha256 = sha256
        self.pin = pin
        self.names = names
    }
}

extension WallTime {
    /// When these sources were last looked through: a clock that shows less was never set.
    public static let programTime = WallTime(year: 2026, month: 11, day: 1)
}
