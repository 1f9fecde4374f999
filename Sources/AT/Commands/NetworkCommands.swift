public import NIOCore

/// `+CSQ`: received signal strength (3GPP TS 27.007 §8.5).
public struct SignalQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CSQ") }
    public var responsePrefixes: [String] { ["+CSQ:"] }
    public init() {}

    /// In dBm; nil where the modem does not know it (99, 199).
    public func response(from lines: [String]) throws(ATError) -> Int? {
        guard let value = fields(lines, prefix: "+CSQ:").last?.number(0) else { throw malformed(lines) }
        return switch value {
        case 0...31: 2 * value - 113
        case 100...191: value - 216
        default: nil
        }
    }
}

/// `+CESQ`: the same for LTE and UMTS (3GPP TS 27.007 §8.69).
public struct ExtendedSignalQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CESQ") }
    public var responsePrefixes: [String] { ["+CESQ:"] }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> ExtendedSignal {
        guard let answer = fields(lines, prefix: "+CESQ:").last(where: { $0.count >= 6 }) else {
            throw malformed(lines)
        }
        func value(_ index: Int, _ range: ClosedRange<Int>) -> Int? {
            answer.number(index).flatMap { range.contains($0) ? $0 : nil }
        }
        return ExtendedSignal(
            rxLevel: value(0, 0...63).map { $0 - 110 }, rscp: value(2, 0...96).map { $0 - 120 },
            rsrqTenths: value(4, 0...34).map { 5 * $0 - 195 }, rsrp: value(5, 0...97).map { $0 - 140 })
    }
}

/// Levels in dBm, each nil where it is not measured.
public struct ExtendedSignal: Sendable, Equatable {
    /// Of GSM.
    public var rxLevel: Int?
    /// Of UMTS.
    public var rscp: Int?
    /// Of LTE, in tenths of a dB.
    public var rsrqTenths: Int?
    /// Of LTE.
    public var rsrp: Int?

    public init(rxLevel: Int? = nil, rscp: Int? = nil, rsrqTenths: Int? = nil, rsrp: Int? = nil) {
        self.rxLevel = rxLevel
        self.rscp = rscp
        self.rsrqTenths = rsrqTenths
        self.rsrp = rsrp
    }
}

/// `+COPS?`: the network in use (3GPP TS 27.007 §7.3).
public struct OperatorQuery: ATCommand {
    public var text: CommandText { CommandText("AT+COPS?") }
    public var responsePrefixes: [String] { ["+COPS:"] }
    public var timeout: TimeAmount { .seconds(10) }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> NetworkOperator {
        guard let answer = fields(lines, prefix: "+COPS:").last, let mode = answer.number(0) else {
            throw malformed(lines)
        }
        return NetworkOperator(
            isAutomatic: mode == 0, name: answer.text(2).map { String($0.prefix(64)) },
            technology: answer.number(3).flatMap(AccessTechnology.init(rawValue:)))
    }
}

/// The network in use; without a name when the modem is not registered.
public struct NetworkOperator: Sendable, Equatable {
    /// Whether the modem chooses the network by itself.
    public var isAutomatic: Bool
    /// As the modem formats it: a name, or MCC and MNC.
    public var name: String?
    public var technology: AccessTechnology?

    public init(isAutomatic: Bool, name: String? = nil, technology: AccessTechnology? = nil) {
        self.isAutomatic = isAutomatic
        self.name = name
        self.technology = technology
    }
}

/// `+CGATT?`: whether the packet domain is attached (3GPP TS 27.007 §10.1.9).
public struct AttachQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CGATT?") }
    public var responsePrefixes: [String] { ["+CGATT:"] }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> Bool {
        guard let state = fields(lines, prefix: "+CGATT:").last?.number(0) else { throw malformed(lines) }
        return state == 1
    }
}

/// `+CGATT=1`: attaches the packet domain.
public struct Attach: ATCommand {
    public typealias Response = Void
    public var text: CommandText { CommandText("AT+CGATT=1") }
    /// Quectel's manuals say 140 s, SIMCom's 75 s.
    public var timeout: TimeAmount { .seconds(140) }
    public init() {}
}

/// `+CEER`: why the last call, attach or activation failed, in the modem's words (3GPP TS 27.007 §6.10).
public struct ErrorReportQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CEER") }
    public var responsePrefixes: [String] { ["+CEER:"] }
    public var answersBareLines: Bool { true }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> ErrorReport {
        let words = lines.prefix(8).map { BareLine.value(of: $0, name: "+CEER") }.filter { !$0.isEmpty }
        return ErrorReport(words: words.joined(separator: "; "))
    }
}

/// The words of `+CEER`, and the cause number in them where there is one.
public struct ErrorReport: Sendable, Equatable {
    public var words: String

    public init(words: String) {
        self.words = words
    }

    /// The last number of the words: `2,33` and `EMM cause 33` both give 33.
    public var cause: Int? {
        guard let last = words.utf8.split(whereSeparator: { !(0x30...0x39).contains($0) }).last, last.count <= 3 else {
            return nil
        }
        return Int(String(decoding: last, as: UTF8.self))
    }

    /// Whether it tells nothing: empty, or the maker's way to say that there is no report.
    public var isEmpty: Bool {
        let text = words.lowercased()
        return text.isEmpty || text == "0" || text == "no cause" || text.hasPrefix("no report")
            || text.hasPrefix("no cause") || text.hasPrefix("normal")
    }
}

/// `+CCLK?`: the modem's clock, which the network sets where it tells the time (3GPP TS 27.007 §8.15).
public struct ClockQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CCLK?") }
    public var responsePrefixes: [String] { ["+CCLK:"] }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> ModemClock {
        guard let text = fields(lines, prefix: "+CCLK:").last?.joined, let clock = ModemClock(text) else {
            throw malformed(lines)
        }
        return clock
    }
}
