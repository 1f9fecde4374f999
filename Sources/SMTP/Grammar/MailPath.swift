/// A mailbox in an envelope, as it stands between `<` and `>` in MAIL and RCPT (RFC 5321 §4.1.2): checked, so that no
/// octet of it can end a line or a path. No source routes.
public struct MailPath: Sendable, Hashable, CustomStringConvertible {
    /// Without the angle brackets.
    public let description: String

    /// `local-part@domain`, the local part perhaps quoted, the domain perhaps an address literal; or `Postmaster` alone.
    /// Octets above 0x7F make it a path for SMTPUTF8 only (RFC 6531 §3.3).
    public init(_ mailbox: String) throws(SMTPError) {
        if let reason = Self.fault(mailbox) { throw .invalid(name: "the address", reason: reason) }
        description = mailbox
    }

    /// Whether only a server with SMTPUTF8 can take it.
    public var needsSMTPUTF8: Bool { !description.utf8.allSatisfy { $0 < 0x80 } }

    /// What stands behind the last `@`, in small letters; empty for `Postmaster` alone.
    var domain: String {
        description.lastIndex(of: "@").map { description[description.index(after: $0)...].lowercased() } ?? ""
    }

    /// Why `mailbox` is none; nil when it is one.
    private static func fault(_ mailbox: String) -> String? {
        let octets = Array(mailbox.utf8)
        guard octets.count <= 254 else { return "it is longer than 254 octets" }  // RFC 5321 §4.5.3.1.3, brackets off
        guard !octets.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return "it holds a control character" }
        if mailbox.lowercased() == "postmaster" { return nil }
        guard let end = localPartEnd(octets) else { return "its local part is not as RFC 5321 wants it" }
        guard end <= 64 else { return "its local part is longer than 64 octets" }
        guard end < octets.count, octets[end] == 0x40 else { return "it has no @" }
        let domain = String(decoding: octets[(end + 1)...], as: UTF8.self)
        guard isAddressLiteral(domain) || AddressText.isDomain(domain, allowUTF8: true) else {
            return "its domain is not as RFC 5321 wants it"
        }
        return nil
    }

    private static func localPartEnd(_ octets: [UInt8]) -> Int? {
        octets.first == 0x22 ? quotedStringEnd(octets) : dotStringEnd(octets)
    }

    private static func quotedStringEnd(_ octets: [UInt8]) -> Int? {
        var index = 1
        while index < octets.count {
            switch octets[index] {
            case 0x22: return index + 1
            case 0x5C: index += 2
            default: index += 1
            }
        }
        return nil
    }

    private static func dotStringEnd(_ octets: [UInt8]) -> Int? {
        let end = octets.firstIndex(of: 0x40) ?? octets.count
        let atoms = octets[..<end].split(separator: 0x2E, omittingEmptySubsequences: false)
        return atoms.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAtomOctet) } ? end : nil
    }

    private static func isAtomOctet(_ octet: UInt8) -> Bool {
        AddressText.isLetterOrDigit(octet) || octet > 0x7F || "!#$%&'*+-/=?^_`{|}~".utf8.contains(octet)
    }

    private static func isAddressLiteral(_ domain: String) -> Bool {
        guard domain.hasPrefix("["), domain.hasSuffix("]") else { return false }
        let inner = domain.dropFirst().dropLast()
        if AddressText.ipv4(inner) != nil { return true }
        guard inner.lowercased().hasPrefix("ipv6:") else { return false }
        return AddressText.isIPv6(inner.dropFirst(5))
    }
}
