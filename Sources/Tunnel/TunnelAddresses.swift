/// What PPP has negotiated, for the device in the namespace; or what the far side of a fake network is given.
public struct TunnelAddresses: Sendable, Equatable {
    public struct IPv4: Sendable, Equatable {
        /// This side's own.
        public var address: IPAddress
        /// The other end of the link; nil when it did not say.
        public var peer: IPAddress?

        public init(address: IPAddress, peer: IPAddress? = nil) {
            self.address = address
            self.peer = peer
        }
    }

    public struct IPv6: Sendable, Equatable {
        public enum Role: UInt8, Sendable, Equatable {
            /// Global addresses and the default route come from the peer's Router Advertisements (RFC 4862); one is asked for.
            case host = 0
            /// Advertisements are ignored; everything that is not local goes to the peer.
            case router = 1
        }

        /// Of RFC 5072, with the link-local prefix in front of it this side's address.
        public var interfaceIdentifier: UInt64
        public var role: Role

        public init(interfaceIdentifier: UInt64, role: Role = .host) {
            self.interfaceIdentifier = interfaceIdentifier
            self.role = role
        }
    }

    public var ipv4: IPv4?
    /// Takes an MTU of 1,280 at least (RFC 8200 §5).
    public var ipv6: IPv6?
    /// Octets of the largest IP packet that the peer takes: its MRU. 68 to 65,535; 1,500 by default.
    public var mtu: Int
    /// Packets that wait in the device while the line is busy; behind that the kernel drops, and its TCP slows down. 1 to
    /// 1,000; 40 by default.
    public var queuePackets: Int
    /// In the order of preference, at most 4. They are asked at port 53.
    public var nameServers: [IPAddress]
    /// Every address of these is one of the namespace's own, so that listeners can serve many addresses: for a far side. At
    /// most 16.
    public var localPrefixes: [IPPrefix]

    public init(
        ipv4: IPv4? = nil, ipv6: IPv6? = nil, mtu: Int = 1500, queuePackets: Int = 40, nameServers: [IPAddress] = [],
        localPrefixes: [IPPrefix] = []
    ) {
        self.ipv4 = ipv4
        self.ipv6 = ipv6
        self.mtu = mtu
        self.queuePackets = queuePackets
        self.nameServers = nameServers
        self.localPrefixes = localPrefixes
    }

    static let mostNameServers = 4
    static let mostPrefixes = 16
    static let mtuRange = 68...65_535
    static let queueRange = 1...1_000

    /// What is wrong with it, for whoever made it; nil: nothing.
    var fault: String? {
        if !Self.mtuRange.contains(mtu) { return "an MTU of \(mtu) octets" }
        if !Self.queueRange.contains(queuePackets) { return "a queue of \(queuePackets) packets" }
        if ipv4.map({ $0.address.family != .v4 || $0.peer.map { $0.family != .v4 } ?? false }) ?? false {
            return "an IPv6 address in place of an IPv4 address"
        }
        if ipv6 != nil && mtu < 1_280 { return "an MTU of \(mtu) octets, too small for IPv6" }
        if nameServers.count > Self.mostNameServers { return "\(nameServers.count) name servers" }
        if localPrefixes.count > Self.mostPrefixes { return "\(localPrefixes.count) local prefixes" }
        return nil
    }
}
