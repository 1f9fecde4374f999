import Credentials
public import NIOCore

/// What one end of a link wants and takes.
public struct PPPConfiguration: Sendable {
    // MARK: Link

    /// The largest packet that we receive, in octets: 128 to 65,535.
    public var mru: UInt16 = 1_500
    /// Control characters that the peer has to escape: none, where the line takes all octets.
    public var accm: UInt32 = 0
    public var compressesProtocol = true
    public var compressesAddressAndControl = true
    public var usesMagicNumber = true
    public var negotiation = NegotiationLimits()
    /// Until LCP is open, and again until the peer was authenticated and a network protocol is open.
    public var phaseLimit: TimeAmount = .seconds(40)
    /// Silence behind which an Echo-Request is sent; nil: never.
    public var echoInterval: TimeAmount? = .seconds(15)
    /// Echo-Requests in a row without any frame of the peer that end the link.
    public var echoFailures = 3

    /// Option types of LCP that the peer gets a Configure-Reject for, as some modems do with what they do not know.
    public var refusedLinkOptions: Set<UInt8> = []
    /// False plays a peer that does not answer Echo-Requests.
    public var answersEcho = true

    // MARK: Authentication

    /// Our own, told when the peer asks for it: an empty name and password where there is none, as many networks want.
    public var account = PPPAccount(name: "", password: Secret(""))
    /// What we prove ourselves by, the preferred first; the peer's wish for anything else is answered with the first.
    public var acceptedAuthentication: [AuthenticationProtocol] = [.chapMD5, .pap]
    /// What the peer has to prove itself by, the preferred first; none: it need not.
    public var demandedAuthentication: [AuthenticationProtocol] = []
    /// Whom we let in, where the peer has to prove itself.
    public var guests: [PPPAccount] = []
    /// Our own name in a challenge.
    public var name = "modemail"

    // MARK: Network

    /// Nil: no IPv4.
    public var ipv4: IPv4? = IPv4()
    /// Nil: no IPv6.
    public var ipv6: IPv6? = IPv6()

    public struct IPv4: Sendable, Equatable {
        /// Ours; 0.0.0.0 asks the peer for one.
        public var address: IPv4Address = .any
        /// The peer's, told to one that asks; nil: taken as it says.
        public var peerAddress: IPv4Address?
        public var asksForNameServers = true
        /// How often a peer that asks for an address is told 0.0.0.0 before it gets one, as by a modem whose context is not up yet.
        public var emptyProposals = 0
        /// Told to a peer that asks, at most two; one that asks for more than there are gets a Configure-Reject.
        public var nameServers: [IPv4Address] = []
        /// Van Jacobson's, asked for and given as the peer takes it, each way for itself; nil: headers go as they are.
        public var headerCompression: HeaderCompression?

        public init() {}
    }

    public struct IPv6: Sendable, Equatable {
        /// Ours; nil: a random one.
        public var interfaceIdentifier: UInt64?
        /// The peer's, told to one that asks with zero; nil: a random one.
        public var peerInterfaceIdentifier: UInt64?

        public init() {}
    }

    public init() {}
}

/// Four octets.
public struct IPv4Address: Sendable, Hashable, CustomStringConvertible {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
        rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
    }

    /// 0.0.0.0: none.
    public static let any = IPv4Address(rawValue: 0)

    /// Neither of this network, of the loopback, nor of a group or beyond (RFC 1122 §3.2.1.3).
    var isOfHost: Bool {
        let network = rawValue >> 24
        return (1..<224).contains(network) && network != 127
    }

    public var description: String {
        (0..<4).map { String(rawValue >> (24 - 8 * $0) & 0xFF) }.joined(separator: ".")
    }
}
