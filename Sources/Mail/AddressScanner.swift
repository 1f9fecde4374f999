import Scopes

/// Reads RFC 5322 §3.4 addresses (and the envelope's, which are a part of them) from one line of text.
///
/// Every failure names the whole text. Groups and source routes are refused; comments are skipped, and the last one serves
/// as the display name when there is no other.
struct AddressScanner {
    private let text: String
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private var comment: String?
    /// Longest text that is looked at, in octets: 1,000 addresses of full length.
    static let limit = 320_000
    private static let deepestComment = 8

    init(_ text: String) {
        self.text = text
        scalars = Array(text.unicodeScalars.prefix(Self.limit + 1))
    }

    mutating func mailboxes(limit: Int) throws(MailError) -> [Mailbox] {
        var list: [Mailbox] = []
        repeat {
            guard list.count < limit else { throw failure("lists more than \(limit) addresses") }
            list.append(try mailbox())
            try skipBlanks()
        } while take(",")
        try expectEnd()
        return list
    }

    /// `addr-spec`, `<addr-spec>` or `phrase <addr-spec>`, with comments anywhere between words.
    mutating func mailbox() throws(MailError) -> Mailbox {
        comment = nil
        try skipBlanks()
        var words: [String] = []
        while let next = peek, next != "<", next != "@", next != "," {
            words.append(try word())
            if peek == "@" { break }
            try skipBlanks()
        }
        let address: MailAddress
        if take("<") {
            try skipBlanks()
            address = try bareAddress()
            try skipBlanks()
            guard take(">") else { throw failure("lacks its closing >") }
        } else if peek == "@", words.count == 1 {
            address = try addressAfterLocalPart(words[0])
            words = []
        } else {
            throw failure(words.count > 1 ? "has a space before its @" : "has no @")
        }
        try skipBlanks()
        let name = words.isEmpty ? comment : words.joined(separator: " ")
        return try Mailbox(displayName: name, address: address)
    }

    mutating func bareAddress() throws(MailError) -> MailAddress {
        guard let first = peek, first != "@" else {
            throw failure(text.isEmpty ? "is empty" : "has nothing before its @")
        }
        return try addressAfterLocalPart(try word())
    }

    func expectEnd() throws(MailError) {
        guard index == scalars.count else {
            if scalars[index] == ":" { throw failure("is a group, which is not supported") }
            throw failure("goes on behind its end with \(String(scalars[index]).printable())")
        }
    }

    private mutating func addressAfterLocalPart(_ localPart: String) throws(MailError) -> MailAddress {
        guard take("@") else { throw failure("has no @") }
        let wasQuoted = MailAddress.emit(localPart: localPart).utf8.count
        guard wasQuoted <= 64 else { throw failure("has more than 64 octets before its @") }
        let domain = try peek == "[" ? addressLiteral() : domainName()
        guard wasQuoted + 1 + domain.utf8.count <= 254 else { throw failure("is longer than 254 octets") }
        return MailAddress(localPart: localPart, domain: domain)
    }

    private mutating func domainName() throws(MailError) -> String {
        let start = index
        while let next = peek, next.isAtomText || next == "." { index += 1 }
        let name = String(String.UnicodeScalarView(scalars[start..<index]))
        guard !name.isEmpty else { throw failure("has nothing behind its @") }
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw failure("has a domain outside ASCII, which has to be written in its ASCII form (xn--…)")
        }
        guard DomainName.isValid(name) else { throw failure("has a domain that is no valid host name") }
        return name
    }

    private mutating func addressLiteral() throws(MailError) -> String {
        let start = index
        while let next = peek, next != "]" { index += next.value < 0x21 || next.value > 0x7E ? scalars.count : 1 }
        guard index < scalars.count, take("]") else { throw failure("has an address literal without its ]") }
        let literal = String(String.UnicodeScalarView(scalars[start..<index]))
        guard DomainName.isValidLiteral(literal) else {
            throw failure("has an address literal that is neither [IPv4] nor [IPv6:…]")
        }
        return literal
    }

    /// An atom with inner dots, or a quoted string, without its quotes.
    private mutating func word() throws(MailError) -> String {
        if peek == "\"" { return try quotedString() }
        var word = String.UnicodeScalarView()
        while let next = peek, next.isAtomText || next == "." {
            word.append(next)
            index += 1
        }
        guard !word.isEmpty else { throw unexpected() }
        return String(word)
    }

    private mutating func quotedString() throws(MailError) -> String {
        index += 1
        var content = String.UnicodeScalarView()
        while var next = peek {
            index += 1
            if next == "\"" { return String(content) }
            if next == "\\" {
                guard let escaped = peek else { break }
                next = escaped
                index += 1
            }
            guard !next.isControl else { throw unexpected(next) }
            content.append(next)
        }
        throw failure("has a quote without its end")
    }

    private mutating func skipBlanks() throws(MailError) {
        while let next = peek {
            if next == " " || next == "\t" {
                index += 1
            } else if next == "(" {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(MailError) {
        var depth = 0
        var content = String.UnicodeScalarView()
        while var next = peek {
            index += 1
            guard !next.isControl else { throw unexpected(next) }
            if next == "(" {
                depth += 1
                guard depth <= Self.deepestComment else { throw failure("nests its comments too deep") }
                if depth == 1 { continue }
            } else if next == ")" {
                depth -= 1
                if depth == 0 {
                    comment = String(content)
                    return
                }
            } else if next == "\\", let escaped = peek, !escaped.isControl {
                next = escaped
                index += 1
            }
            content.append(next)
        }
        throw failure("has a comment without its end")
    }

    private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        index += 1
        return true
    }

    private func unexpected(_ scalar: Unicode.Scalar? = nil) -> MailError {
        guard let scalar = scalar ?? peek else { return failure("ends too early") }
        return failure(
            scalar.isControl ? "holds the control character \(scalar.hexName)" : "has a \(scalar) where none may stand")
    }

    private func failure(_ problem: String) -> MailError {
        scalars.count > Self.limit
            ? .address(text, problem: "is longer than \(Self.limit) characters") : .address(text, problem: problem)
    }
}
