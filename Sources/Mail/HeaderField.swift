/// A header field that the caller adds: `X-Severity: high`.
public struct HeaderField: Sendable, Hashable {
    public let name: String
    public let value: String

    /// Parses `Name: value`: the name is printable ASCII without a colon (RFC 5322 §3.6.8), at most 76 octets; the value is
    /// one line, not empty. Fields that the other options or MIME set are refused.
    public init(parsing text: String) throws(MailError) {
        guard let colon = text.firstIndex(of: ":") else {
            throw .header(name: text, problem: "has no colon: write it as 'Name: value'")
        }
        let name = String(text[..<colon])
        guard Self.isName(name), name.utf8.count <= 76 else {
            throw .header(name: name, problem: "has a name that no field can have")
        }
        let lower = name.lowercased()
        guard !Self.reserved.contains(lower), !lower.hasPrefix("content-") else {
            throw .header(name: name, problem: "is set by modemail itself")
        }
        let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        guard value.contains(where: { $0 != " " && $0 != "\t" }) else {
            throw .header(name: name, problem: "has no value")
        }
        try HeaderValue.check(String(value), field: name)
        self.name = name
        self.value = String(value)
    }

    init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    /// RFC 5322 §3.6.8 `field-name`.
    static func isName(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: ":") }
    }

    /// Whether a message has at most one of it (RFC 5322 §3.6, RFC 3834 §5).
    var standsOnce: Bool {
        ["sender", "reply-to", "in-reply-to", "references", "auto-submitted"].contains(name.lowercased())
    }

    /// What an address field lists; nil: it is another field.
    var mailboxes: [Mailbox]? {
        get throws(MailError) {
            guard Self.addressFields.contains(name.lowercased()) else { return nil }
            return try Mailbox.list(parsing: value)
        }
    }

    /// Address fields are parsed and written anew, ASCII stays as it is, any other text becomes encoded words.
    func write(into fields: inout FieldWriter) throws(MailError) {
        if let list = try mailboxes {
            try fields.mailboxes(name, list)
        } else if value.utf8.allSatisfy({ $0 < 0x80 }) {
            try fields.verbatim(name, value)
        } else {
            try fields.unstructured(name, value)
        }
    }

    static let addressFields: Set = ["from", "sender", "reply-to", "to", "cc", "errors-to"]
    private static let reserved: Set = [
        "date", "from", "to", "cc", "bcc", "subject", "message-id", "mime-version", "return-path", "received",
    ]
}
