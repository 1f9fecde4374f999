import Glibc
import Scopes

/// The name under which a server must prove itself (RFC 9525 §3): a DNS name or an IP address, as the operator wrote it,
/// never what a look-up made of it.
public struct ServerName: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// Checked against the DNS-IDs of the certificate and sent as SNI.
        case dns
        /// Checked against the IP-IDs; never sent as SNI (RFC 6066 §3).
        case address
    }

    public let kind: Kind
    /// Lower case, without brackets and without a final dot.
    public let text: String

    /// - Parameter text: a host name of at most 253 octets in ASCII (an international one in its `xn--` form), an IPv4
    ///   address, or an IPv6 address with or without brackets.
    public init(_ text: String) throws(TLSError) {
        var name = text.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if ServerName.isAddress(name) {
            kind = .address
            self.text = name
            return
        }
        if name.hasSuffix(".") { name.removeLast() }
        guard ServerName.isHostName(name) else {
            throw .configuration(
                "\(text.printable(limit: 80)) is not a host name that a certificate can hold",
                advice: name.utf8.contains { $0 > 0x7F } ? "write it in its xn-- form" : "correct the server's name")
        }
        kind = .dns
        self.text = name
    }

    public var description: String { text }

    private static func isAddress(_ text: String) -> Bool {
        var octets: (UInt64, UInt64) = (0, 0)
        // 16 octets are what the longer of the two forms takes; the text ends with a NUL of the bridge.
        return unsafe inet_pton(AF_INET, text, &octets) == 1 || inet_pton(AF_INET6, text, &octets) == 1
    }

    private static func isHostName(_ name: String) -> Bool {
        guard (1...253).contains(name.utf8.count) else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { octet in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
                        || octet == UInt8(ascii: "-") || octet == UInt8(ascii: "_")
                }
        }
    }
}
