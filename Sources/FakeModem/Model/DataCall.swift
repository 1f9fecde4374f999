public import NIOCore
public import PPP

/// A PPP call: a context whose packets the line carries (3GPP TS 27.007 §10.1.12, TS 27.060).
struct DataCall {
    enum State: Equatable {
        /// The network behind it is being made; the dial has no answer yet.
        case connecting(token: Int)
        /// The line carries it.
        case online
        /// Left by `+++`: the call goes on, `O` comes back to it.
        case escaped
    }

    /// Who speaks PPP with the host.
    enum Peer {
        case own(PPPLink)
        /// Another program's server, over this connection.
        case foreign(SocketKey)
    }

    let cid: Int
    /// Whether the dial activated the context, so that its end deactivates it.
    let hasActivated: Bool
    var state: State
    var peer: Peer
    /// The host's half of the line, for the escape sequence.
    var detector: EscapeDetector

    /// When our own link has to be asked again.
    var deadline: NIODeadline? {
        switch peer {
        case .own(let link): link.deadline
        case .foreign: nil
        }
    }

    func isForeign(_ key: SocketKey) -> Bool {
        if case .foreign(key) = peer { true } else { false }
    }
}

/// What the network demands and offers over PPP.
public struct PPPConditions: Sendable, Equatable {
    /// How the host has to prove the account of `FakeModemOptions`, in the order of preference; none asks for no proof, as modems
    /// do whose context has its account by a command.
    public var authentication: [AuthenticationProtocol] = []
    /// Name servers that IPCP hands out: the first of the two, both, or none.
    public var nameServers = 2
    /// The largest packet that the modem takes, in octets.
    public var mru: UInt16 = 1_500
    /// Control characters that the modem wants escaped.
    public var accm: UInt32 = 0

    /// Whether the modem compresses headers of TCP, and takes them compressed (RFC 1144).
    public var compressesHeaders = true

    /// Option types of LCP that the modem refuses.
    public var refusedOptions: Set<UInt8> = []
    /// How often the host is told 0.0.0.0 before it gets an address.
    public var emptyProposals = 0
    public var answersEcho = true
    /// In how many of 100 cases what the modem writes of PPP is lost, and has an octet changed.
    public var lost = 0
    public var damaged = 0
    /// From the end of the link to `NO CARRIER`; nil: the modem waits for the host to hang up.
    public var hangUp: TimeAmount? = .zero
    /// What the modem says before its first frame.
    public var banner = ""
    /// Another program that speaks PPP in the place of ours, and has a network of its own: a TCP listener on this host, to
    /// which each call is one connection. Nil: ours.
    public var server: Server?

    public struct Server: Sendable, Equatable {
        /// An IPv4 or IPv6 literal.
        public let address: String
        public let port: Int

        public init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
    }

    public init() {}
}
