/// How a client trusts and what it offers. Verification and the check of the server's name cannot be switched off.
public struct TLSClientConfiguration: Sendable {
    public var trust: TrustAnchors
    public var linkProfile: LinkProfile
    /// What the client proves itself with, if the server asks.
    public var identity: TLSIdentity?
    /// What tells whether a certificate is valid now. A gateway that booted without a clock passes the network's time.
    public var clock: WallClock
    /// Where the secrets of each connection are appended in the form of NSS, for a packet analyser. Whoever reads that file
    /// reads the mail and the password: nil unless the operator asked for it. Made with mode 0600.
    public var keyLogFile: String?

    public init(
        trust: TrustAnchors = .system, linkProfile: LinkProfile = .metered, identity: TLSIdentity? = nil,
        clock: WallClock = .system, keyLogFile: String? = nil
    ) {
        self.trust = trust
        self.linkProfile = linkProfile
        self.identity = identity
        self.clock = clock
        self.keyLogFile = keyLogFile
    }
}

/// What all connections of one configuration share. Made once; reads its files when it is made and never again, but for the
/// system's hashed directory, from which single certificates are read while a chain is verified.
public final class TLSClientContext: Sendable {
    public let configuration: TLSClientConfiguration

    /// Throws `.configuration` for a file that is missing, unreadable, empty, no PEM, or a key that does not fit.
    public init(_ configuration: TLSClientConfiguration = TLSClientConfiguration()) throws(TLSError) {
        self.configuration = configuration
    }
}
