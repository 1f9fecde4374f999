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

    /// The account's command.
    public enum AccountForm: Sendable, Equatable {
        /// `+CGAUTH` of 3GPP TS 27.007 §10.1.31.
        case standard
        /// `+QICSGP` of Quectel's TCP/IP manuals, which also governs PPP of that context.
        case quectel
    }

    /// The profile of the first maker whose names the identity holds, else the generic one.
    public static func matching(_ identity: ModemIdentity) -> ModemProfile {
        let manufacturer = identity.manufacturer.uppercased()
        let model = identity.model.uppercased()
        let isQuectel = manufacturer.contains("QUECTEL") || model.contains("QUECTEL")
        if isQuectel, quectelModels.contains(where: { model.contains($0) }) { return quectel }
        return generic
    }

    /// Quectel's EC2x, EG9x, BG9x, EG2x, EC200, EG91x, UG95 and BG77 families share `+QI` sockets.
    private static let quectelModels = [
        "EC2", "EG9", "EG2", "EG8", "EG06", "EG12", "EG18", "EC06", "EP06", "EM06", "EM12", "BG9", "BG77", "BG600",
        "UG95", "UG96",
        "UC20", "UC15", "EC800", "RG50", "RM50",
    ]

    public static let quectel = ModemProfile(
        name: "quectel", dialectName: "quectel", pinCounters: [.quectel, .standard], accountForm: .quectel,
        iccidForms: [.quectel, .ccid, .iccid], greatestCID: 7)

    /// What 3GPP TS 27.007 gives; other makers' counters and serial numbers are tried where its own are refused.
    public static let generic = ModemProfile(
        name: "generic", dialectName: nil, pinCounters: [.standard, .simcom, .quectel],
        accountForm: .standard, iccidForms: [.ccid, .iccid, .quectel], greatestCID: 16)
}
