public import AT
public import Modem
public import PPP
public import Scopes
public import Tunnel

/// How a bearer failed: when it came up, or when something was connected over it.
///
/// Exit statuses: a value that the modem cannot take is 78. The context refused, or the modem failing at its own
/// commands, is 69: the same attempt will fail again until somebody acts. Everything that another attempt may well pass is
/// 75: a name that did not resolve, a peer that refused or stayed silent, a lost link, no free socket.
public enum BearerError: Failure, Equatable {
    /// No dialect has this name.
    case unknownDialect(String)
    /// A value that cannot go on the AT line, or that the modem does not take.
    case unusable(words: String)
    /// The context did not come up: with the modem's own words, and the network's cause where it told, which decides: an unknown
    /// access point is configuration (78), a refused account is 77, anything else is 69.
    case contextRefused(ModemError)
    /// The modem takes no dial for PPP.
    case pppNotCarried(words: String)
    /// The link of PPP did not come up.
    case pppFailed(PPPEnd)
    /// The network namespace that PPP needs.
    case network(TunnelError)
    /// A command of the bearer's life cycle failed on the line.
    case modem(ATError)
    /// The modem did not do what a socket needs.
    case socketsFailed(words: String)
    case nameNotResolved(host: String, words: String)
    /// The peer refused, or could not be reached.
    case connectFailed(host: String, port: UInt16, words: String)
    case connectTimedOut(host: String, port: UInt16)
    case noFreeSocket(words: String)
    /// The context or the line went away.
    case linkLost(words: String)
    /// The caller was cancelled, or the bearer was closed meanwhile.
    case interrupted

    public var failureClass: FailureClass {
        switch self {
        case .unknownDialect, .unusable: .configuration
        case .contextRefused(let error): error.failureClass
        case .linkLost: .network
        case .modem(let error): error.failureClass
        case .pppNotCarried: .modem
        case .pppFailed(let end): end.failureClass
        case .network(let error): error.failureClass
        case .nameNotResolved, .connectFailed, .connectTimedOut: .peer
        case .noFreeSocket, .socketsFailed: .modem
        case .interrupted: .defect
        }
    }

    public var summary: String {
        switch self {
        case .unknownDialect(let name): "there is no dialect \(name.printable(limit: 40))"
        case .unusable(let words): words.printable(limit: 200)
        case .contextRefused(let error): error.summary
        case .modem(let error): error.summary
        case .pppNotCarried(let words): "the modem does not carry PPP: \(words.printable(limit: 200))"
        case .pppFailed(let end): end.summary
        case .network(let error): error.summary
        case .socketsFailed(let words): Self.with(words, "the modem's sockets failed")
        case .nameNotResolved(let host, let words):
            Self.with(words, "the name \(host.printable(limit: 255)) did not resolve")
        case .connectFailed(let host, let port, let words):
            Self.with(words, "no connection to \(host.printable(limit: 255)):\(port)")
        case .connectTimedOut(let host, let port):
            "no connection to \(host.printable(limit: 255)):\(port): no answer in time"
        case .noFreeSocket(let words): Self.with(words, "the modem has no free socket")
        case .linkLost(let words): Self.with(words, "the link was lost")
        case .interrupted: "interrupted"
        }
    }

    public var advice: String? {
        switch self {
        case .unknownDialect: "use one of \(Dialects.names.joined(separator: ", "))"
        case .unusable: "correct that value"
        case .contextRefused(let error):
            error.advice ?? "check apn, apn-user and apn-password-file, and that the subscription has this access point"
        case .modem(let error): error.advice
        case .pppNotCarried: "try another of its ports, or use --via socket"
        case .pppFailed(let end): end.advice
        case .network(let error): error.advice
        case .nameNotResolved: "check the server's name, or try again"
        case .connectFailed: "check the server's port and that it runs, or try again"
        case .connectTimedOut: "check that the server can be reached from this network, or try again"
        case .noFreeSocket, .linkLost, .socketsFailed: "try again"
        case .interrupted: nil
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .unknownDialect, .unusable: .configuration
        case .contextRefused(let error): error.exitStatus
        case .modem(let error): error.exitStatus
        case .pppNotCarried: .unavailable
        case .pppFailed(let end): end.exitStatus
        case .network(let error): error.exitStatus
        case .socketsFailed: .unavailable
        case .nameNotResolved, .connectFailed, .connectTimedOut, .noFreeSocket, .linkLost, .interrupted: .tryAgain
        }
    }

    /// Whether the modem's own sockets may do where PPP does not: nothing was refused by the network, and nothing that the owner
    /// wrote is wrong.
    public var allowsSockets: Bool {
        switch self {
        case .pppNotCarried: true
        case .pppFailed(let end): end.isAbsence
        case .network(let error): error != .cancelled
        // A bare `NO CARRIER` may say no more than that this port or this context takes no dial.
        case .contextRefused(.contextRefused(_, nil, _)): true
        case .unknownDialect, .unusable, .contextRefused, .modem, .socketsFailed, .nameNotResolved, .connectFailed,
            .connectTimedOut, .noFreeSocket, .linkLost, .interrupted:
            false
        }
    }

    /// Of an error of a dial: whether nobody knows if it was answered.
    var leavesDialOpen: Bool {
        switch self {
        case .interrupted, .modem(.timedOut), .modem(.cancelled), .modem(.outOfStep): true
        case .modem, .pppNotCarried, .pppFailed, .network, .unknownDialect, .unusable, .contextRefused, .socketsFailed,
            .nameNotResolved, .connectFailed, .connectTimedOut, .noFreeSocket, .linkLost:
            false
        }
    }

    private static func with(_ words: String, _ summary: String) -> String {
        words.isEmpty ? summary : "\(summary): \(words.printable(limit: 200))"
    }
}
