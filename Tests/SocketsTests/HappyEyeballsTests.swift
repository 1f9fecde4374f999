import NIOCore
import Sockets
import Synchronization
import Testing

@Suite struct HappyEyeballsTests {
    private static func addresses(_ texts: [String]) throws -> [SocketAddress] {
        try texts.map { try SocketAddress(ipAddress: $0, port: 465) }
    }

    @Test(
        arguments: [
            (
                ["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"], nil,
                ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]
            ),
            (["192.0.2.1", "192.0.2.2", "2001:db8::1"], nil, ["192.0.2.1", "2001:db8::1", "192.0.2.2"]),
            (["2001:db8::1", "192.0.2.1", "192.0.2.2"], "192.0.2.2", ["192.0.2.2", "2001:db8::1", "192.0.2.1"]),
            (["192.0.2.1"], "192.0.2.9", ["192.0.2.1"]), ([], nil, []),
        ] as [([String], String?, [String])])
    func familiesTakeTurnsBehindTheLastGoodAddress(given: [String], lastGood: String?, wanted: [String]) throws {
        let last = try lastGood.map { try SocketAddress(ipAddress: $0, port: 465) }
        let ordered = HappyEyeballs.order(try Self.addresses(given), lastGood: last)
        #expect(ordered == (try Self.addresses(wanted)))
    }

    @Test func theHeadStartFollowsTheLink() {
        #expect(HappyEyeballs.delay() == .milliseconds(250))
        #expect(HappyEyeballs.delay(answer: .milliseconds(20)) == .milliseconds(250))
        #expect(HappyEyeballs.delay(answer: .milliseconds(800)) == .milliseconds(1_200))
        #expect(HappyEyeballs.delay(answer: .seconds(30)) == .seconds(2))
    }

    @Test func theNextBeginsWhenTheHeadStartIsOver() {
        var machine = HappyEyeballs(count: 3)
        #expect(machine.handle(.begun) == [.attempt(0)])
        #expect(machine.handle(.delayPassed(0)) == [.attempt(1)])
        #expect(machine.handle(.delayPassed(0)) == [], "once")
        #expect(machine.handle(.connected(0)) == [.abandon(1), .finish(0)])
        #expect(machine.handle(.delayPassed(1)) == [])
        #expect(machine.handle(.connected(1)) == [])
    }

    @Test func aFailureIsFollowedAtOnce() {
        var machine = HappyEyeballs(count: 2)
        _ = machine.handle(.begun)
        #expect(machine.handle(.failed(0)) == [.attempt(1)])
        #expect(machine.handle(.delayPassed(0)) == [], "of an attempt that is over")
        #expect(machine.handle(.failed(0)) == [])
        #expect(machine.handle(.failed(1)) == [.finish(nil)])
    }

    @Test func theLastIsWaitedForWhenAllAreBegun() {
        var machine = HappyEyeballs(count: 2)
        _ = machine.handle(.begun)
        _ = machine.handle(.delayPassed(0))
        #expect(machine.handle(.delayPassed(1)) == [])
        #expect(machine.handle(.failed(1)) == [])
        #expect(machine.handle(.connected(0)) == [.finish(0)])
    }

    @Test func noAddressIsTheEndAtOnce() {
        var machine = HappyEyeballs(count: 0)
        #expect(machine.handle(.begun) == [.finish(nil)])
    }

    // MARK: With attempts

    private struct Refused: Error, Equatable {
        let address: SocketAddress
    }

    @Test func aSilentAddressHoldsNobodyUpAndIsGivenUp() async throws {
        let addresses = try Self.addresses(["2001:db8::1", "192.0.2.1"])
        let race = ConnectionRace(addresses, delay: .milliseconds(1))
        let outcome = await race.run { address async throws(Refused) -> String in
            if address == addresses[1] { return "open" }
            try? await Task.sleep(for: .seconds(3_600))  // ends with its cancellation
            throw Refused(address: address)
        } discard: { _ in
            Issue.record("nothing came too late")
        }
        guard case .won("open", addresses[1]) = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func aConnectionThatComesTooLateIsReleased() async throws {
        let addresses = try Self.addresses(["2001:db8::1", "192.0.2.1"])
        let released = Mutex<[String]>([])
        let race = ConnectionRace(addresses, delay: .milliseconds(1))
        let outcome = await race.run { address async throws(Refused) -> String in
            if address == addresses[1] { return "first" }
            try? await Task.sleep(for: .seconds(3_600))
            return "second"
        } discard: { connection in
            released.withLock { $0.append(connection) }
        }
        guard case .won("first", _) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(released.withLock { $0 } == ["second"])
    }

    @Test func whenAllFailEachSaysWhy() async throws {
        let addresses = try Self.addresses(["2001:db8::1", "192.0.2.1", "192.0.2.2"])
        let race = ConnectionRace(addresses, delay: .seconds(3_600))
        let outcome = await race.run { address async throws(Refused) -> String in
            throw Refused(address: address)
        } discard: { _ in
        }
        guard case .lost(let failures) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failures == addresses.map(Refused.init))
    }

    @Test func aCancelledRaceEndsAtOnce() async throws {
        let race = ConnectionRace(try Self.addresses(["2001:db8::1", "192.0.2.1"]), delay: .seconds(3_600))
        let racing = Task {
            await race.run { address async throws(Refused) -> String in
                try? await Task.sleep(for: .seconds(3_600))
                throw Refused(address: address)
            } discard: { _ in
            }
        }
        await Task.yield()
        racing.cancel()
        guard case .lost(let failures) = await racing.value else {
            Issue.record("won")
            return
        }
        #expect(failures.count == 1)
    }
}
