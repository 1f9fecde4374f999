public import AT
import Scopes

/// What a modem says of itself and of its network: every part may be missing, for modems differ in what they answer.
public struct ModemStatus: Sendable, Equatable {
    public var identity = ModemIdentity()
    public var profile = ModemProfile.generic
    /// 1 full, 0 minimum, 4 radio off (3GPP TS 27.007 §8.2).
    public var functionality: Int?
    public var sim = SIM.unknown("not asked")
    public var iccid: String?
    /// Tries left for the PIN.
    public var pinTries: Int?
    /// Of each domain that the modem knows.
    public var registrations: [Registration] = []
    public var network: NetworkOperator?
    /// In dBm.
    public var signal: Int?
    public var extendedSignal: ExtendedSignal?
    public var isAttached: Bool?
    public var contexts: [Context] = []
    public var clock: ModemClock?

    public enum SIM: Sendable, Equatable {
        case ready
        case pinRequired
        case pukRequired
        case absent
        /// Another lock, in the modem's words.
        case locked(String)
        /// Busy, failing or not asked, in the modem's words.
        case unknown(String)
    }

    public struct Context: Sendable, Equatable {
        public var definition: ContextDefinition
        public var isActive: Bool
        public var addresses: [String]
        public var nameServers: [String]
        /// Octets of the largest IPv4 packet; nil where the network did not say.
        public var mtu: Int?

        public init(
            definition: ContextDefinition, isActive: Bool, addresses: [String] = [], nameServers: [String] = []
        ) {
            self.definition = definition
            self.isActive = isActive
            self.addresses = addresses
            self.nameServers = nameServers
        }
    }

    public init() {}

    /// Asks everything, one question after the other, and changes nothing but the form of result codes and errors. Throws only when the line itself fails.
    public static func read(
        port: any CommandPort, clock: any Clock<Duration> = ContinuousClock()
    ) async throws(ModemError) -> ModemStatus {
        let log = PhaseLog(phase: .identify, port: port, clock: clock, progress: { _ in })
        var status = ModemStatus()
        try await status.readIdentity(log)
        try await status.readSIM(log)
        try await status.readNetwork(log)
        try await status.readContexts(log)
        status.clock = try await log.value(ClockQuery())
        return status
    }

    private mutating func readIdentity(_ log: PhaseLog) async throws(ModemError) {
        _ = try await log.value(ResultFormat())
        _ = try await log.value(ErrorReporting())
        let information = try await log.value(InformationQuery()) ?? []
        if let told = ModemIdentity(information: information) {
            identity = told
        } else {
            identity.manufacturer = try await log.value(IdentityQuery(.manufacturer)) ?? ""
            identity.model = try await log.value(IdentityQuery(.model)) ?? information.first ?? ""
            identity.revision = try await log.value(IdentityQuery(.revision)) ?? ""
        }
        identity.imei = try await log.value(IdentityQuery(.serialNumber))
        profile = ModemProfile.matching(identity)
        functionality = try await log.value(FunctionalityQuery())
    }

    private mutating func readSIM(_ log: PhaseLog) async throws(ModemError) {
        sim = Self.sim(try await log.tolerant(PINStateQuery(lacksFinal: profile.pinStateLacksFinal)))
        for form in profile.iccidForms where iccid == nil { iccid = try await log.value(ICCIDQuery(form)) }
        for form in profile.pinCounters where pinTries == nil { pinTries = try await log.value(PINTriesQuery(form)) }
    }

    private static func sim(_ asked: PhaseLog.Asked<PINState>?) -> SIM {
        switch asked {
        case .answered(.ready): .ready
        case .answered(.pin): .pinRequired
        case .answered(.puk): .pukRequired
        case .answered(.absent): .absent
        case .answered(.notReady): .unknown("not ready")
        case .answered(.other(let code)): .locked(code)
        case .refused(let code) where code.equipmentError == 10: .absent
        case .refused(let code) where code.equipmentError == 11: .pinRequired
        case .refused(let code) where code.equipmentError == 12: .pukRequired
        case .refused, .malformed: .unknown(asked?.words ?? "")
        case nil: .unknown("no answer in time")
        }
    }

    private mutating func readNetwork(_ log: PhaseLog) async throws(ModemError) {
        for domain in RegistrationDomain.allCases {
            if let registration = try await log.value(RegistrationQuery(domain)) { registrations.append(registration) }
        }
        network = try await log.value(OperatorQuery())
        signal = try await log.value(SignalQuery()) ?? nil
        extendedSignal = try await log.value(ExtendedSignalQuery())
        isAttached = try await log.value(AttachQuery())
    }

    private mutating func readContexts(_ log: PhaseLog) async throws(ModemError) {
        let definitions = try await log.value(ContextDefinitionsQuery()) ?? []
        let active = definitions.isEmpty ? [] : try await log.value(ContextStatesQuery()) ?? []
        for definition in definitions {
            var context = Context(
                definition: definition, isActive: active.contains(definition.cid), addresses: [], nameServers: [])
            if context.isActive {
                let details = try await log.value(ContextDetailsQuery(cid: definition.cid)) ?? nil
                context.nameServers = details?.nameServers ?? []
                context.mtu = details?.mtu
                context.addresses =
                    try await log.value(ContextAddressQuery(cid: definition.cid)) ?? details?.addresses ?? []
            }
            contexts.append(context)
        }
    }
}

extension PhaseLog {
    /// The same as `ask`, and nil when no answer came in time.
    func tolerant<Command: ATCommand>(_ command: Command) async throws(ModemError) -> Asked<Command.Response>? {
        do {
            return try await ask(command)
        } catch {
            guard case .line(_, .timedOut) = error else { throw error }
            return nil
        }
    }

    func value<Command: ATCommand>(_ command: Command) async throws(ModemError) -> Command.Response? {
        try await tolerant(command)?.response
    }
}

extension CommandPort {
    /// The time that the network told the modem, in seconds since 1970 UTC; nil when the modem does not know it, or does not
    /// answer. It is not authenticated: good for advice, never for trust.
    public func networkTime() async -> Int64? {
        guard let clock = try? await send(ClockQuery()), clock.isSet else { return nil }
        return clock.utcSeconds
    }
}
