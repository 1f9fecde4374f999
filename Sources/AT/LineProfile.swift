public import NIOCore

/// What a modem wants of its AT line: gaps, limits and words that differ between makers. Every value has a default that suits
/// most; a maker's profile or the configuration changes it.
public struct LineProfile: Sendable, Equatable {
    /// Silence after a final result code before the next command: 20 ms where the maker asks for it (u-blox, older Telit);
    /// none by default. Exchanges of a running stream have none.
    public var gap: TimeAmount = .zero
    /// After so long without a command the modem may sleep: a bare `AT` goes first. nil, the default: it does not sleep.
    public var sleepsAfter: TimeAmount?
    /// Silence on both sides of `+++`. Modems ask for 1.0 s, and some need a little more (`S12` = 50).
    public var guardTime: TimeAmount = .milliseconds(1_100)
    /// How long a late answer is waited for after a timeout, before the first probe.
    public var drainTime: TimeAmount = .milliseconds(500)
    /// Until a probe's answer.
    public var probeTime: TimeAmount = .milliseconds(1_500)
    /// Timeouts that replace those of the exchanges: the key is how the command's text begins, the longest key counts.
    public var timeouts: [String: TimeAmount] = [:]
    /// Lines that say that the modem started anew. `+CPIN: READY` and `+CFUN: 1` are not among them: they are answers, too.
    public var rebootLines: [LinePattern] = LineProfile.commonRebootLines
    /// How lines begin that are unsolicited even while a command waits for bare lines.
    public var unsolicitedPrefixes: [String] = LineProfile.commonUnsolicitedPrefixes
    /// Longest line in octets; anything longer without a line end is babble.
    public var lineLimit = 4_096
    /// Largest counted payload of one line, in octets; a larger announcement is babble.
    public var payloadLimit = 65_536
    /// Most information responses of one exchange, and most octets of them all.
    public var answerLineLimit = 1_024
    public var answerOctetLimit = 262_144
    /// Most exchanges that wait for their turn.
    public var queueLimit = 64

    public init() {}

    public static let standard = LineProfile()

    public static let commonRebootLines: [LinePattern] = [
        .exactly("RDY"), .exactly("^SYSSTART"), .prefix("^SYSSTART "), .exactly("+SYSSTART"), .prefix("+KSUP:"),
        .exactly("UART Boot Completed"), .exactly("START"), .exactly("Ready"), .exactly("+WIND: 3"),
    ]

    public static let commonUnsolicitedPrefixes = [
        "RING", "+CRING:", "+CREG:", "+CGREG:", "+CEREG:", "+C5GREG:", "+CGEV:", "+CIEV:", "+CTZV:", "+CTZE:",
        "+CTZDST:",
        "+CMTI:", "+CMT:", "+CDS:", "+CUSD:", "+CPIN:", "+CFUN:", "+QIND:", "+QIURC:", "+QUSIM:", "*PSUTTZ", "*PSNWID",
        "DST:", "Call Ready", "SMS Ready", "PB DONE", "POWERED DOWN", "NORMAL POWER DOWN", "^RSSI:", "^MODE:", "^HCSQ:",
        "^BOOT:", "^SIMST:", "^SRVST:", "^NWTIME:", "+WIND:",
    ]

    /// The time that the configuration gives the command, else its own.
    func timeout(of exchange: Exchange) -> TimeAmount {
        let keys = timeouts.keys.filter { exchange.text.wire.hasPrefix($0) }
        guard let longest = keys.max(by: { $0.utf8.count < $1.utf8.count }), let limit = timeouts[longest] else {
            return exchange.timeout
        }
        return limit
    }
}
