import ByteStreams
import Glibc
import NIOCore
import Scopes
import Sockets
import Testing

@testable import Bearer
@testable import Tunnel

/// A name in, a stream out.
@Suite(.timeLimit(.minutes(3))) struct NamespaceConnectorTests {
    private static let host = "mail.example.com"

    private func withNet(
        advertised: Bool = false, _ records: @escaping @Sendable (UInt8) -> [DNSAnswer.Record],
        _ body: (Joined.Pair, NameServer) async throws -> Void
    ) async throws {
        try await Joined.with { pair in
            let socket = try await pair.far.bindUDP(at: SocketAddress(ipAddress: "198.51.100.53", port: 53))
            let server = try NameServer(socket) { query, _ in
                [DNSAnswer(to: query, records(DNSAnswer.type(of: query))).octets]
            }
            defer { server.stop() }
            if advertised {
                let prefix = try #require(IPAddress("2001:db8:1::"))
                pair.wire.inject(RouterAdvertisement.packet(from: .linkLocal(Joined.farIdentifier), prefix: prefix))
                while try await pair.near.addresses().count < 2 { await Task.yield() }
            }
            return try await body(pair, server)
        }
    }

    private static func records(_ type: UInt8) -> [DNSAnswer.Record] {
        type == 1 ? [.a(host, [198, 51, 100, 7])] : [.aaaa(host, Joined.served6.octets)]
    }

    private static func connect(
        _ pair: Joined.Pair, _ host: String = host, port: UInt16 = 465, hasIPv6: Bool = true
    ) async throws -> SocketStream {
        let connector = NamespaceConnector(namespace: pair.near, memory: nil, clock: .continuous, loop: Bench.loop)
        let families = try await connector.families(hasIPv4: true, hasIPv6: hasIPv6)
        return try await connector.connect(to: host, port: port, families: families)
    }

    @Test func aNameBecomesAStream() async throws {
        try await withNet(Self.records) { pair, server in
            let target = try SocketAddress(ipAddress: "198.51.100.7", port: 465)
            let listening = try #require(try await pair.far.listen(at: target).take())
            defer { close(listening) }
            let stream = try await Self.connect(pair)
            #expect(stream.remoteAddress == target)
            // Without an IPv6 address of its own the bearer does not ask for one.
            #expect(server.queries.map { DNSAnswer.type(of: $0) } == [1])
            let far = Plain.accept(listening)
            defer { close(far) }
            var octets = ByteBuffer(string: "hello")
            try await stream.write(&octets)
            #expect(Plain.read(far, 5) == "hello")
            Plain.write(far, "220")
            #expect(try await stream.read(atMost: 10) == ByteBuffer(string: "220"))
            let information = try #require(await stream.tcpInfo())
            #expect(!information.hasTimestamps)
            shutdown(far, Int32(SHUT_WR))
            #expect(try await stream.read(atMost: 10) == nil)
            #expect(await stream.close().isClean)
        }
    }

    @Test func theOtherFamilyIsTakenWhereOneRefuses() async throws {
        try await withNet(advertised: true, Self.records) { pair, server in
            let listening = try #require(
                try await pair.far.listen(at: SocketAddress(ipAddress: "198.51.100.7", port: 465)).take())
            defer { close(listening) }
            let stream = try await Self.connect(pair)
            #expect(stream.remoteAddress?.ipAddress == "198.51.100.7")
            #expect(server.queries.count == 2)
            _ = await stream.reset()
        }
    }

    @Test func iPv6IsTakenFirst() async throws {
        try await withNet(advertised: true, Self.records) { pair, server in
            let four = try SocketAddress(ipAddress: "198.51.100.7", port: 465)
            let six = try SocketAddress(ipAddress: Joined.served6.description, port: 465)
            var listeners: [Int32] = []
            for address in [four, six] { listeners.append(try #require(try await pair.far.listen(at: address).take())) }
            defer { for listener in listeners { close(listener) } }
            let stream = try await Self.connect(pair)
            #expect(stream.remoteAddress == six)
            _ = await stream.reset()
        }
    }

    @Test func aNameOfTheOtherFamilyAloneIsSaid() async throws {
        let six: @Sendable (UInt8) -> [DNSAnswer.Record] = { type in type == 28 ? Self.records(28) : [] }
        try await withNet(six) { pair, _ in
            for host in [Self.host, "2001:db8::1"] {
                await #expect(throws: TunnelError.noAddress(host: host)) {
                    _ = try await Self.connect(pair, host, hasIPv6: false)
                }
            }
        }
    }

    @Test func aRefusalIsSaidWithItsAddress() async throws {
        try await withNet(Self.records) { pair, _ in
            await #expect(throws: TunnelError.refused("198.51.100.7:25")) {
                _ = try await Self.connect(pair, port: 25)
            }
        }
    }
}
