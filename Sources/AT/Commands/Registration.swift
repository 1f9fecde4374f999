/// A domain of network registration and the command that asks for it (3GPP TS 27.007 §7.2, §10.1.20, §10.1.22).
public enum RegistrationDomain: String, Sendable, Equatable, CaseIterable {
    /// Circuit-switched: `+CREG`.
    case circuitSwitched = "+CREG"
    /// Packet-switched of GSM and UMTS: `+CGREG`.
    case packetSwitched = "+CGREG"
    /// The evolved packet system of LTE, LTE-M and NB-IoT: `+CEREG`.
    case evolvedPacketSystem = "+CEREG"
}

/// The registration status of a domain (3GPP TS 27.007 §7.2).
public enum RegistrationStatus: Int, Sendable, Equatable, CaseIterable {
    case notSearching = 0
    case home = 1
    case searching = 2
    case denied = 3
    /// Out of coverage.
    case unknown = 4
    case roaming = 5
    case smsOnlyHome = 6
    case smsOnlyRoaming = 7
    case emergencyOnly = 8
    /// Circuit-switched fallback not preferred.
    case fallbackNotPreferredHome = 9
    case fallbackNotPreferredRoaming = 10
    /// Restricted local operator services only.
    case restrictedServices = 11
}

/// The radio access technology of a registration (3GPP TS 27.007 §7.2, `<AcT>`).
public enum AccessTechnology: Int, Sendable, Equatable, CaseIterable, CustomStringConvertible {
    case gsm = 0
    case gsmCompact = 1
    case utran = 2
    case egprs = 3
    case hsdpa = 4
    case hsupa = 5
    case hspa = 6
    case lte = 7
    case ecGSMIoT = 8
    case nbIoT = 9
    case lteTo5GCore = 10
    case newRadio = 11
    case ngRAN = 12
    case dualConnectivity = 13

    public var description: String {
        switch self {
        case .gsm, .gsmCompact: "GSM"
        case .utran: "UMTS"
        case .egprs: "EDGE"
        case .hsdpa, .hsupa, .hspa: "HSPA"
        case .lte: "LTE"
        case .ecGSMIoT: "EC-GSM-IoT"
        case .nbIoT: "NB-IoT"
        case .lteTo5GCore: "LTE on a 5G core"
        case .newRadio, .ngRAN: "5G"
        case .dualConnectivity: "LTE and 5G"
        }
    }
}

/// What a registration line says of its domain, solicited or not.
public struct Registration: Sendable, Equatable {
    public var domain: RegistrationDomain
    public var status: RegistrationStatus
    /// The location, routing or tracking area code, hexadecimal as sent.
    public var area: String?
    /// The cell identity, hexadecimal as sent.
    public var cell: String?
    public var technology: AccessTechnology?
    /// The number of the network's reject cause where it gave one (3GPP TS 24.008 Annex G, TS 24.301 Annex A).
    public var rejectCause: Int?

    public init(
        domain: RegistrationDomain, status: RegistrationStatus, area: String? = nil, cell: String? = nil,
        technology: AccessTechnology? = nil, rejectCause: Int? = nil
    ) {
        self.domain = domain
        self.status = status
        self.area = area
        self.cell = cell
        self.technology = technology
        self.rejectCause = rejectCause
    }
}

extension Registration {
    /// A solicited line: `+CREG: <n>,<stat>[,"lac","ci"[,AcT[,cause type,cause]]]`. Nil for a line of another form, also for the
    /// unsolicited one, which lacks `<n>`.
    init?(solicited line: String, domain: RegistrationDomain) {
        guard let fields = ResponseFields(line, prefix: domain.rawValue + ":"), !Self.isUnsolicited(fields) else {
            return nil
        }
        self.init(fields, from: 1, domain: domain)
    }

    /// An unsolicited line: `+CREG: <stat>[,"lac","ci"[,AcT[,cause type,cause]]]`; nil for any other.
    public init?(unsolicited line: String) {
        for domain in RegistrationDomain.allCases {
            guard let fields = ResponseFields(line, prefix: domain.rawValue + ":") else { continue }
            guard Self.isUnsolicited(fields) else { return nil }
            self.init(fields, from: 0, domain: domain)
            return
        }
        return nil
    }

    /// One field is a status alone; behind a status stands a code of quotes or of more than two digits, behind `<n>` a status.
    private static func isUnsolicited(_ fields: ResponseFields) -> Bool {
        guard fields.count >= 2 else { return true }
        guard let second = fields.text(1) else { return fields.count > 2 }
        return fields.isQuoted(1) || second.utf8.count > 2
    }

    private init?(_ fields: ResponseFields, from first: Int, domain: RegistrationDomain) {
        guard let number = fields.number(first), let status = RegistrationStatus(rawValue: number) else { return nil }
        self.init(domain: domain, status: status)
        area = Self.code(fields, first + 1)
        var next = first + 2
        // Some firmwares of EPS put a routing area code between area and cell: then two codes follow.
        if Self.isCode(fields, next + 1), Self.isCode(fields, next) { next += 1 }
        cell = Self.code(fields, next)
        technology = fields.number(next + 1).flatMap(AccessTechnology.init(rawValue:))
        var behind = next + 2
        if fields.isQuoted(behind) { behind += 1 }
        // Cause type 0 is a cause of 3GPP, 1 one of the maker's own.
        if fields.number(behind) == 0 { rejectCause = fields.number(behind + 1) }
    }

    private static func isCode(_ fields: ResponseFields, _ index: Int) -> Bool {
        guard let text = fields.text(index) else { return false }
        return fields.isQuoted(index) || text.utf8.count > 2
    }

    private static func code(_ fields: ResponseFields, _ index: Int) -> String? {
        guard let text = fields.text(index), text.utf8.count <= 16 else { return nil }
        return text
    }
}

/// `+CREG?`, `+CGREG?`, `+CEREG?`.
public struct RegistrationQuery: ATCommand {
    public let domain: RegistrationDomain
    public init(_ domain: RegistrationDomain) { self.domain = domain }

    public var text: CommandText {
        switch domain {
        case .circuitSwitched: CommandText("AT+CREG?")
        case .packetSwitched: CommandText("AT+CGREG?")
        case .evolvedPacketSystem: CommandText("AT+CEREG?")
        }
    }

    public var responsePrefixes: [String] { [domain.rawValue + ":"] }

    /// The last solicited line; an unsolicited one counts where no other came.
    public func response(from lines: [String]) throws(ATError) -> Registration {
        let answers = lines.compactMap { Registration(solicited: $0, domain: domain) }
        let others = lines.compactMap { Registration(unsolicited: $0) }.filter { $0.domain == domain }
        guard let answer = answers.last ?? others.last else { throw malformed(lines) }
        return answer
    }
}

/// `+CEREG=3` and its like: changes are told, with cell and reject cause (3GPP TS 27.007 §7.2; 2 has no cause).
public struct RegistrationReporting: ATCommand {
    public typealias Response = Void
    public let domain: RegistrationDomain
    /// Whether the cause of a refusal is told, which modems before 3GPP release 12 do not know.
    public let includesCause: Bool

    public init(_ domain: RegistrationDomain, includesCause: Bool) {
        self.domain = domain
        self.includesCause = includesCause
    }

    public var text: CommandText {
        switch domain {
        case .circuitSwitched: CommandText("AT+CREG=").number(includesCause ? 3 : 2)
        case .packetSwitched: CommandText("AT+CGREG=").number(includesCause ? 3 : 2)
        case .evolvedPacketSystem: CommandText("AT+CEREG=").number(includesCause ? 3 : 2)
        }
    }
}
