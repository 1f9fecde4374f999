/// The option of IPV6CP: interface identifiers (RFC 5072 §4.1).
struct IPV6CPPolicy: ControlPolicy {
    static let interfaceIdentifier: UInt8 = 1

    let protocolNumber = PPPProtocol.ipv6cp
    let name = "IPV6CP"

    private(set) var identifier: UInt64 = 0
    private(set) var peerIdentifier: UInt64 = 0

    private let configuration: PPPConfiguration.IPv6
    private var random: SplitMix64
    private var wanted: UInt64 = 0
    private var drops = false

    init(_ configuration: PPPConfiguration.IPv6, random: SplitMix64) {
        self.configuration = configuration
        self.random = random
        restart()
    }

    mutating func restart() {
        identifier = 0
        peerIdentifier = 0
        drops = false
        wanted = configuration.interfaceIdentifier ?? newIdentifier()
    }

    func request() -> [ConfigurationOption] {
        drops ? [] : [Self.option(wanted)]
    }

    /// Without an identifier there is no address.
    mutating func acknowledged() -> Bool {
        identifier = wanted
        return true
    }

    mutating func nakked(_ options: [ConfigurationOption]) {
        guard let value = options.first(where: { $0.type == Self.interfaceIdentifier }).flatMap(Self.value) else {
            return
        }
        // Nobody may have the peer's (RFC 5072 §4.1).
        wanted = value == 0 || value == peerIdentifier ? newIdentifier() : value
    }

    mutating func rejected(_ options: [ConfigurationOption]) {
        drops = drops || options.contains { $0.type == Self.interfaceIdentifier }
    }

    mutating func judge(_ options: [ConfigurationOption], mayNak: Bool) -> ConfigurationVerdict {
        let refused = options.filter { $0.type != Self.interfaceIdentifier || Self.value($0) == nil }
        guard refused.isEmpty else { return .reject(refused) }
        let told = options.last.flatMap(Self.value) ?? 0
        if let last = options.last, told == 0 || told == wanted || isTaken(told) {
            // Both at zero: neither has one to give (RFC 5072 §4.1).
            let better = configuration.peerInterfaceIdentifier ?? newIdentifier()
            return mayNak ? .nak([Self.option(better)]) : .reject([last])
        }
        peerIdentifier = told
        return .ack
    }

    /// The network has given this end another one, as cellular networks do (3GPP TS 29.061 §11.2.1.3).
    private func isTaken(_ told: UInt64) -> Bool {
        configuration.peerInterfaceIdentifier.map { $0 != told } ?? false
    }

    private static func option(_ value: UInt64) -> ConfigurationOption {
        ConfigurationOption(interfaceIdentifier, (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) })
    }

    private static func value(_ option: ConfigurationOption) -> UInt64? {
        option.value.count == 8 ? option.value.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }

    /// Neither zero nor of the universal kind: bit 1 of the first octet is clear (RFC 5072 §4.1).
    private mutating func newIdentifier() -> UInt64 {
        let drawn = UInt64.random(in: 1 ... .max, using: &random) & ~(2 << 56)
        return drawn == 0 ? 1 : drawn
    }
}
