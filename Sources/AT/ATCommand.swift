public import Credentials
public import NIOCore

/// One AT command as a type: what goes on the line, what belongs to its answer, and what the answer means.
public protocol ATCommand: Sendable {
    associatedtype Response: Sendable

    /// The command line without its CR: `AT+CREG?`.
    var text: CommandText { get }
    /// Prefixes of its information responses (`+CREG:`); any other line is unsolicited. Empty: it has none.
    var responsePrefixes: [String] { get }
    /// Whether its information responses have no prefix (`AT+CGMI`): every line counts but known URCs.
    var answersBareLines: Bool { get }
    /// Whether its information responses are kept out of transcripts: IMSI, ICCID, passwords.
    var answerIsSecret: Bool { get }
    /// Until the final result code.
    var timeout: TimeAmount { get }
    /// What ends it with success; by default a final result code.
    var completion: Exchange.Completion { get }
    /// The information responses of a command that ended with success, to a value.
    func response(from lines: [String]) throws(ATError) -> Response
}

extension ATCommand {
    public var responsePrefixes: [String] { [] }
    public var answersBareLines: Bool { false }
    public var answerIsSecret: Bool { false }
    public var timeout: TimeAmount { .seconds(5) }
    public var completion: Exchange.Completion { .finalResultCode }
}

extension ATCommand where Response == Void {
    public func response(from lines: [String]) throws(ATError) {}
}

/// The text of a command line, and how a log may show it.
///
/// Built from literals and from validated arguments only, so that no CR, LF, quote, NUL or 0x1A of a configuration value
/// reaches the line as anything but data that was refused before.
public struct CommandText: Sendable, Equatable, CustomStringConvertible {
    /// As sent, without CR.
    public let wire: String
    /// As shown: secrets are `<redacted>`.
    public let redacted: String
    /// The secret arguments, so that a garbled echo that holds one is recognised.
    let secrets: [String]

    public var description: String { redacted }

    /// A command without arguments from outside.
    public init(_ literal: StaticString) {
        wire = "\(literal)"
        redacted = wire
        secrets = []
    }

    /// A whole command of the owner's configuration: printable ASCII that begins with `AT`, its quotes in pairs, at most 400
    /// octets. What stands between quotes may be a password and is never shown, nor are the arguments of commands for
    /// PINs and accounts.
    public init(configured line: String) throws(ATError) {
        for octet in line.utf8 where octet < 0x20 || octet > 0x7E {
            throw .unquotable(name: "the command", octet: octet)
        }
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard line.utf8.count <= 400, line.uppercased().hasPrefix("AT"), parts.count % 2 == 1 else {
            throw .malformed(command: "init", line: line)
        }
        wire = line
        redacted = LineRedaction.typed(line)
        let quoted = parts.enumerated().filter { $0.offset % 2 == 1 && !$0.element.isEmpty }.map { String($0.element) }
        secrets = quoted + LineRedaction.bareSecrets(of: line)
    }

    /// What is checked already.
    init(wire: String, redacted: String, secrets: [String]) {
        self.wire = wire
        self.redacted = redacted
        self.secrets = secrets
    }

    public func number(_ value: Int) -> CommandText {
        CommandText(wire: wire + String(value), redacted: redacted + String(value), secrets: secrets)
    }

    /// Appends fixed text: a comma, a mode.
    public func literal(_ text: StaticString) -> CommandText {
        CommandText(wire: wire + "\(text)", redacted: redacted + "\(text)", secrets: secrets)
    }

    /// Appends `"value"`. Throws `.unquotable` for a value that a quoted string of V.250 cannot hold: anything but
    /// printable ASCII, and the quote itself.
    public func quoted(_ value: String, name: String, isSecret: Bool = false) throws(ATError) -> CommandText {
        for octet in value.utf8 where octet < 0x20 || octet > 0x7E || octet == 0x22 {
            throw .unquotable(name: name, octet: octet)
        }
        return CommandText(
            wire: wire + "\"" + value + "\"",
            redacted: redacted + (isSecret ? "\"<redacted>\"" : "\"" + value + "\""),
            secrets: isSecret && !value.isEmpty ? secrets + [value] : secrets)
    }

    /// The same of a secret, which is shown nowhere.
    public func quoted(secret: Secret, name: String) throws(ATError) -> CommandText {
        guard let text = secret.revealText() else {
            throw .unquotable(name: name, octet: secret.reveal().first { $0 > 0x7E } ?? 0)
        }
        return try quoted(text, name: name, isSecret: true)
    }
}
