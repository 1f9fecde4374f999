/// What a link gives to IP, as far as it is open.
public struct PPPNetwork: Sendable, Equatable {
    public struct IPv4: Sendable, Equatable {
        public var address: IPv4Address
        /// 0.0.0.0 where the peer named none.
        public var peerAddress: IPv4Address
        /// At most two (RFC 1877).
        public var nameServers: [IPv4Address]
        /// Whether headers of TCP are compressed on the way to the peer, and from it (RFC 1332 §4).
        public var compressesSent: Bool
        public var compressesReceived: Bool

        public init(
            address: IPv4Address, peerAddress: IPv4Address, nameServers: [IPv4Address], compressesSent: Bool = false,
            compressesReceived: Bool = false
        ) {
            self.address = address
            self.peerAddress = peerAddress
            self.nameServers = nameServers
            self.compressesSent = compressesSent
            self.compressesReceived = compressesReceived
        }
    }

    public struct IPv6: Sendable, Equatable {
        /// Of our link-local address fe80::/64; the peer's routers give the rest.
        public var interfaceIdentifier: UInt64
        public var peerInterfaceIdentifier: UInt64

        public init(interfaceIdentifier: UInt64, peerInterfaceIdentifier: UInt64) {
            self.interfaceIdentifier = interfaceIdentifier
            self.peerInterfaceIdentifier = peerInterfaceIdentifier
        }
    }

    public var ipv4: IPv4?
    public var ipv6: IPv6?
    /// Of both directions, in octets: the lesser of the peer's MRU and ours.
    public var mtu: Int
    /// False while a protocol that is not open is still being negotiated.
    public var isSettled: Bool

    public init(
        ipv4: IPv4? = nil, ipv6: IPv6? = nil, mtu: Int = 1_500, isSettled: Bool = true
    ) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.mtu = mtu
        self.isSettled = isSettled
    }
}

/// RFC 1661 §3.2.
public enum PPPPhase: String, Sendable, Equatable, CaseIterable {
    case dead
    case establish
    case authenticate
    case network
    /// A network protocol is open.
    case running
    case terminate
}

/// What went over a link.
public struct PPPCounters: Sendable, Equatable {
    /// Octets of the line, with everything.
    public var lineOctetsIn = 0
    public var lineOctetsOut = 0
    /// IP packets and their octets, before any compression.
    public var packetsIn = 0
    public var packetsOut = 0
    public var packetOctetsIn = 0
    public var packetOctetsOut = 0
    /// Those of them whose headers went compressed.
    public var compressedIn = 0
    public var compressedOut = 0
    /// Packets that no end would take: malformed, larger than agreed, of a protocol that is not open.
    public var packetsDroppedIn = 0
    public var packetsDroppedOut = 0
    /// Frames by kind of damage.
    public var frames = FrameCounters()

    public init() {}
}
