/// What a PPP link has negotiated, for reports.
public struct LinkFacts: Sendable, Equatable {
    /// This side's, in text; nil: no IPv4.
    public var ipv4: String?
    /// The other end's.
    public var peer: String?
    /// This side's link-local one, in text; nil: no IPv6.
    public var ipv6: String?
    public var nameServers: [String]
    /// Octets of the largest IP packet.
    public var mtu: Int
    /// `VJ` where headers of TCP are compressed (RFC 1144), `VJ upward` or `VJ downward` where one way alone is; else nil.
    public var compression: String?

    public init(
        ipv4: String? = nil, peer: String? = nil, ipv6: String? = nil, nameServers: [String] = [], mtu: Int,
        compression: String? = nil
    ) {
        self.ipv4 = ipv4
        self.peer = peer
        self.ipv6 = ipv6
        self.nameServers = nameServers
        self.mtu = mtu
        self.compression = compression
    }

    public var address: String? { ipv4 ?? ipv6 }

    /// One line: `10.64.1.2, DNS 10.64.0.1 10.64.0.2, MTU 1500, no header compression`.
    public var summary: String {
        var words = [ipv4, ipv6].compactMap { $0 }
        words.append(nameServers.isEmpty ? "no name server" : "DNS \(nameServers.joined(separator: " "))")
        words.append("MTU \(mtu)")
        words.append(compression.map { "\($0) header compression" } ?? "no header compression")
        return words.joined(separator: ", ")
    }
}

/// What passed over a PPP link: octets on the line with all framing, and octets of IP.
public struct LinkCounts: Sendable, Equatable {
    public var lineUp: Int
    public var lineDown: Int
    public var packetsUp: Int
    public var packetsDown: Int
    public var ipUp: Int
    public var ipDown: Int
    /// Frames that came and were no good.
    public var damaged: Int

    public init(
        lineUp: Int = 0, lineDown: Int = 0, packetsUp: Int = 0, packetsDown: Int = 0, ipUp: Int = 0,
        ipDown: Int = 0, damaged: Int = 0
    ) {
        self.lineUp = lineUp
        self.lineDown = lineDown
        self.packetsUp = packetsUp
        self.packetsDown = packetsDown
        self.ipUp = ipUp
        self.ipDown = ipDown
        self.damaged = damaged
    }
}
