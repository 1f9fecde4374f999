import Credentials
import NIOCore

/// A command line as a server reads it: the command, or the reply that says what is wrong with it. Verbs and keywords in any
/// case (RFC 5321 §2.4); a source route is read and dropped (RFC 5321 App. C).
enum CommandParser {
    enum Result: Equatable {
        case command(SMTPCommand)
        case refused(Reply)
        /// Refused, and where the next command begins is not known: the session must end.
        case unbounded(Reply)
    }

    /// - Parameter line: without its CR LF.
    static func parse(_ line: ByteBuffer) -> Result {
        let view = line.readableBytesView
        guard !view.contains(where: { $0 < 0x20 || $0 == 0x7F }), let text = String(validating: view, as: UTF8.self)
        else { return .refused(Reply(500, "5.5.2 control characters or no UTF-8 in a command")) }
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let verb = words.first?.uppercased() ?? ""
        let rest = words.count > 1 ? words[1] : ""
        switch verb {
        case "EHLO": return name(rest).map { .command(.ehlo($0)) } ?? syntax("EHLO host-name")
        case "HELO": return name(rest).map { .command(.helo($0)) } ?? syntax("HELO host-name")
        case "MAIL": return mail(rest)
        case "RCPT": return rcpt(rest)
        case "BDAT": return bdat(rest)
        case "AUTH": return auth(rest)
        case "VRFY": return rest.isEmpty ? syntax("VRFY word") : .command(.vrfy(String(rest)))
        case "NOOP": return .command(.noop)
        case "DATA", "RSET", "QUIT", "STARTTLS":
            guard rest.drop(while: { $0 == " " }).isEmpty else { return syntax("\(verb) without an argument") }
            return .command(verb == "DATA" ? .data : verb == "RSET" ? .rset : verb == "QUIT" ? .quit : .startTLS)
        case "EXPN", "HELP", "TURN": return .refused(Reply(502, "5.5.1 not implemented"))
        default: return .refused(Reply(500, "5.5.2 unknown command"))
        }
    }

    private static func syntax(_ form: String) -> Result {
        .refused(Reply(501, "5.5.4 the form is: \(form)"))
    }

    /// A host name or an address literal; names with underscores are in use and harm nobody.
    private static func name(_ text: Substring) -> String? {
        let name = text.drop { $0 == " " }
        let isLiteral = name.hasPrefix("[") && name.hasSuffix("]") && name.utf8.count > 2
        let plain = name.replacing("_", with: "a")
        guard isLiteral || AddressText.isDomain(plain), !name.contains(" ") else { return nil }
        return String(name)
    }

    private static func mail(_ text: Substring) -> Result {
        guard let (inner, parameters) = path(text, after: "FROM:") else { return syntax("MAIL FROM:<address>") }
        var sender: MailPath?
        if !inner.isEmpty {
            guard let path = try? MailPath(inner) else { return .refused(Reply(553, "5.1.7 no valid sender address")) }
            sender = path
        }
        var said = MailParameters()
        for parameter in parameters {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].uppercased() : ""
            switch parts.first?.uppercased() {
            case "SIZE":
                guard let size = number(value) else { return syntax("SIZE=octets") }
                said.size = size
            case "BODY" where value == "8BITMIME": said.eightBit = true
            case "BODY" where value == "7BIT": said.eightBit = false
            case "SMTPUTF8" where parts.count == 1: said.smtpUTF8 = true
            case "AUTH" where parts.count == 2: break  // who first submitted it; nobody here asks (RFC 4954 §5)
            default: return .refused(Reply(555, "5.5.4 parameter not known"))
            }
        }
        return .command(.mail(sender, said))
    }

    private static func rcpt(_ text: Substring) -> Result {
        guard let (inner, parameters) = path(text, after: "TO:") else { return syntax("RCPT TO:<address>") }
        guard let path = try? MailPath(inner) else { return .refused(Reply(553, "5.1.3 no valid recipient address")) }
        guard parameters.isEmpty else { return .refused(Reply(555, "5.5.4 parameter not known")) }
        return .command(.rcpt(path))
    }

    /// What stands between `<` and `>` directly after `keyword`, without a source route, and the parameters behind it.
    private static func path(_ text: Substring, after keyword: String) -> (String, [Substring])? {
        guard text.count > keyword.count, text.prefix(keyword.count).uppercased() == keyword else { return nil }
        let rest = text.dropFirst(keyword.count)
        guard rest.first == "<" else { return nil }
        var index = rest.index(after: rest.startIndex)
        var isQuoted = false
        while index < rest.endIndex, isQuoted || rest[index] != ">" {
            if rest[index] == "\\", isQuoted, rest.index(after: index) < rest.endIndex {
                index = rest.index(after: index)
            } else if rest[index] == "\"" {
                isQuoted.toggle()
            }
            index = rest.index(after: index)
        }
        guard index < rest.endIndex else { return nil }
        var inner = rest[rest.index(after: rest.startIndex)..<index]
        if inner.first == "@", let colon = inner.firstIndex(of: ":") { inner = inner[inner.index(after: colon)...] }
        let tail = rest[rest.index(after: index)...]
        guard tail.isEmpty || tail.first == " " else { return nil }
        return (String(inner), tail.split(separator: " "))
    }

    /// Without a count that can be read, the octets behind it would be taken for commands.
    private static func bdat(_ text: Substring) -> Result {
        let words = text.split(separator: " ")
        guard let size = words.first.flatMap({ number($0) }), words.count <= 2,
            words.count == 1 || words[1].uppercased() == "LAST"
        else { return .unbounded(Reply(501, "5.5.4 the form is: BDAT octets [LAST]")) }
        return .command(.bdat(octets: size, last: words.count == 2))
    }

    private static func auth(_ text: Substring) -> Result {
        let words = text.split(separator: " ")
        guard let mechanism = words.first?.uppercased(), words.count <= 2 else {
            return syntax("AUTH mechanism [response]")
        }
        guard words.count == 2 else { return .command(.auth(mechanism: mechanism, initialResponse: nil)) }
        if words[1] == "=" { return .command(.auth(mechanism: mechanism, initialResponse: Secret(""))) }
        guard let response = Base64.decode(Array(words[1].utf8)) else {
            return .refused(Reply(501, "5.5.2 the response is no base64"))
        }
        return .command(.auth(mechanism: mechanism, initialResponse: Secret(response)))
    }

    /// Digits only, at most 18 of them: beyond any message.
    private static func number(_ text: some StringProtocol) -> Int? {
        guard (1...18).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }
}
