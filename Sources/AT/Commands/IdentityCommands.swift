public import NIOCore

/// `ATQ0V1E0`: result codes are sent, in words, and commands are not echoed (V.250 §6.2.4, §6.2.5, §6.2.6).
public struct ResultFormat: ATCommand {
    public typealias Response = Void
    public var text: CommandText { CommandText("ATQ0V1E0") }
    public init() {}
}

/// `+CMEE=1`: errors of the equipment as numbers, which no language changes (3GPP TS 27.007 §9.1).
public struct ErrorReporting: ATCommand {
    public typealias Response = Void
    public var text: CommandText { CommandText("AT+CMEE=1") }
    public init() {}
}

/// `+IFC=2,2`: RTS and CTS both ways (V.250 §6.2.12).
public struct HardwareFlowControl: ATCommand {
    public typealias Response = Void
    public var text: CommandText { CommandText("AT+IFC=2,2") }
    public init() {}
}

/// One identity question of 3GPP TS 27.007 §5.1 to §5.4, or its twin of V.250 §6.1.
///
/// The answer comes as a bare line, or behind the command's name (`+CGMR: …`), quoted or not.
public struct IdentityQuery: ATCommand {
    public enum Subject: Sendable, Equatable, CaseIterable {
        case manufacturer
        case model
        case revision
        case serialNumber
    }

    public let subject: Subject
    /// Whether it is asked in V.250's way (`+GMI`), which older modems have in place of `+CGMI`.
    public let isV250: Bool

    public init(_ subject: Subject, isV250: Bool = false) {
        self.subject = subject
        self.isV250 = isV250
    }

    public var text: CommandText {
        switch (subject, isV250) {
        case (.manufacturer, false): CommandText("AT+CGMI")
        case (.model, false): CommandText("AT+CGMM")
        case (.revision, false): CommandText("AT+CGMR")
        case (.serialNumber, false): CommandText("AT+CGSN")
        case (.manufacturer, true): CommandText("AT+GMI")
        case (.model, true): CommandText("AT+GMM")
        case (.revision, true): CommandText("AT+GMR")
        case (.serialNumber, true): CommandText("AT+GSN")
        }
    }

    public var answersBareLines: Bool { true }
    public var responsePrefixes: [String] { [String(text.wire.dropFirst(2)) + ":"] }

    /// The first line that holds something; for the serial number its first run of 14 to 16 digits.
    public func response(from lines: [String]) throws(ATError) -> String {
        let values = lines.prefix(32).map { BareLine.value(of: $0, name: String(text.wire.dropFirst(2))) }
        switch subject {
        case .manufacturer, .model, .revision:
            guard let value = values.first(where: { !$0.isEmpty }) else { throw malformed(lines) }
            return value
        case .serialNumber:
            guard let value = values.lazy.compactMap({ BareLine.digits(in: $0, count: 14...16) }).first else {
                throw malformed(lines)
            }
            return value
        }
    }
}

/// `ATI`: identification in the maker's own form (V.250 §6.1.3), at most 32 lines of it.
public struct InformationQuery: ATCommand {
    public var text: CommandText { CommandText("ATI") }
    public var answersBareLines: Bool { true }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> [String] {
        lines.prefix(32).map { BareLine.value(of: $0, name: "") }.filter { !$0.isEmpty }
    }
}

/// `+CFUN?`: 0 minimum, 1 full, 4 radio off (3GPP TS 27.007 §8.2).
public struct FunctionalityQuery: ATCommand {
    public var text: CommandText { CommandText("AT+CFUN?") }
    public var responsePrefixes: [String] { ["+CFUN:"] }
    public init() {}

    public func response(from lines: [String]) throws(ATError) -> Int {
        guard let level = fields(lines, prefix: "+CFUN:").lazy.compactMap({ $0.number(0) }).first else {
            throw malformed(lines)
        }
        return level
    }
}

/// `+CFUN=1`: full functionality, without a reset.
public struct FullFunctionality: ATCommand {
    public typealias Response = Void
    public var text: CommandText { CommandText("AT+CFUN=1") }
    /// Quectel's manuals say 15 s; drivers in the field wait up to 180 s. 60 s leaves room for slow SIMs.
    public var timeout: TimeAmount { .seconds(60) }
    public init() {}
}

/// What a bare line holds.
enum BareLine {
    /// Without the command's own name in front (`+CGMR:`), outer blanks and quotes; its first 128 characters.
    static func value(of line: String, name: String) -> String {
        let text = ResponseFields(line, prefix: name + ":")?.joined ?? ResponseFields(line, prefix: "")?.joined ?? ""
        return String(text.prefix(128))
    }

    /// The first run of digits whose length is in the range.
    static func digits(in text: String, count: ClosedRange<Int>) -> String? {
        let runs = text.utf8.split { !(0x30...0x39).contains($0) }
        return runs.first { count.contains($0.count) }.map { String(decoding: $0, as: UTF8.self) }
    }
}
