/// Protocol numbers of PPP frames (RFC 1661 §2, IANA "PPP DLL Protocol Numbers").
public enum PPPProtocol {
    /// Internet Protocol version 4 (RFC 1332).
    public static let ipv4: UInt16 = 0x0021
    /// TCP/IP with a compressed header, and one that refreshes the compressor's state (RFC 1332 §4, RFC 1144).
    public static let compressedTCP: UInt16 = 0x002D
    public static let uncompressedTCP: UInt16 = 0x002F
    /// Internet Protocol version 6 (RFC 5072).
    public static let ipv6: UInt16 = 0x0057
    /// IP Control Protocol (RFC 1332).
    public static let ipcp: UInt16 = 0x8021
    /// IPv6 Control Protocol (RFC 5072).
    public static let ipv6cp: UInt16 = 0x8057
    /// Compression Control Protocol (RFC 1962), which we refuse.
    public static let ccp: UInt16 = 0x80FD
    /// Link Control Protocol (RFC 1661).
    public static let lcp: UInt16 = 0xC021
    /// Password Authentication Protocol (RFC 1334).
    public static let pap: UInt16 = 0xC023
    /// Challenge Handshake Authentication Protocol (RFC 1994).
    public static let chap: UInt16 = 0xC223
}
