public import Scopes

/// How an AT command failed.
public enum ATError: Failure, Equatable {
    /// The modem refused: its final result code, as a value.
    case refused(command: String, code: FinalResultCode)
    /// No final result code within the limit. The line is tainted until a probe was answered.
    case timedOut(command: String)
    /// The answer does not have the form that the standard gives it.
    case malformed(command: String, line: String)
    /// A value that cannot go on the line.
    case unquotable(name: String, octet: UInt8)
    /// The line is out of step and the probe was not answered.
    case outOfStep
    /// The line carries data; a command would be payload.
    case inDataMode
    /// No answer at all while the line was being synchronised.
    case silent
    /// More commands wait for the modem than the queue holds.
    case queueFull
    /// The modem sends without line ends, or more than the bounds allow.
    case babbling(String)
    /// The modem started anew: every context, socket and setting is gone.
    case rebooted(String)
    /// End of file, EIO or hang-up: unplugged.
    case portGone(String)
    /// The caller was cancelled; its command keeps the line until its final result code.
    case cancelled

    public var failureClass: FailureClass {
        switch self {
        case .unquotable: .configuration
        case .cancelled, .queueFull, .inDataMode: .defect
        case .refused, .timedOut, .malformed, .outOfStep, .silent, .babbling, .rebooted, .portGone: .modem
        }
    }

    public var summary: String {
        switch self {
        case .refused(let command, let code): "the modem answered \(code) to \(command)"
        case .timedOut(let command): "the modem did not answer \(command) in time"
        case .malformed(let command, let line): "the modem answered \(command) with \(line.printable(limit: 80))"
        case .unquotable(let name, let octet):
            "\(name) holds the octet 0x\(String(octet, radix: 16)), which an AT command cannot carry"
        case .outOfStep: "the modem's answers are out of step with the commands"
        case .inDataMode: "the line carries data and takes no command"
        case .silent: "the modem does not answer"
        case .queueFull: "too many commands wait for the modem"
        case .babbling(let words): "the modem sends without end: \(words)"
        case .rebooted(let line): "the modem restarted (\(line.printable(limit: 80)))"
        case .portGone(let words): "the modem is gone: \(words)"
        case .cancelled: "interrupted"
        }
    }

    public var advice: String? {
        switch self {
        case .refused, .malformed, .cancelled, .queueFull, .inDataMode: nil
        case .silent:
            "check the device path (a modem has several ports), the baud rate and the power supply; a modem that is "
                + "starting needs up to 30 s"
        case .timedOut, .outOfStep: "check the device path and the baud rate; power the modem off and on if it stays so"
        case .unquotable: "correct that value"
        case .babbling: "check that the device is a modem's AT port and that the baud rate is right"
        case .rebooted: "check its power supply"
        case .portGone: "check the cable and the power supply"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .unquotable: .configuration
        case .cancelled, .queueFull, .inDataMode: .tryAgain
        case .refused, .timedOut, .malformed, .outOfStep, .silent, .babbling, .rebooted, .portGone: .unavailable
        }
    }
}

/// A final result code (V.250 §5.7.1, 3GPP TS 27.007 §9.2, 3GPP TS 27.005 §3.2.5).
public enum FinalResultCode: Equatable, Sendable, CustomStringConvertible {
    case ok
    case error
    /// `+CME ERROR:` with its number where it came as one or its text is known.
    case cme(number: Int?, text: String)
    case cms(number: Int?, text: String)
    /// `CONNECT` with the text behind it.
    case connect(String)
    case noCarrier
    case busy
    case noAnswer
    case noDialtone
    /// A vendor's: `SEND FAIL`, `COMMAND NOT SUPPORT`.
    case vendor(String)

    public var description: String {
        switch self {
        case .ok: "OK"
        case .error: "ERROR"
        case .cme(let number, let text): "+CME ERROR: \(Self.words(number, text))"
        case .cms(let number, let text): "+CMS ERROR: \(Self.words(number, text))"
        case .connect(let text): text.isEmpty ? "CONNECT" : "CONNECT \(text.printable(limit: 40))"
        case .noCarrier: "NO CARRIER"
        case .busy: "BUSY"
        case .noAnswer: "NO ANSWER"
        case .noDialtone: "NO DIALTONE"
        case .vendor(let text): text.printable(limit: 80)
        }
    }

    private static func words(_ number: Int?, _ text: String) -> String {
        guard let number else { return text.printable(limit: 80) }
        return text.isEmpty ? "\(number)" : "\(number) (\(text.printable(limit: 80)))"
    }
}
