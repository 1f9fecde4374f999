import Glibc
import NIOCore
import Testing

@testable import Tunnel

/// Names, asked for in one namespace and answered in another.
@Suite(.timeLimit(.minutes(3))) struct ResolverTests {
    private static let name = "mail.example.com"
    private static let four = DNSAnswer.Record.a(name, [198, 51, 100, 7])
    private static let six = DNSAnswer.Record.aaaa(name, IPAddress("2001:db8:7::25")!.octets)

    private func resolve(
        families: Set<IPAddress.Family> = [.v4, .v6], limit: Duration = .seconds(30),
        _ answer: @escaping @Sendable ([UInt8], Int) -> [[UInt8]]
    ) async throws -> Result<NetworkNamespace.Resolved, TunnelError> {
        try await Joined.with { pair in
            let socket = try await pair.far.bindUDP(at: SocketAddress(ipAddress: "198.51.100.53", port: 53))
            let server = try NameServer(socket, answer)
            defer { server.stop() }
            do throws(TunnelError) {
                return .success(try await pair.near.resolve(Self.name, port: 465, families: families, limit: limit))
            } catch {
                return .failure(error)
            }
        }
    }

    private static func honest(_ query: [UInt8]) -> [UInt8] {
        DNSAnswer(to: query, [DNSAnswer.type(of: query) == 1 ? four : six]).octets
    }

    @Test func bothFamiliesComeInOneRoundTrip() async throws {
        let found = try await resolve { query, _ in [Self.honest(query)] }.get()
        #expect(found.roundTrips == 1)
        #expect(
            found.addresses == [
                try SocketAddress(ipAddress: "2001:db8:7::25", port: 465),
                try SocketAddress(ipAddress: "198.51.100.7", port: 465),
            ])
    }

    @Test func noSuchNameIsSaid() async throws {
        let result = try await resolve { query, _ in [DNSAnswer(to: query, code: 3).octets] }
        #expect(result == .failure(.nameNotFound(host: Self.name)))
    }

    @Test func aNameWithoutAddressIsSaid() async throws {
        let result = try await resolve { query, _ in [DNSAnswer(to: query).octets] }
        #expect(result == .failure(.noAddress(host: Self.name)))
    }

    enum Trick: String, CaseIterable {
        case truncated = "the name server's answer is cut off"
        case looped = "the name is an alias that leads back to itself"
        case pointerLoop = "the name server's answer is malformed"
        case serverFailure = "the name server answers with SERVFAIL (2)"
        case refused = "the name server answers with REFUSED (5)"

        func answer(_ query: [UInt8]) -> DNSAnswer {
            switch self {
            case .truncated: DNSAnswer(to: query, [ResolverTests.four], truncated: true)
            case .looped: DNSAnswer(to: query, [.cname(ResolverTests.name, "a.b"), .cname("a.b", ResolverTests.name)])
            case .pointerLoop: DNSAnswer(to: query, [.raw([0xC0, UInt8(query.count)], 1, [1, 2, 3, 4])])
            case .serverFailure: DNSAnswer(to: query, code: 2)
            case .refused: DNSAnswer(to: query, code: 5)
            }
        }
    }

    @Test(arguments: Trick.allCases) func aBadAnswerIsSaid(trick: Trick) async throws {
        let result = try await resolve { query, _ in [trick.answer(query).octets] }
        #expect(result == .failure(.lookupFailed(host: Self.name, words: trick.rawValue)))
    }

    @Test func theHonestAnswerBehindAForgedOneCounts() async throws {
        let found = try await resolve { query, _ in
            var forged = DNSAnswer(to: query, [.a(Self.name, [6, 6, 6, 6])])
            forged.identifier ^= 0x5555
            return [forged.octets, [], [UInt8](repeating: 0xFF, count: 2000), Self.honest(query)]
        }.get()
        #expect(found.addresses.count == 2)
        #expect(!found.addresses.contains { $0.ipAddress == "6.6.6.6" })
    }

    @Test func forgedAnswersAloneAreSaid() async throws {
        let result = try await resolve(limit: .milliseconds(300)) { query, _ in
            var forged = DNSAnswer(to: query, [Self.four])
            forged.identifier ^= 0x5555
            return [forged.octets]
        }
        let words = "only answers came that belong to no question: somebody may forge them"
        #expect(result == .failure(.lookupFailed(host: Self.name, words: words)))
    }

    @Test func aSilentServerIsSaid() async throws {
        let result = try await resolve(limit: .milliseconds(200)) { _, _ in [] }
        #expect(result == .failure(.lookupFailed(host: Self.name, words: "no name server answered in one try")))
    }

    @Test func whereNoNameServerListensIsSaidAtOnce() async throws {
        try await Joined.with { pair in
            let words = "no name server can be reached: Connection refused"
            await #expect(throws: TunnelError.lookupFailed(host: Self.name, words: words)) {
                _ = try await pair.near.resolve(Self.name, port: 465, limit: .seconds(600))
            }
        }
    }

    @Test func aCancelledLookUpEndsAtOnce() async throws {
        try await Joined.with { pair in
            let socket = try await pair.far.bindUDP(at: SocketAddress(ipAddress: "198.51.100.53", port: 53))
            let server = try NameServer(socket) { _, _ in [] }
            defer { server.stop() }
            let looking = Task { try await pair.near.resolve(Self.name, port: 465, limit: .seconds(600)) }
            while server.queries.isEmpty { await Task.yield() }
            looking.cancel()
            await #expect(throws: TunnelError.cancelled) { _ = try await looking.value }
            // The helper goes on.
            #expect(try await pair.near.addresses() == [Joined.nearAddress])
        }
    }

    @Test func anAddressInTextIsItsOwnAnswer() async throws {
        try await Bench.withNamespace { namespace in
            let found = try await namespace.resolve("[2001:db8::1]", port: 25)
            #expect(found.addresses == [try SocketAddress(ipAddress: "2001:db8::1", port: 25)])
            #expect(found.roundTrips == 0)
            await #expect(throws: TunnelError.nameNotFound(host: "no such name")) {
                _ = try await namespace.resolve("no such name", port: 25)
            }
            let words = "the network gave no name server"
            await #expect(throws: TunnelError.lookupFailed(host: Self.name, words: words)) {
                _ = try await namespace.resolve(Self.name, port: 25)
            }
        }
    }
}
