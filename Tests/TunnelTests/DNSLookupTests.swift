import NIOCore
import Testing

@testable import Tunnel

@Suite struct DNSLookupTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private static let name = "mail.example.com"

    /// A look-up under way, with its queries.
    private struct Run {
        var machine: DNSLookup
        var now = DNSLookupTests.start
        var sent: [(query: [UInt8], server: Int)] = []
        var outcome: Result<LookupAnswer, LookupFailure>?

        init(
            _ families: Set<IPAddress.Family> = [.v4, .v6], servers: Int = 1, limit: TimeAmount = .seconds(60),
            name: String = DNSLookupTests.name
        ) {
            machine = DNSLookup(
                LookupQuestion(name: name, families: families, limit: limit), servers: servers,
                identifiers: [.v4: 0x1111, .v6: 0x2222])
            handle(.begun)
        }

        mutating func handle(_ event: DNSLookup.Event) {
            for action in machine.handle(event, now: now) {
                switch action {
                case .send(let query, let server): sent.append((Array(query.readableBytesView), server))
                case .finish(let result): outcome = result
                }
            }
        }

        /// The latest query of a family.
        func query(_ type: UInt8) -> [UInt8] { sent.last { DNSAnswer.type(of: $0.query) == type }?.query ?? [] }

        mutating func answer(
            _ type: UInt8, _ records: [DNSAnswer.Record] = [], code: UInt16 = 0, truncated: Bool = false,
            server: Int = 0
        ) {
            handle(
                .received(
                    DNSAnswer(to: query(type), records, code: code, truncated: truncated).octets, server: server))
        }

        mutating func pass() {
            now = machine.deadline ?? now
            handle(.deadlinePassed)
        }

        /// Until the end, with nothing coming.
        mutating func passAll() {
            var turns = 0
            while outcome == nil, turns < 100 {
                pass()
                turns += 1
            }
        }

        var failure: LookupFailure? {
            guard case .failure(let failure) = outcome else { return nil }
            return failure
        }

        var addresses: [String]? { try? outcome?.get().addresses.map(\.description) }
    }

    private static let four = DNSAnswer.Record.a(name, [192, 0, 2, 1])
    private static let six = DNSAnswer.Record.aaaa(name, [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1])

    @Test func bothFamiliesAreAskedForInOneRoundTrip() {
        var run = Run()
        #expect(run.sent.map { DNSAnswer.type(of: $0.query) } == [28, 1])
        run.answer(1, [Self.four])
        #expect(run.outcome == nil)
        run.answer(28, [Self.six])
        #expect(run.addresses == ["2001:db8::1", "192.0.2.1"])
        #expect(try! run.outcome?.get().roundTrips == 1)
        #expect(run.machine.deadline == nil)
    }

    @Test func theOtherFamilyIsWaitedForOnlyALittle() {
        var run = Run()
        run.now = run.now + .milliseconds(600)
        run.answer(1, [Self.four])
        #expect(run.machine.deadline == run.now + .milliseconds(300))
        run.pass()
        #expect(run.addresses == ["192.0.2.1"])
    }

    @Test func aNameWithoutIPv6IsFound() {
        var run = Run()
        run.answer(28)
        run.answer(1, [Self.four])
        #expect(run.addresses == ["192.0.2.1"])
    }

    @Test func aNameWithoutAddressesHasNone() {
        var run = Run([.v6])
        #expect(run.sent.count == 1)
        run.answer(28)
        #expect(run.failure == LookupFailure(.noAddress, roundTrips: 1))
    }

    @Test func aNameThatDoesNotExistEndsAtOnce() {
        var run = Run()
        run.answer(28, code: 3)
        #expect(run.failure == LookupFailure(.notFound, roundTrips: 1))
    }

    @Test func silenceIsAskedAgainAndEnds() {
        var run = Run([.v4], servers: 2)
        run.passAll()
        #expect(run.failure == LookupFailure(.silent, roundTrips: 4))
        #expect(run.sent.map(\.server) == [0, 1, 0, 1])
        #expect(run.now == Self.start + .seconds(3 + 4 + 6 + 8))
    }

    @Test func theLimitEndsIt() {
        var run = Run([.v4], limit: .seconds(5))
        run.passAll()
        #expect(run.failure?.reason == .silent)
        #expect(run.now == Self.start + .seconds(5))
    }

    @Test func aLateAnswerOfTheFirstServerCounts() {
        var run = Run([.v4], servers: 2)
        run.pass()
        run.handle(.received(DNSAnswer(to: run.sent[0].query, [Self.four]).octets, server: 0))
        #expect(run.addresses == ["192.0.2.1"])
        #expect(try! run.outcome?.get().roundTrips == 2)
    }

    @Test func whatOneServerCannotTheNextIsAsked() {
        var run = Run([.v4], servers: 2)
        run.answer(1, code: 2)
        #expect(run.sent.map(\.server) == [0, 1], "at once")
        run.answer(1, [Self.four], server: 1)
        #expect(run.addresses == ["192.0.2.1"])
    }

    @Test(arguments: [UInt8(2), 5]) func serversThatRefuseAreSaidWithTheirCode(code: UInt8) {
        var run = Run([.v4])
        for _ in 0..<4 { run.answer(1, code: UInt16(code)) }
        #expect(run.failure == LookupFailure(.refused, code: code, roundTrips: 2))
    }

    @Test func aTruncatedAnswerIsNotBelieved() {
        var run = Run([.v4])
        for _ in 0..<4 { run.answer(1, [Self.four], truncated: true) }
        #expect(run.failure?.reason == .truncated)
    }

    @Test func aliasesThatGoRoundAreSaid() {
        var run = Run([.v4])
        for _ in 0..<4 { run.answer(1, [.cname(Self.name, "a.b"), .cname("a.b", Self.name)]) }
        #expect(run.failure?.reason == .looped)
    }

    @Test func aServerThatCannotBeReachedIsNotAskedAgain() {
        var run = Run([.v4], servers: 3)
        run.handle(.unreachable(111, server: 0))
        run.passAll()
        #expect(run.sent.map(\.server) == [0, 1, 2, 1, 2, 1])
    }

    @Test func forgedAnswersChangeNothing() {
        var run = Run([.v4])
        var forged = run.query(1)
        forged[0] ^= 0xFF
        for _ in 0..<100 { run.handle(.received(DNSAnswer(to: forged, [Self.four]).octets, server: 0)) }
        #expect(run.outcome == nil)
        #expect(run.sent.count == 1)
        var other = run
        other.answer(1, [Self.four])
        #expect(other.addresses == ["192.0.2.1"])
        run.passAll()
        #expect(run.failure?.reason == .forged)
    }

    @Test func aServerThatCannotBeReachedIsLeftAtOnce() {
        var run = Run(servers: 2)
        run.handle(.unreachable(111, server: 0))
        #expect(run.sent.map(\.server) == [0, 0, 1, 1])
        run.handle(.unreachable(111, server: 1))
        #expect(run.failure == LookupFailure(.unreachable, code: 111, roundTrips: 2))
    }

    @Test func withoutServersOrAProperNameNothingIsSent() {
        #expect(Run(servers: 0).failure == LookupFailure(.noServers))
        #expect(Run(name: "no such name").failure == LookupFailure(.badName))
        #expect(Run([]).failure == LookupFailure(.noAddress))
    }

    @Test func nothingHappensBehindTheEnd() {
        var run = Run([.v4])
        run.answer(1, [Self.four])
        let sent = run.sent.count
        run.answer(1, [Self.four])
        run.handle(.unreachable(111, server: 0))
        run.handle(.deadlinePassed)
        #expect(run.sent.count == sent)
        #expect(run.addresses == ["192.0.2.1"])
    }
}
