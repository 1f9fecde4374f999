import NIOCore
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

    let cid: Int
    /// Whether the dial activated the context, so that its end deactivates it.
    let hasActivated: Bool
    var state: State
    var link: PPPLink
    /// The host's half of the line, for the escape sequence.
    var detector: EscapeDetector
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

    public init() {}
}
