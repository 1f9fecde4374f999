/// The numbers of `+CME ERROR` (3GPP TS 27.007 §9.2) and `+CMS ERROR` (3GPP TS 27.005 §3.2.5) and their words.
///
/// Verbose texts vary in case, blanks and punctuation, so that they are compared after lower-casing and dropping what is not
/// a letter or a digit.
public enum ErrorTable: Sendable, CaseIterable {
    case cme
    case cms

    /// The standard's words, in English and short.
    public func words(of number: Int) -> String? { table[number] }

    /// The number whose words these are.
    public func number(of text: String) -> Int? {
        let wanted = Self.reduced(text)
        guard !wanted.isEmpty else { return nil }
        switch self {
        case .cme: return Self.cmeNumbers[wanted]
        case .cms: return Self.cmsNumbers[wanted]
        }
    }

    private var table: [Int: String] {
        switch self {
        case .cme: Self.cmeWords
        case .cms: Self.cmsWords
        }
    }

    /// At most the first 120 octets, letters lower-cased and digits.
    private static func reduced(_ text: String) -> String {
        let kept = text.utf8.prefix(120).compactMap { octet -> UInt8? in
            switch octet {
            case 0x30...0x39, 0x61...0x7A: octet
            case 0x41...0x5A: octet + 0x20
            default: nil
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func reversed(_ table: [Int: String], also: [String: Int]) -> [String: Int] {
        var numbers: [String: Int] = [:]
        for (number, words) in table.sorted(by: { $0.key < $1.key }) where numbers[reduced(words)] == nil {
            numbers[reduced(words)] = number
        }
        for (words, number) in also { numbers[reduced(words)] = number }
        return numbers
    }

    private static let cmeNumbers = reversed(
        cmeWords,
        also: [
            "SIM not available": 10, "no SIM": 10, "SIM PIN necessary": 11, "SIM busy try later": 14,
            "requested service option not subscribed": 133, "PDP authentication error": 149, "unknown error": 100,
            "last PDN disconnection not allowed (LTE)": 171, "operation not permitted": 3,
        ])
    private static let cmsNumbers = reversed(cmsWords, also: ["SIM PIN necessary": 311])

    private static let cmeWords: [Int: String] = [
        0: "phone failure", 1: "no connection to phone", 2: "phone-adaptor link reserved", 3: "operation not allowed",
        4: "operation not supported", 5: "PH-SIM PIN required", 6: "PH-FSIM PIN required", 7: "PH-FSIM PUK required",
        10: "SIM not inserted", 11: "SIM PIN required", 12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy",
        15: "SIM wrong", 16: "incorrect password", 17: "SIM PIN2 required", 18: "SIM PUK2 required", 20: "memory full",
        21: "invalid index", 22: "not found", 23: "memory failure", 24: "text string too long",
        25: "invalid characters in text string", 26: "dial string too long", 27: "invalid characters in dial string",
        30: "no network service", 31: "network timeout", 32: "network not allowed - emergency calls only",
        40: "network personalization PIN required", 41: "network personalization PUK required",
        42: "network subset personalization PIN required", 43: "network subset personalization PUK required",
        44: "service provider personalization PIN required", 45: "service provider personalization PUK required",
        46: "corporate personalization PIN required", 47: "corporate personalization PUK required",
        48: "hidden key required", 49: "EAP method not supported", 50: "incorrect parameters",
        51: "command implemented but currently disabled", 52: "command aborted by user", 100: "unknown",
        103: "illegal MS", 106: "illegal ME", 107: "GPRS services not allowed",
        108: "GPRS services and non-GPRS services not allowed", 111: "PLMN not allowed",
        112: "location area not allowed", 113: "roaming not allowed in this location area",
        114: "GPRS services not allowed in this PLMN", 115: "no suitable cells in location area", 122: "congestion",
        126: "insufficient resources", 127: "missing or unknown APN", 128: "unknown PDP address or PDP type",
        129: "user authentication failed", 130: "activation rejected by GGSN, serving GW or PDN GW",
        131: "activation rejected, unspecified", 132: "service option not supported",
        133: "service option not subscribed", 134: "service option temporarily out of order",
        135: "NSAPI already used", 136: "regular deactivation", 143: "unknown PDP context",
        148: "unspecified GPRS error", 149: "PDP authentication failure", 150: "invalid mobile class",
        151: "last PDN disconnection not allowed", 171: "last PDN disconnection not allowed",
        177: "operator determined barring", 178: "maximum number of PDP contexts reached",
        192: "PDP type IPv4 only allowed", 193: "PDP type IPv6 only allowed",
    ]

    private static let cmsWords: [Int: String] = [
        300: "ME failure", 301: "SMS service of ME reserved", 302: "operation not allowed",
        303: "operation not supported", 304: "invalid PDU mode parameter", 305: "invalid text mode parameter",
        310: "SIM not inserted", 311: "SIM PIN required", 312: "PH-SIM PIN required", 313: "SIM failure",
        314: "SIM busy", 315: "SIM wrong", 316: "SIM PUK required", 317: "SIM PIN2 required",
        318: "SIM PUK2 required", 320: "memory failure", 321: "invalid memory index", 322: "memory full",
        330: "SMSC address unknown", 331: "no network service", 332: "network timeout",
        340: "no +CNMA acknowledgement expected", 500: "unknown error",
    ]
}

extension FinalResultCode {
    /// The number of `+CME ERROR`, also where the modem gave its words; `+CMS ERROR` of SIM states as their `+CME` number.
    public var equipmentError: Int? {
        switch self {
        case .cme(let number, let text): number ?? ErrorTable.cme.number(of: text)
        case .cms(let number, let text):
            switch number ?? ErrorTable.cms.number(of: text) {
            case 310: 10
            case 311: 11
            case 313: 13
            case 314: 14
            case 315: 15
            case 316: 12
            case nil, .some: nil
            }
        case .ok, .error, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor: nil
        }
    }

    /// The result code for a person: the standard's words where the modem gave a number only.
    public var words: String {
        switch self {
        case .cme(let number?, let text) where text.isEmpty:
            ErrorTable.cme.words(of: number).map { "\($0) (+CME ERROR \(number))" } ?? description
        case .cms(let number?, let text) where text.isEmpty:
            ErrorTable.cms.words(of: number).map { "\($0) (+CMS ERROR \(number))" } ?? description
        case .ok, .error, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor: description
        }
    }
}
