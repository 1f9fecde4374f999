/// The options of LCP (RFC 1661 §6, RFC 1662 §7.1).
struct LCPPolicy: ControlPolicy {
    enum Option {
        static let mru: UInt8 = 1
        static let accm: UInt8 = 2
        static let authentication: UInt8 = 3
        static let magicNumber: UInt8 = 5
        static let protocolCompression: UInt8 = 7
        static let addressControlCompression: UInt8 = 8
    }

    /// What one end has told the other of how it receives.
    struct Agreed: Sendable, Equatable {
        var mru: UInt16 = 1_500
        var accm: UInt32 = 0xFFFF_FFFF
        var magicNumber: UInt32 = 0
        var compressesProtocol = false
        var compressesAddressAndControl = false
        /// That the other end has to prove itself by.
        var authentication: AuthenticationProtocol?
    }

    let protocolNumber = PPPProtocol.lcp
    let name = "LCP"

    /// Of ours, what the peer has acknowledged; of its, what we have.
    private(set) var ours = Agreed()
    private(set) var peers = Agreed()
    /// The peer's requests that had our own magic number: the line sends back what we send.
    private(set) var ownNumbersSeen = 0
    /// What the peer asked us to prove ourselves by and we do not take, when that was the last word.
    private(set) var unacceptedAuthentication: String?
    /// The peer will not prove itself by anything that we take.
    private(set) var refusesAuthentication = false

    private let configuration: PPPConfiguration
    private var random: SplitMix64
    private var wanted: Agreed
    private var dropped: Set<UInt8> = []
    /// What may be demanded of the peer, the next first.
    private var demands: [AuthenticationProtocol] = []

    init(_ configuration: PPPConfiguration, random: SplitMix64) {
        self.configuration = configuration
        self.random = random
        wanted = Agreed()
        restart()
    }

    mutating func restart() {
        ours = Agreed()
        peers = Agreed()
        dropped = []
        unacceptedAuthentication = nil
        demands = configuration.demandedAuthentication
        wanted = Agreed(
            mru: configuration.mru, accm: configuration.accm, magicNumber: newMagicNumber(),
            compressesProtocol: configuration.compressesProtocol,
            compressesAddressAndControl: configuration.compressesAddressAndControl, authentication: demands.first)
    }

    // MARK: Ours

    func request() -> [ConfigurationOption] {
        var options: [ConfigurationOption] = []
        if wanted.mru != 1_500 { options.append(ConfigurationOption(Option.mru, wanted.mru)) }
        if wanted.accm != 0xFFFF_FFFF { options.append(ConfigurationOption(Option.accm, wanted.accm)) }
        if let authentication = wanted.authentication {
            options.append(ConfigurationOption(Option.authentication, authentication.optionValue))
        }
        if configuration.usesMagicNumber {
            options.append(ConfigurationOption(Option.magicNumber, wanted.magicNumber))
        }
        if wanted.compressesProtocol { options.append(ConfigurationOption(Option.protocolCompression)) }
        if wanted.compressesAddressAndControl {
            options.append(ConfigurationOption(Option.addressControlCompression))
        }
        return options.filter { !dropped.contains($0.type) }
    }

    mutating func acknowledged() -> Bool {
        ours = Agreed()
        for option in request() { Self.keep(option, in: &ours) }
        return true
    }

    mutating func nakked(_ options: [ConfigurationOption]) {
        for option in options where !dropped.contains(option.type) {
            switch option.type {
            // More than we wish for is borne, up to what every receiver takes (RFC 1661 §6.1).
            case Option.mru: option.uint16.map { wanted.mru = min(max($0, 128), max(1_500, configuration.mru)) }
            // The peer may ask for more to be escaped, never for less.
            case Option.accm: option.uint32.map { wanted.accm |= $0 }
            // A peer may offer to prove itself where nobody asks it to (RFC 1661 §5.3).
            case Option.authentication where !demands.isEmpty:
                demands.removeFirst()
                let proposed = AuthenticationProtocol(optionValue: option.value)
                if let proposed, demands.contains(proposed) { demands = [proposed] }
                wanted.authentication = demands.first ?? wanted.authentication
                refusesAuthentication = demands.isEmpty
            case Option.magicNumber: wanted.magicNumber = newMagicNumber()
            // These have no other value: the peer can mean only that it does not want them.
            case Option.protocolCompression, Option.addressControlCompression: dropped.insert(option.type)
            default: break
            }
        }
    }

    mutating func rejected(_ options: [ConfigurationOption]) {
        for option in options {
            if option.type == Option.authentication, wanted.authentication != nil {
                refusesAuthentication = true
            } else {
                dropped.insert(option.type)
            }
        }
    }

    // MARK: The peer's

    mutating func judge(_ options: [ConfigurationOption], mayNak: Bool) -> ConfigurationVerdict {
        let unknown = options.filter { !Self.isWellFormed($0) || isRefused($0) }
        guard unknown.isEmpty else {
            if let demand = unknown.first(where: { $0.type == Option.authentication }) {
                unacceptedAuthentication = AuthenticationProtocol.name(ofOptionValue: demand.value)
            }
            return .reject(unknown)
        }
        var naks: [(came: ConfigurationOption, wanted: ConfigurationOption)] = []
        var agreed = Agreed()
        for option in options {
            if let better = better(than: option) {
                naks.append((option, better))
            } else {
                Self.keep(option, in: &agreed)
            }
        }
        guard naks.isEmpty else {
            return mayNak ? .nak(naks.map(\.wanted)) : .reject(naks.map(\.came))
        }
        peers = agreed
        ownNumbersSeen = 0
        return .ack
    }

    private func isRefused(_ option: ConfigurationOption) -> Bool {
        configuration.refusedLinkOptions.contains(option.type)
            || option.type == Option.authentication && configuration.acceptedAuthentication.isEmpty
    }

    /// What would be taken in the place of an option; nil: it is taken as it is.
    private mutating func better(than option: ConfigurationOption) -> ConfigurationOption? {
        switch option.type {
        case Option.mru:
            // Less than this carries no IP packet that anybody sends.
            return option.uint16.map { $0 < 128 } == true ? ConfigurationOption(Option.mru, UInt16(128)) : nil
        case Option.authentication:
            let asked = AuthenticationProtocol(optionValue: option.value)
            if let asked, configuration.acceptedAuthentication.contains(asked) {
                unacceptedAuthentication = nil
                return nil
            }
            unacceptedAuthentication = AuthenticationProtocol.name(ofOptionValue: option.value)
            return configuration.acceptedAuthentication.first.map {
                ConfigurationOption(Option.authentication, $0.optionValue)
            }
        case Option.magicNumber:
            guard let number = option.uint32 else { return nil }
            let isOurs = configuration.usesMagicNumber && number == wanted.magicNumber
            if isOurs { ownNumbersSeen += 1 }
            return number == 0 || isOurs ? ConfigurationOption(Option.magicNumber, newMagicNumber()) : nil
        default: return nil
        }
    }

    /// Known, and of the length that its type has.
    private static func isWellFormed(_ option: ConfigurationOption) -> Bool {
        switch option.type {
        case Option.mru: option.value.count == 2
        case Option.accm, Option.magicNumber: option.value.count == 4
        case Option.authentication: option.value.count >= 2
        case Option.protocolCompression, Option.addressControlCompression: option.value.isEmpty
        default: false
        }
    }

    private static func keep(_ option: ConfigurationOption, in agreed: inout Agreed) {
        switch option.type {
        case Option.mru: option.uint16.map { agreed.mru = $0 }
        case Option.accm: option.uint32.map { agreed.accm = $0 }
        case Option.authentication: agreed.authentication = AuthenticationProtocol(optionValue: option.value)
        case Option.magicNumber: option.uint32.map { agreed.magicNumber = $0 }
        case Option.protocolCompression: agreed.compressesProtocol = true
        case Option.addressControlCompression: agreed.compressesAddressAndControl = true
        default: break
        }
    }

    /// Never zero, which stands for none (RFC 1661 §6.4).
    private mutating func newMagicNumber() -> UInt32 {
        UInt32.random(in: 1 ... .max, using: &random)
    }
}
