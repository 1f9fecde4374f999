extension FinalResultCode {
    /// The final result code that the line is as a whole, nil for any other line.
    ///
    /// `CONNECT` with words behind it counts only when they begin with a digit: `CONNECT OK` and `CONNECT FAIL` are vendors'
    /// own lines. The words behind `+CME ERROR` are compared without case and punctuation, as makers vary both.
    /// - Parameter isNumeric: whether result codes come as digits (`ATV0`, V.250 §6.2.6); the words count in any case.
    public init?(line: String, isNumeric: Bool = false) {
        let text = line.squeezed
        if isNumeric, let code = Self.numeric(text) {
            self = code
            return
        }
        switch text {
        case "OK": self = .ok
        case "ERROR": self = .error
        case "NO CARRIER": self = .noCarrier
        case "BUSY": self = .busy
        case "NO ANSWER": self = .noAnswer
        case "NO DIALTONE", "NO DIAL TONE": self = .noDialtone
        case "CONNECT": self = .connect("")
        case "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED": self = .vendor(text)
        default:
            guard let code = Self.prefixed(text) else { return nil }
            self = code
        }
    }

    private static func prefixed(_ text: String) -> FinalResultCode? {
        if text.hasPrefix("+CME ERROR:") {
            let (number, words) = numbered(text.dropFirst(11), known: equipmentErrors)
            return .cme(number: number, text: words)
        }
        if text.hasPrefix("+CMS ERROR:") {
            let (number, words) = numbered(text.dropFirst(11), known: messageErrors)
            return .cms(number: number, text: words)
        }
        if text.hasPrefix("+EXT ERROR:") || text.hasPrefix("MODEM ERROR:") { return .vendor(text) }
        if text.hasPrefix("CONNECT "), let first = text.dropFirst(8).utf8.first, (0x30...0x39).contains(first) {
            return .connect(String(text.dropFirst(8)))
        }
        return nil
    }

    private static func numeric(_ text: String) -> FinalResultCode? {
        switch text {
        case "0": .ok
        case "1": .connect("")
        case "3": .noCarrier
        case "4": .error
        case "6": .noDialtone
        case "7": .busy
        case "8": .noAnswer
        default: nil
        }
    }

    private static func numbered(_ text: Substring, known: [Int: String]) -> (Int?, String) {
        let words = String(text).squeezed
        if let number = Int(words) { return (number, known[number] ?? "") }
        let key = letters(words)
        return (known.first { letters($0.value) == key }?.key, words)
    }

    private static func letters(_ text: String) -> [UInt8] {
        text.lowercased().utf8.filter { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// 3GPP TS 27.007 §9.2.
    private static let equipmentErrors: [Int: String] = [
        0: "phone failure", 1: "no connection to phone", 3: "operation not allowed", 4: "operation not supported",
        5: "PH-SIM PIN required", 10: "SIM not inserted", 11: "SIM PIN required", 12: "SIM PUK required",
        13: "SIM failure", 14: "SIM busy", 15: "SIM wrong", 16: "incorrect password", 17: "SIM PIN2 required",
        18: "SIM PUK2 required", 20: "memory full", 21: "invalid index", 22: "not found", 23: "memory failure",
        30: "no network service", 31: "network timeout", 32: "network not allowed - emergency calls only",
        40: "network personalization PIN required", 50: "incorrect parameters", 51: "command disabled",
        52: "command aborted", 100: "unknown", 103: "illegal MS", 106: "illegal ME", 107: "GPRS services not allowed",
        111: "PLMN not allowed", 112: "location area not allowed", 113: "roaming not allowed in this location area",
        126: "insufficient resources", 127: "missing or unknown APN", 128: "unknown PDP address or PDP type",
        129: "user authentication failed", 130: "request rejected by the gateway",
        131: "request rejected, unspecified", 132: "service option not supported",
        133: "requested service option not subscribed", 134: "service option temporarily out of order",
        148: "unspecified GPRS error", 149: "PDP authentication failure", 150: "invalid mobile class",
    ]

    /// 3GPP TS 27.005 §3.2.5.
    private static let messageErrors: [Int: String] = [
        300: "ME failure", 302: "operation not allowed", 303: "operation not supported",
        304: "invalid PDU mode parameter",
        305: "invalid text mode parameter", 310: "SIM not inserted", 311: "SIM PIN required", 313: "SIM failure",
        314: "SIM busy", 315: "SIM wrong", 316: "SIM PUK required", 320: "memory failure", 321: "invalid memory index",
        322: "memory full", 330: "SMSC address unknown", 331: "no network service", 332: "network timeout",
        500: "unknown error",
    ]
}
