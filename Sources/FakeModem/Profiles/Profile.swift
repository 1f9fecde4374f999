/// A real modem that can be imitated, as data: who it says it is, how it starts, which habits it has, and the family of its
/// socket commands. A further one is a file with a value like `quectelEC25`, named in `allCases`.
public struct Profile: Sendable {
    /// As `--profile` takes it.
    public let name: String

    /// `+CGMI`, `+CGMM`, `+CGMR`.
    let manufacturer: String
    let model: String
    let revision: String
    /// The lines of `I`.
    let identification: [String]
    let imei: String
    let imsi: String
    let iccid: String

    /// The lines after a reset, group by group, 100 ms apart; the network is sought from the second group on.
    let boot: [[BootLine]]
    /// Lines that follow when the card's files can be read, some while after the right PIN.
    let settled: [String]
    /// Harmless unsolicited lines.
    let chatter: [String]
    /// The beginning of an unsolicited line, for a fault that cuts one.
    let halfLine: String

    /// `<AcT>` in the reports of `+CREG`, `+CGREG`, `+CEREG`; nil where the modem gives none.
    let technology: Int?
    /// PDP types that it knows; the last one is that of a context nobody defined.
    let pdpTypes: [String]
    /// Whether the attach brings a default bearer (LTE): context 1 is active without the host's doing.
    let hasDefaultBearer: Bool
    /// Commands of the standards that it does not know, in capitals.
    let lacks: Set<String>
    /// What stands behind `CONNECT` of a PPP call.
    let connectText: String?
    /// As after a reset or `&F`.
    let settings: Settings
    /// The family of its socket commands, and what else its maker added.
    let stack: any EmbeddedStack.Type

    enum BootLine {
        case text(String)
        /// What the SIM is: `+CPIN: READY`.
        case sim
        /// Only where no code is asked for.
        case whenReady(String)
    }
}

extension Profile: CaseIterable, RawRepresentable, Equatable {
    public static let allCases: [Profile] = [.quectelEC25, .simcomSIM800, .sierraWIP]

    public init?(rawValue: String) {
        guard let profile = Self.allCases.first(where: { $0.name == rawValue }) else { return nil }
        self = profile
    }

    public var rawValue: String { name }

    public static func == (one: Profile, other: Profile) -> Bool { one.name == other.name }
}
