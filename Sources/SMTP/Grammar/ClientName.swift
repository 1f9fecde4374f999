/// What a client calls itself in EHLO: a full host name or an address literal (RFC 5321 §4.1.1.1, §4.1.3). Never "localhost".
public struct ClientName: Sendable, Equatable, CustomStringConvertible {
    public let description: String

    /// A host name of two labels or more.
    public init(hostName: String) throws(SMTPError) {
        guard AddressText.isDomain(hostName) else {
            throw .invalid(name: "the EHLO name", reason: "a host name has letters, digits, hyphens and dots")
        }
        let labels = hostName.split(separator: ".")
        guard labels.count >= 2, let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .invalid(name: "the EHLO name", reason: "a full host name has a domain, as in gateway.example.com")
        }
        description = hostName
    }

    /// The address literal of an IPv4 or IPv6 address in its usual text form, or with the tag `IPv6:` as within a literal; an
    /// IPv6 zone (`%eth0`) is left out.
    public init(address: String) throws(SMTPError) {
        let isTagged = address.prefix(5).uppercased() == "IPV6:"
        let bare = address.dropFirst(isTagged ? 5 : 0).prefix { $0 != "%" }
        if !isTagged, AddressText.ipv4(bare) != nil {
            description = "[\(bare)]"
        } else if AddressText.isIPv6(bare) {
            description = "[IPv6:\(bare)]"
        } else {
            throw .invalid(name: "the EHLO address", reason: "it is neither IPv4 nor IPv6")
        }
    }

    /// The host name when it is a full one, else the literal of the address that the bearer has.
    public static func choose(hostName: String?, address: String) throws(SMTPError) -> ClientName {
        if let hostName, let name = try? ClientName(hostName: hostName) { return name }
        return try ClientName(address: address)
    }
}
