public import AT
public import NIOCore

/// How a modem is asked to carry PPP on its AT line: data, found by the modem's profile.
///
/// Forms are tried in order, the next one only where the answer to the one before says that the modem does not know it: a
/// modem that tried and failed is not asked again.
public struct PPPDial: Sendable, Equatable {
    public enum Form: Sendable, Equatable, CaseIterable {
        /// `ATD*99***<cid>#` (3GPP TS 27.007 §10.2.1.1).
        case number
        /// `AT+CGDATA="PPP",<cid>` (3GPP TS 27.007 §10.1.12).
        case data
    }

    public let forms: [Form]
    /// Commands that have to stand before the dial; a refusal of one is ignored.
    public let preparations: [CommandText]
    /// Between the last command and the dial.
    public let pause: TimeAmount

    public init(_ forms: [Form], preparations: [CommandText] = [], pause: TimeAmount = .zero) {
        self.forms = forms
        self.preparations = preparations
        self.pause = pause
    }

    /// What every modem of 3GPP knows in one form or the other: makers' manuals have the number, and Nordic's parts
    /// `+CGDATA` alone.
    public static let standard = PPPDial([.number, .data])

    /// Quectel's EG800Q and its kin answer `NO CARRIER` to a dial that comes at once: a command and half a second have to
    /// stand before it (at-dialects §2.7, from Zephyr's script for it).
    static let quectelEG8 = PPPDial([.number, .data], preparations: [CommandText("AT")], pause: .milliseconds(500))

    /// Sierra Wireless HL78: the authentication that it was left with would be its own (at-dialects §2.7); the link's
    /// account goes by PAP or CHAP.
    static let sierraHL78 = PPPDial([.number, .data], preparations: [CommandText("AT+WPPP=0")])

    /// The turn on the line that ends with `CONNECT`. Activation of the context is part of it: manuals and users know dials
    /// of 60 to 180 s. A caller that is cancelled aborts it (V.250 §5.6.1).
    public func exchange(_ form: Form, cid: Int) -> Exchange {
        let text =
            switch form {
            case .number: CommandText("ATD*99***").number(cid).literal("#")
            case .data: CommandText("AT+CGDATA=\"PPP\",").number(cid)
            }
        return Exchange(text, completion: .dataMode, timeout: .seconds(180), isAbortable: true)
    }

    /// Whether this answer to a dial can mean that the modem does not know the form: the plain error, "operation not
    /// allowed", "not supported", "incorrect parameters" and "unknown" (3GPP TS 27.007 §9.2.1). Every other one is of the
    /// network, the SIM or the call.
    public static func isUnknownForm(_ code: FinalResultCode) -> Bool {
        switch code {
        case .error, .vendor: true
        case .cme(let number, _): number.map { [3, 4, 50, 100].contains($0) } ?? true
        case .ok, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone: false
        }
    }
}

/// What a context is to carry.
public enum ContextUse: Sendable, Equatable {
    /// The modem's own sockets.
    case sockets
    /// PPP on the line.
    case ppp
}
