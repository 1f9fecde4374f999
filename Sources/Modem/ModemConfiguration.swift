public import AT
public import Credentials

/// What the owner says about the modem and its SIM. A value that reaches the line was validated here.
public struct ModemConfiguration: Sendable {
    /// Nil: the context that the network or the SIM defined is used.
    public let apn: String?
    public let account: PDPAccount?
    /// Nil: `IPV4V6` for a context that has to be defined, any type for one that is found.
    public let pdpType: PDPType?
    public let simPIN: Secret?
    /// Whether a visited network may be used. No by default: it costs money.
    public let allowsRoaming: Bool
    /// Whether the PIN is sent though its use cannot be recorded or the tries left cannot be asked. No by default.
    public let allowsPINWithoutGuard: Bool
    /// Whether RTS and CTS are wired, and the modem is told to use them (`+IFC=2,2`).
    public let usesRTSCTS: Bool
    /// Further commands of the owner's, sent after identification, one line each.
    public let initCommands: [CommandText]
    /// The dialect's family that the owner names, for a modem whose make is not known.
    public let dialectName: String?
    public let limits: Limits

    /// How long bring-up waits for each thing. The limits of single commands are the line's: `LineProfile.timeouts`.
    public struct Limits: Sendable, Equatable {
        /// Until the SIM answers; 30 s. A SIM needs 2 to 20 s after power-on.
        public var sim: Duration
        /// Until a network registered the modem; 180 s.
        public var registration: Duration
        /// Until the packet domain is attached after registration; 140 s.
        public var attach: Duration
        /// Between two questions while waiting, when no unsolicited line comes first; 2 s.
        public var pollInterval: Duration

        public init(
            sim: Duration = .seconds(30), registration: Duration = .seconds(180), attach: Duration = .seconds(140),
            pollInterval: Duration = .seconds(2)
        ) {
            self.sim = sim
            self.registration = registration
            self.attach = attach
            self.pollInterval = pollInterval
        }
    }

    /// - Throws: `ModemError.invalid` that names the value which cannot be used.
    public init(
        apn: String? = nil, apnUser: String? = nil, apnPassword: Secret? = nil,
        authentication: PDPAccount.Authentication = .papOrCHAP, pdpType: PDPType? = nil, simPIN: Secret? = nil,
        allowsRoaming: Bool = false, allowsPINWithoutGuard: Bool = false, usesRTSCTS: Bool = false,
        initCommands: [String] = [], dialectName: String? = nil, limits: Limits = Limits()
    ) throws(ModemError) {
        self.apn = try Self.validated(apn: apn)
        self.account = try Self.account(user: apnUser, password: apnPassword, authentication: authentication)
        self.pdpType = pdpType
        self.simPIN = try Self.validated(pin: simPIN)
        self.allowsRoaming = allowsRoaming
        self.allowsPINWithoutGuard = allowsPINWithoutGuard
        self.usesRTSCTS = usesRTSCTS
        self.initCommands = try InitCommands.validated(initCommands)
        self.dialectName = dialectName
        self.limits = limits
    }

    /// At most 100 octets, as 3GPP TS 23.003 §9.1 has it; letters, digits and the few others that operators use.
    private static func validated(apn: String?) throws(ModemError) -> String? {
        guard let apn, !apn.isEmpty else { return nil }
        guard apn.utf8.count <= 100 else { throw .invalid(option: "apn", words: "it is longer than 100 octets") }
        for octet in apn.utf8 where octet <= 0x20 || octet > 0x7E || octet == 0x22 || octet == 0x2C {
            throw .invalid(option: "apn", words: "it holds the octet 0x\(String(octet, radix: 16))")
        }
        return apn
    }

    /// Four to eight digits (3GPP TS 31.101 §9.5.1).
    private static func validated(pin: Secret?) throws(ModemError) -> Secret? {
        guard let pin else { return nil }
        let digits = pin.reveal()
        guard (4...8).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .invalid(option: "sim-pin-file", words: "a SIM PIN has four to eight digits and nothing else")
        }
        return pin
    }

    private static func account(
        user: String?, password: Secret?, authentication: PDPAccount.Authentication
    ) throws(ModemError) -> PDPAccount? {
        guard let user, !user.isEmpty else {
            guard password == nil else {
                throw .invalid(option: "apn-password-file", words: "a password without apn-user")
            }
            return nil
        }
        try quotable(Array(user.utf8), option: "apn-user")
        let secret = password ?? Secret("")
        try quotable(secret.reveal(), option: "apn-password-file")
        return PDPAccount(user: user, password: secret, authentication: authentication)
    }

    /// What a quoted string of V.250 §5.4.2.2 can hold, within 127 octets.
    private static func quotable(_ octets: [UInt8], option: String) throws(ModemError) {
        guard octets.count <= 127 else { throw .invalid(option: option, words: "it is longer than 127 octets") }
        guard octets.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 }) else {
            throw .invalid(option: option, words: "an AT command carries printable ASCII without quotes only")
        }
    }
}
