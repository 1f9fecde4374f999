import Scopes

/// The submission server: `smtps://user%40example.com@mail.example.com:465` or `smtp://…:587`.
public struct ServerURL: Sendable, Equatable, CustomStringConvertible {
    public enum Security: Sendable, Equatable {
        /// TLS from the first octet (`smtps`, port 465 by default).
        case implicitTLS
        /// STARTTLS, which must succeed before anything else (`smtp`, port 587 by default).
        case startTLS
    }

    public let security: Security
    /// Percent-decoded; nil: no AUTH.
    public let user: String?
    /// A host name in small letters, an IPv4 address, or an IPv6 address without its brackets.
    public let host: String
    public let port: Int

    public var description: String {
        let scheme = security == .implicitTLS ? "smtps" : "smtp"
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(user.map { Percent.encode($0) + "@" } ?? "")\(name):\(port)"
    }

    /// Why a URL is refused. It never holds the URL, which might hold a password.
    struct Problem: Error, Equatable {
        let words: String
    }

    init(parsing text: String) throws(Problem) {
        guard let separator = text.firstRange(of: "://") else {
            throw Problem(words: "is no URL: write it as smtps://user@host or smtp://user@host")
        }
        switch text[..<separator.lowerBound].lowercased() {
        case "smtps": security = .implicitTLS
        case "smtp": security = .startTLS
        default: throw Problem(words: "has a scheme that is neither smtps nor smtp")
        }
        var rest = text[separator.upperBound...]
        if rest.last == "/" { rest.removeLast() }
        if let at = rest.lastIndex(of: "@") {
            user = try Self.user(rest[..<at])
            rest = rest[rest.index(after: at)...]
        } else {
            user = nil
        }
        guard !rest.contains(where: { "/?#".contains($0) }) else {
            throw Problem(words: "has more than user, host and port; / ? # in a user name are written %2F %3F %23")
        }
        let portText: Substring?
        (host, portText) = try Self.host(rest)
        guard let portText else {
            port = security == .implicitTLS ? 465 : 587
            return
        }
        guard !portText.isEmpty, portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(portText),
            (1...65_535).contains(number)
        else { throw Problem(words: "has a port that is not within 1 to 65535") }
        port = number
    }

    private static func user(_ text: Substring) throws(Problem) -> String {
        guard !text.contains(":") else {
            throw Problem(
                words:
                    "holds a password, which belongs into a file (password-file); a colon in a user name is written %3A"
            )
        }
        guard let user = Percent.decode(text) else {
            throw Problem(words: "has a user that is not percent-encoded UTF-8")
        }
        guard !user.isEmpty, user.utf8.count <= 255,
            !user.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F })
        else { throw Problem(words: "has a user that is empty, too long, or holds a control character") }
        return user
    }

    /// The host and, behind a colon, the rest.
    static func host(_ text: Substring) throws(Problem) -> (String, Substring?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"),
                let address = IPAddress(text[text.index(after: text.startIndex)..<end]),
                address.isVersion6
            else { throw Problem(words: "has brackets around what is no IPv6 address") }
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw Problem(words: "goes on behind its host") }
            return (address.text, rest.isEmpty ? nil : rest.dropFirst())
        }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].lowercased()
        guard !name.isEmpty else { throw Problem(words: "has no host") }
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw Problem(words: "has a host outside ASCII, which is written in its ASCII form (xn--…)")
        }
        guard HostName.isValid(name) else { throw Problem(words: "has a host that is no valid name or address") }
        return (name, parts.count > 1 ? parts[1] : nil)
    }
}
