import AT
public import Modem
import Scopes

/// What a modem says of itself, for people and for scripts.
public struct StatusReport: Sendable {
    public let status: ModemStatus
    /// Why PPP cannot be on this machine; nil: it can.
    public let pppObstacle: String?

    public init(_ status: ModemStatus, pppObstacle: String? = nil) {
        self.status = status
        self.pppObstacle = pppObstacle
    }

    /// One line a fact; what the modem did not tell is left out.
    public var lines: [String] {
        var rows: [(String, String)] = []
        let identity = status.identity
        rows.append(("modem", identity.summary))
        if !identity.revision.isEmpty { rows.append(("firmware", identity.revision)) }
        if let imei = identity.imei { rows.append(("IMEI", imei)) }
        rows.append(("sim", simWords))
        for registration in status.registrations { rows.append(Self.row(registration)) }
        if let network = status.network, let name = network.name {
            rows.append(
                ("operator", [name, network.technology?.description].compactMap { $0 }.joined(separator: ", ")))
        }
        if let signal = status.signal { rows.append(("signal", "\(signal) dBm")) }
        if let rsrp = status.extendedSignal?.rsrp { rows.append(("RSRP", "\(rsrp) dBm")) }
        if let isAttached = status.isAttached { rows.append(("attached", isAttached ? "yes" : "no")) }
        for context in status.contexts { rows.append(Self.row(context)) }
        rows.append(("PPP", pppObstacle.map { "not on this machine: \($0)" } ?? "possible on this machine"))
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { name, value in
            name + ":" + String(repeating: " ", count: width - name.count + 1) + value.printable()
        }
    }

    public var json: JSONValue {
        let identity = status.identity
        return .object([
            .init("manufacturer", .string(identity.manufacturer)), .init("model", .string(identity.model)),
            .init("firmware", .string(identity.revision)), .init("imei", identity.imei.map { .string($0) } ?? .null),
            .init("sim", .string(simWords)), .init("pin_tries", status.pinTries.map { .integer($0) } ?? .null),
            .init("registrations", .array(status.registrations.map(Self.json))),
            .init("operator", status.network?.name.map { .string($0) } ?? .null),
            .init("signal_dbm", status.signal.map { .integer($0) } ?? .null),
            .init("rsrp_dbm", status.extendedSignal?.rsrp.map { .integer($0) } ?? .null),
            .init("attached", status.isAttached.map { .bool($0) } ?? .null),
            .init("contexts", .array(status.contexts.map(Self.json))),
            .init("ppp_obstacle", pppObstacle.map { .string($0) } ?? .null),
        ])
    }

    private var simWords: String {
        let tries = status.pinTries.map { ", \($0) tries left" } ?? ""
        return switch status.sim {
        case .ready: "ready"
        case .pinRequired: "wants its PIN\(tries)"
        case .pukRequired: "blocked: wants its PUK"
        case .absent: "not inserted"
        case .locked(let words): "locked: \(words)"
        case .unknown(let words): "unknown: \(words)"
        }
    }

    private static func row(_ registration: Registration) -> (String, String) {
        var words = [Self.words(registration.status)]
        if let technology = registration.technology { words.append(technology.description) }
        if let area = registration.area, let cell = registration.cell { words.append("area \(area), cell \(cell)") }
        if let cause = registration.rejectCause { words.append("\(NetworkCause(.registration, cause))") }
        return ("registration \(Self.name(registration.domain))", words.joined(separator: ", "))
    }

    private static func row(_ context: ModemStatus.Context) -> (String, String) {
        var words = [context.definition.type, "APN \(context.definition.apn ?? "of the network")"]
        words.append(context.isActive ? "active" : "not active")
        words += context.addresses
        if !context.nameServers.isEmpty { words.append("DNS \(context.nameServers.joined(separator: " "))") }
        if let mtu = context.mtu { words.append("MTU \(mtu)") }
        return ("context \(context.definition.cid)", words.joined(separator: ", "))
    }

    private static func json(_ registration: Registration) -> JSONValue {
        .object([
            .init("domain", .string(name(registration.domain))), .init("status", .string(words(registration.status))),
            .init("technology", registration.technology.map { .string($0.description) } ?? .null),
            .init("area", registration.area.map { .string($0) } ?? .null),
            .init("cell", registration.cell.map { .string($0) } ?? .null),
            .init("reject_cause", registration.rejectCause.map { .integer($0) } ?? .null),
        ])
    }

    private static func json(_ context: ModemStatus.Context) -> JSONValue {
        .object([
            .init("cid", .integer(context.definition.cid)), .init("type", .string(context.definition.type)),
            .init("apn", context.definition.apn.map { .string($0) } ?? .null), .init("active", .bool(context.isActive)),
            .init("addresses", .array(context.addresses.map { .string($0) })),
            .init("name_servers", .array(context.nameServers.map { .string($0) })),
            .init("mtu", context.mtu.map { .integer($0) } ?? .null),
        ])
    }

    private static func name(_ domain: RegistrationDomain) -> String {
        switch domain {
        case .circuitSwitched: "CS"
        case .packetSwitched: "PS"
        case .evolvedPacketSystem: "EPS"
        }
    }

    private static func words(_ status: RegistrationStatus) -> String {
        switch status {
        case .notSearching: "not searching"
        case .home: "home network"
        case .searching: "searching"
        case .denied: "denied"
        case .unknown: "unknown"
        case .roaming: "roaming"
        case .smsOnlyHome: "home network, SMS only"
        case .smsOnlyRoaming: "roaming, SMS only"
        case .emergencyOnly: "emergency calls only"
        case .fallbackNotPreferredHome: "home network, voice fallback not preferred"
        case .fallbackNotPreferredRoaming: "roaming, voice fallback not preferred"
        case .restrictedServices: "restricted local services"
        }
    }
}

extension ModemIdentity {
    /// Maker and model in one phrase.
    public var summary: String {
        let words = [manufacturer, model].filter { !$0.isEmpty }
        return words.isEmpty ? "unknown modem" : words.joined(separator: " ").printable(limit: 80)
    }
}
