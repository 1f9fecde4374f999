/// The options of IPCP: addresses (RFC 1332 §3.3) and name servers (RFC 1877 §1.1, §1.3).
struct IPCPPolicy: ControlPolicy {
    enum Option {
        static let compression: UInt8 = 2
        static let address: UInt8 = 3
        static let primaryNameServer: UInt8 = 129
        static let secondaryNameServer: UInt8 = 131
        static let nameServers = [primaryNameServer, secondaryNameServer]
    }

    let protocolNumber = PPPProtocol.ipcp
    let name = "IPCP"

    private(set) var address = IPv4Address.any
    private(set) var peerAddress = IPv4Address.any
    /// The peer answered, and gave no address that a host can have.
    private(set) var isLeftWithoutAddress = false
    /// Without those of 0.0.0.0, which stand for none.
    var nameServers: [IPv4Address] {
        Option.nameServers.compactMap { asked[$0] }.filter { $0 != .any }.reduce(into: []) { servers, server in
            if !servers.contains(server) { servers.append(server) }
        }
    }

    private let configuration: PPPConfiguration.IPv4
    private var wanted = IPv4Address.any
    /// The value of our request for each name server that we still ask for.
    private var asked: [UInt8: IPv4Address] = [:]
    private var dropsAddress = false
    private var proposalsLeft = 0

    init(_ configuration: PPPConfiguration.IPv4) {
        self.configuration = configuration
        proposalsLeft = configuration.emptyProposals
        restart()
    }

    mutating func restart() {
        wanted = configuration.address
        address = .any
        peerAddress = .any
        dropsAddress = false
        isLeftWithoutAddress = false
        asked = [:]
        if configuration.asksForNameServers { for option in Option.nameServers { asked[option] = .any } }
    }

    // MARK: Ours

    func request() -> [ConfigurationOption] {
        let own = dropsAddress ? [] : [ConfigurationOption(Option.address, wanted.rawValue)]
        return own
            + Option.nameServers.compactMap { type in
                asked[type].map { ConfigurationOption(type, $0.rawValue) }
            }
    }

    /// A peer that acknowledges 0.0.0.0 has no address for us yet.
    mutating func acknowledged() -> Bool {
        address = wanted
        isLeftWithoutAddress = wanted == .any
        return !isLeftWithoutAddress
    }

    mutating func nakked(_ options: [ConfigurationOption]) {
        for option in options {
            guard let value = option.uint32.map(IPv4Address.init) else { continue }
            switch option.type {
            case Option.address:
                wanted = value.isOfHost ? value : .any
                isLeftWithoutAddress = !value.isOfHost
            case Option.primaryNameServer, Option.secondaryNameServer:
                if asked[option.type] != nil { asked[option.type] = value }
            default: break
            }
        }
        // Before there is an address the peer may know nothing yet. Behind it one that proposes no name server has none: asking
        // again would get the same answer.
        guard wanted != .any else { return }
        for option in options where option.uint32 == 0 { asked[option.type] = nil }
    }

    mutating func rejected(_ options: [ConfigurationOption]) {
        for option in options {
            if option.type == Option.address { dropsAddress = true } else { asked[option.type] = nil }
        }
    }

    // MARK: The peer's

    mutating func judge(_ options: [ConfigurationOption], mayNak: Bool) -> ConfigurationVerdict {
        let refused = options.filter { !isServed($0) }
        guard refused.isEmpty else { return .reject(refused) }
        var naks: [(came: ConfigurationOption, wanted: ConfigurationOption)] = []
        var told = IPv4Address.any
        let isEmpty = proposalsLeft > 0 && options.contains { $0.type == Option.address }
        if isEmpty { proposalsLeft -= 1 }
        for option in options {
            guard let value = option.uint32.map(IPv4Address.init) else { continue }
            let isWithheld = isEmpty && option.type == Option.address
            let better = isWithheld ? .any : proposal(for: option.type, value)
            if better != value || isWithheld {
                naks.append((option, ConfigurationOption(option.type, better.rawValue)))
            }
            if option.type == Option.address { told = value }
        }
        guard naks.isEmpty else { return mayNak ? .nak(naks.map(\.wanted)) : .reject(naks.map(\.came)) }
        peerAddress = told
        return .ack
    }

    private func isServed(_ option: ConfigurationOption) -> Bool {
        guard option.value.count == 4 else { return false }
        switch option.type {
        case Option.address: return true
        case Option.primaryNameServer: return !configuration.nameServers.isEmpty
        case Option.secondaryNameServer: return configuration.nameServers.count > 1
        default: return false
        }
    }

    private func proposal(for type: UInt8, _ value: IPv4Address) -> IPv4Address {
        switch type {
        case Option.primaryNameServer: configuration.nameServers.first ?? value
        case Option.secondaryNameServer: configuration.nameServers.dropFirst().first ?? value
        // A modem has no use for its address, and may ask us for one.
        default: configuration.peerAddress ?? (value == .any ? Self.anyPeer : value)
        }
    }

    /// Given to a peer that asks for an address and for which none is configured: one of RFC 6598, which no host of the far net has.
    private static let anyPeer = IPv4Address(100, 127, 255, 254)
}
