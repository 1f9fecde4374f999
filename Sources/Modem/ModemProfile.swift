public import AT

/// What is particular to a maker's modems, as data; found by identity.
public struct ModemProfile: Sendable, Equatable {
    /// `quectel-ec2x`, `generic`.
    public let name: String
    /// The embedded-TCP dialect that these modems speak; nil where none is known.
    public let dialectName: String?
    /// How the tries left for the SIM's PIN are asked, the first that answers counts.
    public let pinCounters: [PINTriesQuery.Form]
    /// How the account of a context is set.
    public let accountForm: AccountForm
    /// How the SIM's serial number is asked, the first that answers counts.
    public let iccidForms: [ICCIDQuery.Form]
    /// The greatest cid that the dialect's contexts may use.
    public let greatestCID: Int
    /// Whether the answer to `+CPIN?` may end without a final result code.
    public var pinStateLacksFinal = false
    /// How it is asked for PPP.
    public var dial = PPPDial.standard
    /// The greatest cid that `+CGDCONT` may define for PPP; nil: `greatestCID`.
    public var greatestPPPCID: Int?

    /// The account's command.
    public enum AccountForm: Sendable, Equatable {
        /// `+CGAUTH` of 3GPP TS 27.007 §10.1.31.
        case standard
        /// `+QICSGP` of Quectel's TCP/IP manuals, which also governs PPP of that context.
        case quectel
        /// By the dialect's own commands, with the bearer: contexts need no definition, and keep what they have.
        case dialect
        /// By PAP or CHAP of the PPP link alone.
        case link
    }

    /// The profile of the first maker whose names the identity holds, else the generic one.
    public static func matching(_ identity: ModemIdentity) -> ModemProfile {
        let manufacturer = identity.manufacturer.uppercased()
        let model = identity.model.uppercased()
        let isQuectel = manufacturer.contains("QUECTEL") || model.contains("QUECTEL")
        if isQuectel, quectelModels.contains(where: { model.contains($0) }) { return quectel(model) }
        if isWIPsoft(manufacturer: manufacturer, model: model) { return wipsoft }
        if manufacturer.contains("SIMCOM") || model.contains("SIMCOM"), isSIM800(model) { return simcom }
        guard manufacturer.contains("SIERRA"), model.contains("HL78") else { return generic }
        var profile = generic
        profile.dial = .sierraHL78
        return profile
    }

    /// Wavecom's modems are all of Open AT, and give their bands as their model's name; of Sierra Wireless's these are, and the
    /// HL, MC and EM families are not.
    private static func isWIPsoft(manufacturer: String, model: String) -> Bool {
        if manufacturer.contains("WAVECOM") { return true }
        guard manufacturer.contains("SIERRA") else { return false }
        let words = model.split { !$0.isLetter && !$0.isNumber }
        return words.contains { word in openATModels.contains { word.hasPrefix($0) } }
    }

    private static let openATModels = ["Q24", "Q26", "SL6087", "SL808", "FXT", "FASTRACK"]

    /// Of a modem whose make is not known and of which the owner says what it speaks: contexts and accounts are that family's.
    func speaking(_ dialect: String?) -> ModemProfile {
        guard dialectName == nil, let dialect,
            let family = Self.families.first(where: { $0.dialectName == dialect })
        else { return self }
        var profile = ModemProfile(
            name: name, dialectName: dialect, pinCounters: pinCounters, accountForm: family.accountForm,
            iccidForms: iccidForms, greatestCID: family.greatestCID)
        profile.dial = dial
        profile.greatestPPPCID = family.greatestPPPCID
        return profile
    }

    /// As it is for such a use. For PPP a context is defined by `+CGDCONT` also where the sockets have one of their own; the
    /// account of such a modem is then proven by the link alone.
    func using(_ use: ContextUse) -> ModemProfile {
        guard use == .ppp else { return self }
        var profile = ModemProfile(
            name: name, dialectName: dialectName, pinCounters: pinCounters,
            accountForm: accountForm == .dialect ? .link : accountForm, iccidForms: iccidForms,
            greatestCID: greatestPPPCID ?? greatestCID)
        profile.pinStateLacksFinal = pinStateLacksFinal
        profile.dial = dial
        profile.greatestPPPCID = greatestPPPCID
        return profile
    }

    private static let families = [quectel, simcom, wipsoft]

    /// SIM800, SIM900, SIM7000 and their kin share `+CIP` sockets. The number decides as a whole: the SIM7600, the SIM7080 and
    /// the SIM8200 speak other families.
    private static func isSIM800(_ model: String) -> Bool {
        let runs = model.split { !$0.isASCII || !($0.isNumber || $0.isLetter) }
        return runs.contains { run in
            guard run.hasPrefix("SIM") else { return false }
            return simcomNumbers.contains(String(run.dropFirst(3).prefix { $0.isNumber }))
        }
    }

    private static let simcomNumbers: Set<String> = ["800", "808", "840", "868", "900", "908", "968", "7000"]

    /// Quectel's EC2x, EG9x, BG9x, EG2x, EC200, EG91x, UG95 and BG77 families share `+QI` sockets.
    private static let quectelModels = [
        "EC2", "EG9", "EG2", "EG8", "EG06", "EG12", "EG18", "EC06", "EP06", "EM06", "EM12", "BG9", "BG77", "BG600",
        "UG95", "UG96",
        "UC20", "UC15", "EC800", "RG50", "RM50",
    ]

    private static func quectel(_ model: String) -> ModemProfile {
        var profile = quectel
        if model.contains("EG8") || model.contains("EC800") { profile.dial = .quectelEG8 }
        return profile
    }

    public static let quectel = ModemProfile(
        name: "quectel", dialectName: "quectel", pinCounters: [.quectel, .standard], accountForm: .quectel,
        iccidForms: [.quectel, .ccid, .iccid], greatestCID: 7)

    /// Open AT modems of Wavecom and Sierra Wireless with the WIP plug-in. They are older than `+CPINR` and `+CGAUTH`; their
    /// manuals ask for no gap between commands.
    public static let wipsoft = ModemProfile(
        name: "wipsoft", dialectName: "wip", pinCounters: [.wavecom, .standard], accountForm: .dialect,
        iccidForms: [.ccid], greatestCID: 4, pinStateLacksFinal: true)

    /// The first number of `+CIPSTART` and its kin is no cid: the sockets have one context of their own.
    /// `+CGDCONT` of PPP has three (SIM800 series AT command manual).
    public static let simcom = ModemProfile(
        name: "simcom", dialectName: "simcom", pinCounters: [.simcom, .standard], accountForm: .dialect,
        iccidForms: [.ccid, .iccid], greatestCID: 1, greatestPPPCID: 3)

    /// What 3GPP TS 27.007 gives; other makers' counters and serial numbers are tried where its own are refused.
    public static let generic = ModemProfile(
        name: "generic", dialectName: nil, pinCounters: [.standard, .simcom, .quectel],
        accountForm: .standard, iccidForms: [.ccid, .iccid, .quectel], greatestCID: 16)
}
