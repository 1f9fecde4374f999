import Modem
import NIOCore
import PPP
import Scopes
import Tunnel

extension PPPConfiguration {
    /// A client's, for a context: only what the context can carry is asked for. Headers are compressed where a line is slow enough
    /// for 36 octets of each packet to count.
    init(_ context: PDPContext, baud: Int) {
        self.init()
        if baud < 1_000_000 { ipv4?.headerCompression = HeaderCompression() }
        if context.type == .ipv4 { ipv6 = nil }
        if context.type == .ipv6 { ipv4 = nil }
        guard let account = context.account else { return }
        self.account = PPPAccount(name: account.user, password: account.password)
        acceptedAuthentication =
            switch account.authentication {
            case .pap: [.pap]
            case .chap: [.chapMD5]
            case .papOrCHAP: [.chapMD5, .pap]
            }
    }
}

extension Phase {
    /// Nil for what is no stretch of the way up.
    init?(_ phase: PPPPhase) {
        switch phase {
        case .establish: self = .lcp
        case .authenticate: self = .pppAuthentication
        case .network: self = .ipcp
        case .dead, .running, .terminate: return nil
        }
    }
}

extension TunnelAddresses {
    /// What the namespace's device is given. Its queue holds about what the line carries in a second, at least 10 packets: behind
    /// more, every acknowledgement would come late.
    init(_ network: PPPNetwork, baud: Int) {
        self.init(
            mtu: network.mtu, queuePackets: min(40, max(10, baud / 10 / max(1, network.mtu))),
            nameServers: network.ipv4?.nameServers.compactMap(IPAddress.init) ?? [])
        if let ipv4 = network.ipv4, let address = IPAddress(ipv4.address) {
            let peer = ipv4.peerAddress == .any ? nil : IPAddress(ipv4.peerAddress)
            self.ipv4 = IPv4(address: address, peer: peer)
        }
        if let ipv6 = network.ipv6, network.mtu >= 1_280 {
            self.ipv6 = IPv6(interfaceIdentifier: ipv6.interfaceIdentifier)
        }
    }
}

extension IPAddress {
    fileprivate init?(_ address: IPv4Address) {
        self.init(octets: (0..<4).map { UInt8(truncatingIfNeeded: address.rawValue >> (24 - 8 * $0)) })
    }
}

extension LinkFacts {
    init(_ network: PPPNetwork) {
        let peer = network.ipv4.flatMap { $0.peerAddress == .any ? nil : $0.peerAddress.description }
        self.init(
            ipv4: network.ipv4?.address.description, peer: peer,
            ipv6: network.ipv6.map { IPAddress.linkLocal($0.interfaceIdentifier).description },
            nameServers: network.ipv4?.nameServers.map(\.description) ?? [], mtu: network.mtu,
            compression: network.ipv4?.compression)
    }
}

extension PPPNetwork.IPv4 {
    /// Van Jacobson's, as agreed for each way.
    fileprivate var compression: String? {
        switch (compressesSent, compressesReceived) {
        case (true, true): "VJ"
        case (true, false): "VJ upward"
        case (false, true): "VJ downward"
        case (false, false): nil
        }
    }
}

extension LinkCounts {
    init(_ counters: PPPCounters) {
        self.init(
            lineUp: counters.lineOctetsOut, lineDown: counters.lineOctetsIn, packetsUp: counters.packetsOut,
            packetsDown: counters.packetsIn, ipUp: counters.packetOctetsOut, ipDown: counters.packetOctetsIn,
            damaged: counters.frames.damaged)
    }
}

extension PPPEnd {
    /// Whether it says that there is no PPP to be had here, rather than that somebody refused.
    var isAbsence: Bool {
        switch self {
        case .noAnswer, .loopedBack, .noAgreement, .noMD5: true
        case .closedHere, .terminatedByPeer, .authenticationRefused, .authenticationUnacceptable,
            .authenticationUnanswered, .peerUnproven, .noNetwork, .echoLost, .noCarrier, .lineLost:
            false
        }
    }

    /// Whether a peer was there to the end, and so to be told of it.
    var hasPeer: Bool {
        switch self {
        case .noAnswer, .loopedBack, .echoLost, .noCarrier, .lineLost: false
        case .closedHere, .terminatedByPeer, .noAgreement, .authenticationRefused, .authenticationUnacceptable,
            .authenticationUnanswered, .peerUnproven, .noMD5, .noNetwork:
            true
        }
    }

    /// Whether the network may have a cause for it, which the modem tells once it is in command mode.
    var mayHaveCause: Bool {
        switch self {
        case .terminatedByPeer, .noNetwork, .authenticationUnanswered, .noCarrier, .lineLost: true
        case .closedHere, .noAnswer, .loopedBack, .noAgreement, .authenticationRefused, .authenticationUnacceptable,
            .peerUnproven, .noMD5, .echoLost:
            false
        }
    }
}
