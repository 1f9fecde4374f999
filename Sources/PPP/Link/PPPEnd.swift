public import Scopes

/// Why a link ended. Its words are one line each.
public enum PPPEnd: Failure, Equatable {
    case closedHere
    /// By a Terminate-Request; the peer's words may be empty.
    case terminatedByPeer(words: String)
    /// No answer to any Configure-Request.
    case noAnswer
    /// The line sends back what is sent on it.
    case loopedBack
    /// The two ends do not come to terms about this protocol.
    case noAgreement(protocolName: String)
    /// The peer refused our name and password.
    case authenticationRefused(AuthenticationProtocol, words: String)
    /// The peer wants a proof that we do not give.
    case authenticationUnacceptable(demanded: String)
    case authenticationUnanswered(AuthenticationProtocol)
    /// The peer does not prove who it is, as it has to.
    case peerUnproven
    /// This system's policy forbids MD5, which CHAP needs.
    case noMD5
    /// Neither IPv4 nor IPv6 came up. `noAddress`: IPv4 was agreed but for an address.
    case noNetwork(noAddress: Bool)
    /// Nothing came for so many Echo-Requests.
    case echoLost(Int)
    /// The modem said `NO CARRIER`: it has left data mode.
    case noCarrier
    case lineLost

    public var failureClass: FailureClass {
        switch self {
        case .closedHere, .noAnswer, .loopedBack, .noAgreement, .echoLost, .lineLost: .modem
        case .terminatedByPeer, .authenticationUnanswered, .peerUnproven, .noNetwork, .noCarrier: .network
        case .authenticationRefused, .authenticationUnacceptable: .configuration
        case .noMD5: .host
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .authenticationRefused, .authenticationUnacceptable: .credentialsRefused
        case .noMD5: .configuration
        case .closedHere, .terminatedByPeer, .noAnswer, .loopedBack, .noAgreement, .authenticationUnanswered,
            .peerUnproven, .noNetwork, .echoLost, .noCarrier, .lineLost:
            .unavailable
        }
    }

    public var summary: String {
        switch self {
        case .closedHere: "the PPP link was closed"
        case .terminatedByPeer(let words):
            "the network ended the PPP link" + (words.isEmpty ? "" : ": \(words.printable(limit: 120))")
        case .noAnswer: "the modem connected, and does not answer PPP"
        case .loopedBack: "the line sends back what is sent: no PPP peer is behind it"
        case .noAgreement(let name): "the modem and this program did not come to terms about \(name)"
        case .authenticationRefused(let method, let words):
            "the network refused the account by \(method.rawValue)"
                + (words.isEmpty ? "" : ": \(words.printable(limit: 120))")
        case .authenticationUnacceptable(let demanded): "the network demands \(demanded), which is not accepted here"
        case .authenticationUnanswered(let method): "the network does not answer \(method.rawValue)"
        case .peerUnproven: "the peer does not prove who it is"
        case .noMD5: "this system's crypto policy forbids MD5, which CHAP needs"
        case .noNetwork(noAddress: true): "the network gave no IPv4 address"
        case .noNetwork(noAddress: false): "the network opened neither IPv4 nor IPv6 over PPP"
        case .echoLost(let count): "the PPP link is dead: no answer to \(count) echo requests"
        case .noCarrier: "the modem ended the call (NO CARRIER)"
        case .lineLost: "the line was lost"
        }
    }

    public var advice: String? {
        switch self {
        case .authenticationRefused: "check apn-user and apn-password-file against the operator's"
        case .authenticationUnacceptable: "ask the operator for PAP or CHAP"
        case .authenticationUnanswered, .noNetwork: "check the APN and its PDP type"
        case .noAnswer, .loopedBack: "take --via socket where this modem has no PPP"
        case .noMD5: "take --via socket, or allow MD5 in openssl.cnf"
        case .closedHere, .terminatedByPeer, .noAgreement, .peerUnproven, .echoLost, .noCarrier, .lineLost: nil
        }
    }
}
