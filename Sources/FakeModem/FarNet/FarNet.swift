import NIOCore
import Tunnel

/// The network behind a PPP call, as far as it needs no kernel: who is where, names (RFC 1035), and the router's word to an IPv6 host
/// (RFC 4861). Connections are the kernel's, in a namespace: see `FarNetwork`.
struct FarNet {
    /// What `FarNetwork` has to make.
    struct Plan: Sendable, Equatable {
        struct Listener: Sendable, Equatable {
            var address: IPAddress
            var port: UInt16
            /// Where its connections lead on this host.
            var target: String
            var targetPort: Int
        }

        var addresses: TunnelAddresses
        var listeners: [Listener]
    }

    private struct Host {
        var v4: IPAddress?
        var v6: IPAddress?
    }

    /// Asked by the host; RFC 1877 hands out two.
    static let nameServers = ["10.64.0.53", "10.64.0.54"].compactMap { IPAddress($0) }
    static let gateway = IPAddress("10.64.255.1")
    /// Of the far end's link-local address.
    static let interfaceIdentifier: UInt64 = 1
    /// Given to hosts by Router Advertisement.
    static let hostPrefix: [UInt8] = [0xFD, 0x64, 0, 0, 0, 0, 0, 2]

    private var hosts: [String: Host] = [:]
    private let routes: [Route]
    private let servesIPv6: Bool

    init(_ options: FakeModemOptions) {
        routes = options.routes
        servesIPv6 = !options.isIPv4Only
        let carrier = Carrier(options, now: .uptimeNanoseconds(0))
        var number = 0
        for route in options.routes where hosts[route.host.lowercased()] == nil {
            if let literal = IPAddress(route.host) {
                hosts[route.host.lowercased()] = literal.family == .v4 ? Host(v4: literal) : Host(v6: literal)
                continue
            }
            number += 1
            let (high, low) = (UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number))
            hosts[route.host.lowercased()] = Host(
                v4: carrier.address(of: route.host).flatMap { IPAddress($0) },
                v6: servesIPv6
                    ? IPAddress(octets: [0xFD, 0x64, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, high, low]) : nil)
        }
    }

    /// - Parameter client: the address that the host at the line was given.
    func plan(client: IPAddress?) -> Plan {
        var addresses = TunnelAddresses()
        if let gateway = Self.gateway { addresses.ipv4 = .init(address: gateway, peer: client) }
        if servesIPv6 { addresses.ipv6 = .init(interfaceIdentifier: Self.interfaceIdentifier, role: .router) }
        var prefixes = ["198.18.0.0/15", "10.64.0.0/24"]
        if servesIPv6 { prefixes.append("fd64:0:0:1::/64") }
        let literals = hosts.keys.compactMap { IPAddress($0) }.map { "\($0)/\($0.octets.count * 8)" }
        addresses.localPrefixes = (prefixes + literals.sorted()).compactMap { IPPrefix($0) }
        let listeners = routes.flatMap { route -> [Plan.Listener] in
            guard let host = hosts[route.host.lowercased()], let port = UInt16(exactly: route.port) else { return [] }
            return [host.v4, host.v6].compactMap(\.self).map {
                Plan.Listener(address: $0, port: port, target: route.address, targetPort: route.targetPort)
            }
        }
        return Plan(addresses: addresses, listeners: listeners)
    }

    /// What answers this packet of the host at once; nil: it is the kernel's.
    func answer(to packet: ByteBuffer) -> ByteBuffer? {
        if let question = UDPDatagram(ipv4: packet), question.destinationPort == 53,
            Self.nameServers.contains(where: { $0.octets == question.destination })
        {
            return DNSQuestion(question.payload).map { question.reply(answer(to: $0)).ipv4 }
        }
        guard servesIPv6, let source = RouterSolicitation.source(of: packet) else { return nil }
        return RouterAdvertisement.packet(
            to: source, interfaceIdentifier: Self.interfaceIdentifier, prefix: Self.hostPrefix)
    }

    private func answer(to question: DNSQuestion) -> [UInt8] {
        guard let host = hosts[question.name.lowercased()], IPAddress(question.name) == nil else {
            return question.reply(code: .nameError)
        }
        switch question.type {
        case DNSQuestion.a: return question.reply(addresses: [host.v4].compactMap { $0?.octets })
        case DNSQuestion.aaaa: return question.reply(addresses: [host.v6].compactMap { $0?.octets })
        default: return question.reply(addresses: [])
        }
    }
}
