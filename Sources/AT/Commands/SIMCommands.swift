public import Credentials
public import NIOCore

/// `+CPIN?`: which code the SIM or the modem asks for (3GPP TS 27.007 §8.3).
public struct PINStateQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CPIN?") }
    public var responsePrefixes: [String] { ["+CPIN:"] }
    /// Modems in the field took 3 s while the SIM started.
    public var timeout: TimeAmount { .seconds(10) }
    public var completion: Exchange.Completion { lacksFinal ? .lineWithoutFinal(.prefix("+CPIN:")) : .finalResultCode }
    private let lacksFinal: Bool

    /// - Parameter lacksFinal: whether the modem may end its answer without a final result code, as Wavecom's do.
    public init(lacksFinal: Bool = false) {
        self.lacksFinal = lacksFinal
    }

    public func response(from lines: [String]) throws(ATError) -> PINState {
        guard let code = fields(lines, prefix: "+CPIN:").last(where: { $0.count > 0 })?.text(0) else {
            throw malformed(lines)
        }
        return PINState(code: code)
    }
}

/// The answer of `+CPIN?`.
public enum PINState: Sendable, Equatable {
    /// No code is asked for; PIN2 and PUK2 are not needed for data.
    case ready
    case pin
    case puk
    /// No SIM: `NOT INSERTED`, which the standard has as an error instead.
    case absent
    /// The SIM starts: `NOT READY`.
    case notReady
    /// A personalisation lock (`PH-NET PIN`) or a code that the standard does not name.
    case other(String)

    init(code: String) {
        switch code.uppercased() {
        case "READY", "SIM PIN2", "SIM PUK2": self = .ready
        case "SIM PIN": self = .pin
        case "SIM PUK": self = .puk
        case "NOT INSERTED": self = .absent
        case "NOT READY": self = .notReady
        default: self = .other(String(code.prefix(40)))
        }
    }
}

/// `+CPIN="…"`: enters the PIN. Never sent but by the PIN guard.
public struct PINEntry: ATCommand {
    public typealias Response = Void
    public let text: CommandText
    /// Quectel's manuals say 5 s; other drivers wait 20 to 30 s.
    public var timeout: TimeAmount { .seconds(30) }

    /// - Throws: `.unquotable` for a PIN that is not printable ASCII.
    public init(_ pin: Secret) throws(ATError) {
        text = try CommandText("AT+CPIN=").quoted(secret: pin, name: "the SIM PIN")
    }
}

/// The tries left for the SIM's PIN, in one of the vendors' ways.
public struct PINTriesQuery: ATCommand {
    public enum Form: Sendable, Equatable, CaseIterable {
        /// `+CPINR`: `+CPINR: SIM PIN,3,3`, a line a code, the name quoted or not (3GPP TS 27.007 §8.65).
        case standard
        /// `+QPINC?`: `+QPINC: "SC",3,10`, PIN then PUK.
        case quectel
        /// `+SPIC`: `+SPIC: 3,10,3,10`, PIN1, PUK1, PIN2, PUK2.
        case simcom
        /// `+CPINC?`: `+CPINC: 3,3,10,10`, PIN1, PIN2, PUK1, PUK2 (Wavecom AT Commands Interface Guide, "PIN Remaining
        /// Attempt Number"; Sierra Wireless's Open AT modules).
        case wavecom
    }

    public let form: Form
    public init(_ form: Form) { self.form = form }

    public var text: CommandText {
        switch form {
        case .standard: CommandText("AT+CPINR")
        case .quectel: CommandText("AT+QPINC?")
        case .simcom: CommandText("AT+SPIC")
        case .wavecom: CommandText("AT+CPINC?")
        }
    }

    public var responsePrefixes: [String] { [prefix] }

    private var prefix: String {
        switch form {
        case .standard: "+CPINR:"
        case .quectel: "+QPINC:"
        case .simcom: "+SPIC:"
        case .wavecom: "+CPINC:"
        }
    }

    /// 0 to 255 tries for PIN1; anything else is malformed, never a guess.
    public func response(from lines: [String]) throws(ATError) -> Int {
        let answers = fields(lines, prefix: prefix)
        let tries: Int?
        switch form {
        case .standard: tries = answers.first { $0.text(0)?.uppercased() == "SIM PIN" }?.number(1)
        case .quectel: tries = answers.first { $0.text(0)?.uppercased() == "SC" }?.number(1)
        case .simcom, .wavecom: tries = answers.first { $0.count >= 4 }?.number(0)
        }
        guard let tries, (0...255).contains(tries) else { throw malformed(lines) }
        return tries
    }
}

/// `+CIMI`: the subscriber's identity, 6 to 15 digits (3GPP TS 27.007 §5.6).
public struct IMSIQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CIMI") }
    public var responsePrefixes: [String] { ["+CIMI:"] }
    public var answersBareLines: Bool { true }
    public var timeout: TimeAmount { .seconds(10) }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> String {
        let values = lines.prefix(32).map { BareLine.value(of: $0, name: "+CIMI") }
        guard let imsi = values.lazy.compactMap({ BareLine.digits(in: $0, count: 6...15) }).first else {
            throw malformed(lines)
        }
        return imsi
    }
}

/// The SIM's serial number, 18 to 22 digits, in one of the vendors' ways (`+CCID`, `+QCCID`, `+ICCID`).
public struct ICCIDQuery: ATCommand {
    public enum Form: Sendable, Equatable, CaseIterable {
        case ccid
        case quectel
        case iccid
    }

    public let form: Form
    public init(_ form: Form) { self.form = form }

    public var text: CommandText {
        switch form {
        case .ccid: CommandText("AT+CCID")
        case .quectel: CommandText("AT+QCCID")
        case .iccid: CommandText("AT+ICCID")
        }
    }

    /// Some answer with another name than they were asked by, or with none.
    public var responsePrefixes: [String] { ["+CCID:", "+QCCID:", "+ICCID:"] }
    public var answersBareLines: Bool { true }
    public var timeout: TimeAmount { .seconds(10) }

    /// Without the filling `F` behind a number of 19 digits.
    public func response(from lines: [String]) throws(ATError) -> String {
        for line in lines.prefix(32) {
            if let iccid = BareLine.digits(in: line, count: 18...22) { return iccid }
        }
        throw malformed(lines)
    }
}
