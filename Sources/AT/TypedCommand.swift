public import Scopes

/// A command line that a person typed: checked, with its secrets known, and as an exchange.
///
/// What would leave a prompt open or the line in data mode is refused by name. For what no table knows there is a net: a
/// prompt is answered with ESC (3GPP TS 27.005 §3.5.1), and `CONNECT` ends the exchange, so that data mode can be left.
public struct TypedCommand: Sendable, Equatable {
    public let text: CommandText
    /// Whether it holds a PIN or a password: it belongs into no history.
    public let holdsSecret: Bool
    public let exchange: Exchange

    /// - Parameter baud: of the line, so that `+IPR` may confirm it; nil: no value of it is taken.
    public init(_ line: String, baud: Int? = nil) throws(TypedCommandError) {
        let line = line.trimmed
        guard !line.isEmpty else { throw .notACommand(problem: "it is empty") }
        guard line.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .notACommand(problem: "it holds what is not printable ASCII")
        }
        guard line.utf8.count <= Self.lengthLimit else {
            throw .notACommand(problem: "it has more than \(Self.lengthLimit) octets")
        }
        guard line.prefix(2).uppercased() == "AT" else { throw .notACommand(problem: "it does not begin with AT") }
        guard line.count(where: { $0 == "\"" }).isMultiple(of: 2) else {
            throw .notACommand(problem: "its quotes do not come in pairs")
        }
        let parts = CommandPart.parts(of: line.dropFirst(2))
        for part in parts {
            if let problem = CommandRules.refusal(of: part, baud: baud) {
                throw .notTaken(command: "AT" + part.name, problem: problem)
            }
        }
        let redaction = CommandRules.redaction(of: parts)
        holdsSecret = !redaction.secrets.isEmpty
        text = CommandText(
            wire: line, redacted: holdsSecret ? redaction.words : line,
            secrets: redaction.secrets.filter { $0.utf8.count >= 4 })
        exchange = CommandRules.exchange(text, parts)
    }

    /// Whether a line, right or wrong, may hold a secret: a mistyped PIN is one, too.
    public static func mayHoldSecret(_ line: String) -> Bool {
        let body = line.trimmed
        let parts = CommandPart.parts(of: body.prefix(2).uppercased() == "AT" ? body.dropFirst(2) : body[...])
        return !CommandRules.redaction(of: parts).secrets.isEmpty || parts.contains { $0.name == "D" }
    }

    /// Of a command line in octets; V.250 §5.2.1 asks for 80 at least, modems take several hundred.
    public static let lengthLimit = 400
}

/// Why a typed line is not sent. Neither text holds what may be a secret.
public enum TypedCommandError: Failure, Equatable {
    case notACommand(problem: String)
    /// It would take the line out of command mode, or out of our hands.
    case notTaken(command: String, problem: String)

    public var failureClass: FailureClass { .configuration }
    public var exitStatus: ExitStatus { .usage }

    public var summary: String {
        switch self {
        case .notACommand(let problem): "this is no command: \(problem)"
        case .notTaken(let command, let problem): "\(command.printable(limit: 40)) is not sent: \(problem)"
        }
    }
}

/// One command of a command line (V.250 §5.2.1): basic ones stand side by side, extended ones end with a semicolon.
struct CommandPart: Sendable, Equatable {
    /// In capitals: `+CSQ`, `&F`, `S3`, `D`.
    let name: String
    /// What stands behind the name: `?`, `=1,"a"`, `0`; blanks outside quotes are left out.
    let tail: String
    let isExtended: Bool

    /// The values behind `=`, as written; commas within quotes do not part.
    var writtenValues: [String] {
        guard tail.hasPrefix("=") else { return [] }
        var result = [""]
        var isQuoted = false
        for character in tail.dropFirst() {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted {
                result.append("")
            } else {
                result[result.count - 1].append(character)
            }
        }
        return result
    }

    /// The same without their quotes.
    var values: [String] { writtenValues.map { $0.filter { $0 != "\"" } } }

    /// Whether it only asks: `?`, `=?`.
    var isQuestion: Bool { tail == "?" || tail == "=?" }

    /// - Parameter body: without the `AT`.
    static func parts(of body: Substring) -> [CommandPart] {
        var reader = CommandReader(body)
        var parts: [CommandPart] = []
        while let part = reader.next() { parts.append(part) }
        return parts
    }
}

/// Cuts a command line into its commands.
private struct CommandReader {
    private var rest: [Character] = []
    private var index = 0

    init(_ body: Substring) {
        var isQuoted = false
        for character in body {
            if character == "\"" { isQuoted.toggle() }
            if isQuoted || !character.isWhitespace { rest.append(character) }
        }
    }

    mutating func next() -> CommandPart? {
        while index < rest.count, rest[index] == ";" { index += 1 }
        guard index < rest.count else { return nil }
        let first = rest[index]
        if first.isLetter { return basic(prefixed: 1) }
        if first == "&" || first == "\\", index + 1 < rest.count, rest[index + 1].isLetter { return basic(prefixed: 2) }
        return extended()
    }

    private mutating func basic(prefixed count: Int) -> CommandPart {
        var name = take(count).uppercased()
        if name == "D" { return CommandPart(name: name, tail: take(rest.count - index), isExtended: false) }
        if name == "S" { name += takeWhile(\.isNumber) }
        return CommandPart(name: name, tail: takeWhile { $0.isNumber || $0 == "=" || $0 == "?" }, isExtended: false)
    }

    private mutating func extended() -> CommandPart {
        let name = take(1) + takeWhile { $0.isLetter || $0.isNumber || $0 == "_" }.uppercased()
        var tail = ""
        var isQuoted = false
        while index < rest.count, isQuoted || rest[index] != ";" {
            if rest[index] == "\"" { isQuoted.toggle() }
            tail += take(1)
        }
        return CommandPart(name: name, tail: tail, isExtended: true)
    }

    private mutating func take(_ count: Int) -> String {
        let end = min(rest.count, index + count)
        defer { index = end }
        return String(rest[index..<end])
    }

    private mutating func takeWhile(_ holds: (Character) -> Bool) -> String {
        let start = index
        while index < rest.count, holds(rest[index]) { index += 1 }
        return String(rest[start..<index])
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" || text.last == "\r" { text.removeLast() }
        return String(text)
    }
}
