import Glibc
public import NIOCore

/// An IPv4 or IPv6 address, without a port and without a zone.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    public enum Family: UInt8, Hashable, Sendable, CaseIterable {
        case v4 = 4
        case v6 = 6
    }

    /// In network order: 4 or 16.
    public let octets: [UInt8]

    public var family: Family { octets.count == 4 ? .v4 : .v6 }

    /// Nil unless there are 4 or 16 octets.
    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        self.octets = Array(octets)
    }

    /// The address in text (`192.0.2.1`, `2001:db8::1`), without brackets and without a zone.
    public init?(_ text: String) {
        guard !text.contains("%"), let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        self.init(address)
    }

    /// Nil for the address of a unix socket.
    public init?(_ address: SocketAddress) {
        switch address {
        case .v4(let address):
            // The number is in network order; its octets are copied within the closure.
            octets = unsafe withUnsafeBytes(of: address.address.sin_addr.s_addr) { unsafe Array($0) }
        case .v6(let address):
            // As above.
            octets = unsafe withUnsafeBytes(of: address.address.sin6_addr) { unsafe Array($0) }
        case .unixDomainSocket: return nil
        }
    }

    /// fe80:: and 64 bits of interface identifier (RFC 4291 §2.5.6).
    public static func linkLocal(_ interfaceIdentifier: UInt64) -> IPAddress {
        let low = (0..<8).map { UInt8(truncatingIfNeeded: interfaceIdentifier >> (56 - 8 * $0)) }
        return IPAddress([0xFE, 0x80, 0, 0, 0, 0, 0, 0] + low)
    }

    /// 0.0.0.0 or ::.
    static func any(_ family: Family) -> IPAddress {
        IPAddress([UInt8](repeating: 0, count: family == .v4 ? 4 : 16))
    }

    private init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// fe80::/10: good for one link alone.
    public var isLinkLocal: Bool { family == .v6 && octets[0] == 0xFE && octets[1] & 0xC0 == 0x80 }

    public var description: String { socketAddress(port: 0)?.ipAddress ?? "?" }

    /// - Parameter port: 0 to 65,535.
    func socketAddress(port: UInt16) -> SocketAddress? {
        try? SocketAddress(packedIPAddress: ByteBuffer(bytes: octets), port: Int(port))
    }
}

/// All addresses that begin with the same bits.
public struct IPPrefix: Hashable, Sendable {
    public let address: IPAddress
    /// 0 to 32 or 128.
    public let length: Int

    /// Nil when the length does not fit the address.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.octets.count * 8).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// `198.51.100.0/24`, `2001:db8::/64`.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = Int(parts[1]) else {
            return nil
        }
        self.init(address, length: length)
    }
}

/// Where a socket goes or listens.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    var address: IPAddress
    var port: UInt16

    init(_ address: IPAddress, _ port: UInt16) {
        self.address = address
        self.port = port
    }

    init?(_ address: SocketAddress) {
        guard let ip = IPAddress(address), let port = UInt16(exactly: address.port ?? 0) else { return nil }
        self.init(ip, port)
    }

    var socketAddress: SocketAddress? { address.socketAddress(port: port) }

    var description: String { address.family == .v6 ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
