/// An address with a display name, as From, To and Cc carry it (RFC 5322 §3.4).
public struct Mailbox: Sendable, Hashable {
    /// Decoded text; nil or not empty.
    public let displayName: String?
    public let address: MailAddress

    public init(displayName: String? = nil, address: MailAddress) throws(MailError) {
        if let displayName { try HeaderValue.check(displayName, field: "display name") }
        self.displayName = displayName.flatMap { $0.isEmpty ? nil : $0 }
        self.address = address
    }

    /// Parses `user@example.com`, `<user@example.com>`, `Name <user@example.com>`, `"Name, Jr." <…>` and the old form
    /// `user@example.com (Name)`. A name may be UTF-8.
    public init(parsing text: String) throws(MailError) {
        var scanner = AddressScanner(text)
        self = try scanner.mailbox()
        try scanner.expectEnd()
    }

    /// Parses mailboxes separated by commas; at least one, at most `limit` (1,000 by default).
    public static func list(parsing text: String, limit: Int = 1000) throws(MailError) -> [Mailbox] {
        var scanner = AddressScanner(text)
        return try scanner.mailboxes(limit: limit)
    }
}
