/// The options of IPCP: header compression (RFC 1332 §4), addresses (RFC 1332 §3.3) and name servers (RFC 1877 §1.1, §1.3).
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
    /// What the peer may send compressed, and what we may.
    private(set) var compression: HeaderCompression?
    private(set) var peerCompression: HeaderCompression?
    /// Without those of 0.0.0.0, which stand for none.
    var nameServers: [IPv4Address] {
        Option.nameServers.compactMap { asked[$0] }.filter { $0 != .any }.reduce(into: []) { servers, server in
            if !servers.contains(server) { servers.append(server) }
        }
    }

    private let configuration: PPPConfiguration.IPv4
    private var wanted = IPv4Address.any
    private var wantedCompression: HeaderCompression?
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
        wantedCompression = configuration.headerCompression
        compression = nil
        peerCompression = nil
        asked = [:]
        if configuration.asksForNameServers { for option in Option.nameServers { asked[option] = .any } }
    }

    // MARK: Ours

    func request() -> [ConfigurationOption] {
        let own = dropsAddress ? [] : [ConfigurationOption(Option.address, wanted.rawValue)]
        let compressed = wantedCompression.map { [ConfigurationOption(Option.compression, $0.optionValue)] } ?? []
        return own + compressed
            + Option.nameServers.compactMap { type in
                asked[type].map { ConfigurationOption(type, $0.rawValue) }
            }
    }

    /// A peer that acknowledges 0.0.0.0 has no address for us yet.
    mutating func acknowledged() -> Bool {
        address = wanted
        compression = wantedCompression
        isLeftWithoutAddress = wanted == .any
        return !isLeftWithoutAddress
    }

    mutating func nakked(_ options: [ConfigurationOption]) {
        for option in options {
            if option.type == Option.compression { wantedCompression = concession(to: option) }
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
            switch option.type {
            case Option.address: dropsAddress = true
            case Option.compression: wantedCompression = nil
            default: asked[option.type] = nil
            }
        }
    }

    /// nil: without compression, where the peer has another kind, or wants what it was just offered.
    private func concession(to option: ConfigurationOption) -> HeaderCompression? {
        guard let offered = wantedCompression, let theirs = HeaderCompression(optionValue: option.value) else {
            return nil
        }
        let less = offered.limited(to: theirs)
        return less == offered ? nil : less
    }

    // MARK: The peer's

    mutating func judge(_ options: [ConfigurationOption], mayNak: Bool) -> ConfigurationVerdict {
        let refused = options.filter { !isServed($0) }
        guard refused.isEmpty else { return .reject(refused) }
        let withholds = proposalsLeft > 0 && options.contains { $0.type == Option.address }
        if withholds { proposalsLeft -= 1 }
        let naks = options.compactMap { option in
            better(than: option, withholds: withholds).map { (came: option, wanted: $0) }
        }
        guard naks.isEmpty else { return mayNak ? .nak(naks.map(\.wanted)) : .reject(naks.map(\.came)) }
        peerAddress = options.last { $0.type == Option.address }?.uint32.map(IPv4Address.init) ?? .any
        peerCompression = options.last { $0.type == Option.compression }.flatMap {
            HeaderCompression(optionValue: $0.value)
        }
        return .ack
    }

    /// What would be taken in the place of an option; nil: it is taken as it is.
    private func better(than option: ConfigurationOption, withholds: Bool) -> ConfigurationOption? {
        if option.type == Option.compression {
            guard HeaderCompression(optionValue: option.value) == nil else { return nil }
            return configuration.headerCompression.map { ConfigurationOption(option.type, $0.optionValue) }
        }
        if withholds, option.type == Option.address {
            return ConfigurationOption(option.type, IPv4Address.any.rawValue)
        }
        guard let value = option.uint32.map(IPv4Address.init) else { return nil }
        let better = proposal(for: option.type, value)
        return better == value ? nil : ConfigurationOption(option.type, better.rawValue)
    }

    private func isServed(_ option: ConfigurationOption) -> Bool {
        // The protocol is the least that this one tells.
        if option.type == Option.compression {
            return configuration.headerCompression != nil && option.value.count >= 2
        }
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
