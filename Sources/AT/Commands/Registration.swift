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
