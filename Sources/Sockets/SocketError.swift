public import Scopes

/// Where a connection was meant to go, in the words of an error.
public struct SocketTarget: Sendable, Equatable, CustomStringConvertible {
    public var host: String
    /// The address that was tried, in text; nil when it did not come to one.
    public var address: String?
    public var port: Int
    /// The interface that carries it; nil when the kernel chose.
    public var interface: String?
    /// The kernel did not allow to bind to the interface, so only the source address is the interface's.
    public var isBoundByAddressOnly: Bool

    public init(
        host: String, address: String? = nil, port: Int, interface: String? = nil, isBoundByAddressOnly: Bool = false
    ) {
        self.host = host
        self.address = address
        self.port = port
        self.interface = interface
        self.isBoundByAddressOnly = isBoundByAddressOnly
    }

    public var description: String {
        var text = host.contains(":") ? "[\(host.printable())]:\(port)" : "\(host.printable()):\(port)"
        if let address, address != host { text += " [\(address)]" }
        if let interface { text += " through \(interface.printable())" }
        if isBoundByAddressOnly { text += " (by its address only: the kernel did not allow more)" }
        return text
    }
}

/// Why a connection of the kernel's TCP did not come about.
///
/// Exit statuses: what a later attempt may well find mended is 75 (a name without an address, refused, timed out); no way
/// to the network is 69; what the operator must change is 78.
public enum SocketError: Failure, Equatable {
    /// The resolver says that the name has no address.
    case nameNotFound(host: String)
    /// The resolver could not answer.
    case nameLookupFailed(host: String, words: String)
    case refused(SocketTarget)
    case timedOut(SocketTarget, limit: Duration)
    case unreachable(SocketTarget, words: String)
    case interfaceAbsent(name: String)
    case interfaceDown(name: String)
    case interfaceWithoutAddress(name: String)
    /// An address or port that cannot be one, or that this machine does not have.
    case badAddress(String)
    case addressInUse(String)
    /// The calling task was cancelled.
    case cancelled
    /// A call of the system failed; its name, and the system's words.
    case failed(call: String, words: String)

    public var failureClass: FailureClass {
        switch self {
        case .nameNotFound, .refused, .timedOut: .peer
        case .nameLookupFailed, .unreachable, .interfaceDown, .interfaceWithoutAddress: .network
        case .interfaceAbsent, .badAddress: .configuration
        case .addressInUse, .failed: .host
        case .cancelled: .defect
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .nameNotFound, .nameLookupFailed, .refused, .timedOut, .addressInUse, .cancelled: .tryAgain
        case .unreachable, .interfaceDown, .interfaceWithoutAddress: .unavailable
        case .interfaceAbsent, .badAddress: .configuration
        case .failed: .inputOutput
        }
    }

    public var summary: String {
        switch self {
        case .nameNotFound(let host): "\(host.printable()): no address for this name"
        case .nameLookupFailed(let host, let words):
            "\(host.printable()): the name was not resolved: \(words.printable())"
        case .refused(let target): "\(target): connection refused"
        case .timedOut(let target, let limit): "\(target): no answer within \(limit)"
        case .unreachable(let target, let words): "\(target): unreachable: \(words.printable())"
        case .interfaceAbsent(let name): "no network interface \(name.printable())"
        case .interfaceDown(let name): "the network interface \(name.printable()) is down"
        case .interfaceWithoutAddress(let name): "the network interface \(name.printable()) has no address"
        case .badAddress(let text): "\(text.printable()): not an address of this machine to listen or connect at"
        case .addressInUse(let text): "\(text.printable()): already in use"
        case .cancelled: "interrupted"
        case .failed(let call, let words): "\(call): \(words.printable())"
        }
    }

    public var advice: String? {
        switch self {
        case .nameNotFound: "check the server's name, and the name servers of this machine"
        case .nameLookupFailed: "check the name servers of this machine, or name the server by its address"
        case .refused: "check the port, and whether the server runs"
        case .timedOut: "check the port; many networks block port 25"
        case .unreachable: "check the route"
        case .interfaceAbsent: "correct the interface's name, or bring it up first"
        case .interfaceDown, .interfaceWithoutAddress: "bring it up first"
        case .addressInUse: "choose another port, or end what uses it"
        case .badAddress, .cancelled, .failed: nil
        }
    }
}
