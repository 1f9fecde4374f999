public import Scopes

/// Why the network refused, as a number of 3GPP and in words.
public struct NetworkCause: Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// Of mobility management: 3GPP TS 24.008 §10.5.3.6 and §10.5.5.14, TS 24.301 §9.9.3.9.
        case registration
        /// Of session management: 3GPP TS 24.008 §10.5.6.6, TS 24.301 §9.9.4.4.
        case session
    }

    public let kind: Kind
    public let code: Int

    public init(_ kind: Kind, _ code: Int) {
        self.kind = kind
        self.code = code
    }

    public var words: String? {
        switch kind {
        case .registration: Self.registrationWords[code]
        case .session: Self.sessionWords[code]
        }
    }

    public var description: String { words.map { "\($0) (cause \(code))" } ?? "cause \(code)" }

    /// Who can mend it: the SIM's subscription, what was configured, or the network.
    public var failureClass: FailureClass {
        switch kind {
        case .registration: Self.subscriptionCauses.contains(code) ? .sim : .network
        case .session: Self.configurationCauses.contains(code) ? .configuration : .network
        }
    }

    /// The network refuses the name or the password of the account.
    public var isAuthentication: Bool { kind == .session && code == 29 }

    /// The next step for a person.
    public var advice: String? {
        switch (kind, code) {
        case (.registration, 2), (.registration, 3), (.registration, 8):
            "ask the operator whether the SIM is activated and paid"
        case (.registration, 5), (.registration, 6): "the operator bars this modem: have its IMEI allowed"
        case (.registration, 7), (.registration, 14): "the subscription has no data service: have the operator add it"
        case (.registration, 11), (.registration, 12), (.registration, 13), (.registration, 15):
            "the SIM may not use this network here: ask the operator about coverage and roaming"
        case (.registration, 19): "the access point was refused while attaching: check the APN"
        case (.registration, 22): "the network is congested: try again later"
        case (.session, 27): "check the APN"
        case (.session, 29): "check apn-user and apn-password-file"
        case (.session, 8), (.session, 32), (.session, 33): "ask the operator whether the subscription has this APN"
        case (.session, 28), (.session, 50), (.session, 51): "set the PDP type that the operator allows"
        case (.session, 26), (.session, 38): "the network is congested: try again later"
        default: nil
        }
    }

    private static let subscriptionCauses: Set<Int> = [2, 3, 5, 6, 7, 8, 14]
    private static let configurationCauses: Set<Int> = [8, 27, 28, 29, 32, 33, 50, 51]

    private static let registrationWords: [Int: String] = [
        2: "IMSI unknown in the home network", 3: "illegal SIM (illegal MS)", 4: "IMSI unknown in the visited network",
        5: "IMEI not accepted", 6: "illegal modem (illegal ME)", 7: "data services not allowed",
        8: "neither data nor other services allowed", 9: "the network cannot derive the identity",
        10: "implicitly detached", 11: "network not allowed (PLMN not allowed)",
        12: "location or tracking area not allowed", 13: "roaming not allowed in this area",
        14: "data services not allowed in this network", 15: "no suitable cells in this area",
        16: "mobile switching centre not reachable", 17: "network failure", 18: "circuit-switched domain not available",
        19: "session management failure while attaching", 20: "authentication code failure",
        21: "synchronisation failure",
        22: "congestion", 23: "security capabilities mismatch", 24: "security mode rejected",
        25: "not authorised for this closed group", 26: "authentication unacceptable", 31: "redirected to another core",
        35: "requested service option not authorised", 40: "no bearer context activated", 42: "severe network failure",
        95: "semantically incorrect message", 96: "invalid mandatory information", 111: "protocol error",
    ]

    private static let sessionWords: [Int: String] = [
        8: "operator determined barring", 25: "LLC or SNDCP failure", 26: "insufficient resources",
        27: "missing or unknown APN", 28: "unknown PDP address or PDP type", 29: "user authentication failed",
        30: "activation rejected by the gateway", 31: "activation rejected, unspecified",
        32: "service option not supported", 33: "requested service option not subscribed",
        34: "service option temporarily out of order", 35: "NSAPI already used", 36: "regular deactivation",
        37: "quality of service not accepted", 38: "network failure", 39: "reactivation requested",
        50: "PDP type IPv4 only allowed", 51: "PDP type IPv6 only allowed", 52: "single address bearers only allowed",
        53: "the network has no information on this PDN", 54: "PDN connection does not exist",
        55: "several connections to one APN not allowed", 65: "the greatest number of contexts is reached",
        66: "APN not supported in this combination of access and network", 95: "semantically incorrect message",
        96: "invalid mandatory information", 111: "protocol error", 112: "APN restriction",
    ]
}
