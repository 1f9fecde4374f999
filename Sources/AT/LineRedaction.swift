import Scopes

/// What a transcript may show of a line: no PIN, no password, no identity of card, subscriber or device.
enum LineRedaction {
    /// A line of the modem's.
    /// - Parameters:
    ///   - isSecretAnswer: whether it answers a command for an identity or an account.
    ///   - mayBeEcho: whether it may be the copy, whole or garbled, of a command line with a secret.
    static func received(_ line: String, isSecretAnswer: Bool, mayBeEcho: Bool) -> String {
        if mayBeEcho { return mark }
        let text = withoutSecretives(line)
        guard isSecretAnswer else { return withoutLongNumbers(text) }
        return withoutContent(text)
    }

    /// A command line as the owner typed it: what stands between quotes, and all arguments of a secretive command.
    static func typed(_ line: String) -> String {
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        let quoted = parts.enumerated().map { $0.offset % 2 == 1 ? mark : String($0.element) }.joined(separator: "\"")
        return withoutLongNumbers(withoutSecretives(quoted))
    }

    /// Arguments without quotes of a secretive command that are long enough for a secret.
    static func bareSecrets(of line: String) -> [String] {
        guard withoutSecretives(line) != line, let sign = line.firstIndex(of: "=") else { return [] }
        return line[line.index(after: sign)...].split(separator: ",")
            .filter { $0.utf8.count > 2 && !$0.contains("\"") }.map { String($0) }
    }

    private static let mark = "<redacted>"

    /// Of a command with a secretive name nothing behind its `=` is shown, of an account's answer short numbers alone.
    private static func withoutSecretives(_ line: String) -> String {
        guard let kind = SecretCommands.kind(in: line) else { return line }
        if let sign = line.firstIndex(of: "=") {
            let arguments = line[line.index(after: sign)...]
            return arguments == "?" || isBlank(arguments) ? line : line[...sign] + mark
        }
        guard kind == .account, let colon = line.firstIndex(of: ":") else { return line }
        let fields = line[line.index(after: colon)...].split(separator: ",", omittingEmptySubsequences: false)
        return line[...colon] + fields.map { isShort($0) ? String($0) : "\"\(mark)\"" }.joined(separator: ",")
    }

    /// Nothing, an empty string, or a number of one or two digits, which no secret is.
    private static func isShort(_ field: Substring) -> Bool {
        let text = field.filter { $0 != " " }
        return text.isEmpty || text == "\"\"" || (text.utf8.count <= 2 && text.allSatisfy(\.isNumber))
    }

    /// Whether strings of the arguments are redacted or empty, and the rest are short numbers.
    private static func isBlank(_ arguments: Substring) -> Bool {
        let parts = arguments.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 1, parts.count % 2 == 1 else { return false }
        return parts.enumerated().allSatisfy { offset, part in
            if offset % 2 == 1 { return part.isEmpty || part == mark[...] }
            return part.split(separator: ",").allSatisfy(isShort)
        }
    }

    /// An identity leaves the number of its digits, so that a replay can make one up; anything else leaves nothing.
    private static func withoutContent(_ line: String) -> String {
        let start = line.firstIndex(of: ":").map { line.index(after: $0) } ?? line.startIndex
        let content = withoutLongNumbers(String(line[start...]))
        let bare = content.filter { $0 != " " && $0 != "\"" }
        let isIdentity =
            bare.hasPrefix("<") && bare.hasSuffix("digits>") && bare.dropFirst().dropLast(7).allSatisfy(\.isNumber)
        if isIdentity { return line[..<start] + content }
        return start == line.startIndex ? mark : "\(line[..<start]) \(mark)"
    }

    /// Identities (IMSI, IMEI, ICCID) are numbers of 14 digits and more: of each `<N digits>` is left, wherever it stands.
    static func withoutLongNumbers(_ line: String) -> String {
        var result = ""
        var digits = ""
        for character in line + "\n" {
            if character.isASCII, character.isHexDigit, character.isNumber || digits.count >= 14 {
                digits.append(character)
                continue
            }
            result += digits.count >= 14 ? "<\(digits.count) digits>" : digits
            digits = ""
            if character != "\n" { result.append(character) }
        }
        return result
    }
}
