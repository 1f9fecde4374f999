/// A mailbox as the envelope carries it: `local-part@domain` (RFC 5321 §4.1.2, with UTF-8 local parts by RFC 6531 §3.3).
///
/// Legal by construction: no control character, local part at most 64 octets, domain at most 255, both together at most 254
/// (RFC 5321 §4.5.3.1 and the path limit of 256 less its brackets). The domain is letters, digits and hyphens, or an address
/// literal. A domain in another script is refused with advice: it is written in its ASCII form (`xn--…`).
public struct MailAddress: Sendable, Hashable, CustomStringConvertible {
    /// Without quotes and escapes.
    public let localPart: String
    /// As given: `example.com`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    public let domain: String

    /// Parses `local@domain` or `"quoted local"@domain`, without brackets, display name or comment.
    public init(parsing text: String) throws(MailError) {
        var scanner = AddressScanner(text)
        self = try scanner.bareAddress()
        try scanner.expectEnd()
    }

    init(localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain
    }

    /// What stands between `<` and `>` in MAIL and RCPT; the local part is quoted where it must be.
    public var wire: String { Self.emit(localPart: localPart) + "@" + domain }

    public var description: String { wire }

    /// Whether the server must offer SMTPUTF8: only for a local part outside ASCII.
    public var needsSMTPUTF8: Bool { localPart.utf8.contains { $0 >= 0x80 } }

    /// Whether the domain is an address literal.
    public var isLiteral: Bool { domain.utf8.first == UInt8(ascii: "[") }

    static func emit(localPart: String) -> String {
        let atoms = localPart.split(separator: ".", omittingEmptySubsequences: false)
        if atoms.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.allSatisfy(\.isAtomText) }) { return localPart }
        return localPart.quotedString
    }
}
