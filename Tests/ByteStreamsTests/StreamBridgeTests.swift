import ByteStreams
import NIOCore
import Scopes
import Support
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct StreamBridgeTests {
    /// The two outer ends of a bridge that runs, and how it ended.
    struct Run: Sendable {
        let client: MemoryStream
        let server: MemoryStream
    }

    /// Runs a bridge between two pairs, and `body` at their outer ends.
    private func bridge(
        capacity: Int = 65_536, halfCloses: Bool = true, clock: any Clock<Duration> = ContinuousClock(),
        _ body: @escaping @Sendable (Run) async throws -> Void
    ) async throws -> StreamBridge.Outcome {
        let (client, near) = MemoryStream.pair(capacity: capacity)
        let (far, server) = MemoryStream.pair(capacity: capacity)
        let bridge = StreamBridge(near: near, far: halfCloses ? far : WholeStream(base: far), clock: clock)
        return try await withThrowingTaskGroup(of: StreamBridge.Outcome?.self) { group in
            group.addTask { await bridge.run() }
            group.addTask {
                try await body(Run(client: client, server: server))
                return nil
            }
            var outcome: StreamBridge.Outcome?
            for try await result in group { outcome = outcome ?? result }
            return try #require(outcome)
        }
    }

    private static func octets(_ count: Int, seed: UInt64) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func readAll(_ stream: MemoryStream, atMost: Int = 1_000) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let octets = try await stream.read(atMost: atMost) { all += Array(octets.readableBytesView) }
        return all
    }

    @Test(arguments: [1, 3, 4_096])
    func everyOctetPassesBothWaysInOrderAndIsCounted(capacity: Int) async throws {
        let seed = UInt64.random(in: .min ... .max)
        let up = Self.octets(200 * min(capacity, 1_000), seed: seed)
        let down = Self.octets(300 * min(capacity, 1_000), seed: seed &+ 1)
        let outcome = try await bridge(capacity: capacity) { run in
            async let sentUp: Void = run.client.writeAll(ByteBuffer(bytes: up))
            async let sentDown: Void = run.server.writeAll(ByteBuffer(bytes: down))
            async let gotUp = {
                var all: [UInt8] = []
                while all.count < up.count, let octets = try await run.server.read(atMost: 777) {
                    all += Array(octets.readableBytesView)
                }
                return all
            }()
            var gotDown: [UInt8] = []
            while gotDown.count < down.count, let octets = try await run.client.read(atMost: 778) {
                gotDown += Array(octets.readableBytesView)
            }
            #expect(gotDown == down, "seed \(seed)")
            #expect(try await gotUp == up, "seed \(seed)")
            _ = try await (sentUp, sentDown)
            _ = try await (run.client.endWriting(), run.server.endWriting())
        }
        #expect(outcome == StreamBridge.Outcome(ending: .both, up: up.count, down: down.count))
    }

    /// A client that ends first still gets all of the answer.
    @Test func theEndOfOneDirectionIsHandedOnAndTheOtherGoesOn() async throws {
        let outcome = try await bridge { run in
            try await run.client.writeAll(ByteBuffer(string: "question"))
            _ = try await run.client.endWriting()
            #expect(try await Self.readAll(run.server) == Array("question".utf8))
            try await run.server.writeAll(ByteBuffer(string: "answer"))
            _ = try await run.server.endWriting()
            #expect(try await Self.readAll(run.client) == Array("answer".utf8))
        }
        #expect(outcome == StreamBridge.Outcome(ending: .both, up: 8, down: 6))
    }

    @Test func theFarEndIsHandedOnToTheClient() async throws {
        let outcome = try await bridge { run in
            try await run.server.writeAll(ByteBuffer(string: "goodbye"))
            _ = try await run.server.endWriting()
            #expect(try await Self.readAll(run.client) == Array("goodbye".utf8))
            try await run.client.writeAll(ByteBuffer(string: "late"))
            _ = try await run.client.endWriting()
            #expect(try await Self.readAll(run.server) == Array("late".utf8))
        }
        #expect(outcome == StreamBridge.Outcome(ending: .both, up: 4, down: 7))
    }

    /// A modem's socket has no end of one direction: the far side is asked no more, but what it still sends arrives.
    @Test func aFarSideThatCannotBeToldStillSendsItsAnswer() async throws {
        let outcome = try await bridge(halfCloses: false) { run in
            try await run.client.writeAll(ByteBuffer(string: "question"))
            _ = try await run.client.endWriting()
            #expect(try await run.server.read(atMost: 100) == ByteBuffer(string: "question"))
            try await run.server.writeAll(ByteBuffer(string: "answer"))
            _ = await run.server.close()
            #expect(try await Self.readAll(run.client) == Array("answer".utf8))
        }
        #expect(outcome == StreamBridge.Outcome(ending: .both, up: 8, down: 6))
    }

    @Test func aFarSideThatCannotBeToldIsWaitedForAsLongAsItSends() async throws {
        let clock = TurnClock()
        let outcome = try await bridge(halfCloses: false, clock: clock) { run in
            _ = try await run.client.endWriting()
            for turn in 0..<3 {
                await clock.sleeper(turn)
                try await run.server.writeAll(ByteBuffer(string: "x"))
                #expect(try await run.client.read(atMost: 10) == ByteBuffer(string: "x"))
                clock.turn()
            }
            await clock.sleeper(3)
            clock.turn()
        }
        #expect(outcome == StreamBridge.Outcome(ending: .silence(after: .near), up: 0, down: 3))
    }

    @Test func aClientThatIgnoresTheFarEndIsNotWaitedForWithoutEnd() async throws {
        let clock = TurnClock()
        let outcome = try await bridge(clock: clock) { run in
            _ = try await run.server.endWriting()
            #expect(try await run.client.read(atMost: 10) == nil)
            await clock.sleeper(0)
            clock.turn()
        }
        #expect(outcome == StreamBridge.Outcome(ending: .silence(after: .far), up: 0, down: 0))
    }

    @Test(arguments: [StreamBridge.Side.near, .far])
    func aFailureOfEitherSideEndsBothAndNamesTheSide(_ side: StreamBridge.Side) async throws {
        let outcome = try await bridge { run in
            try await run.client.writeAll(ByteBuffer(string: "a"))
            _ = try await run.server.read(atMost: 1)
            (side == .near ? run.client : run.server).fail(.reset("gone"))
        }
        #expect(outcome == StreamBridge.Outcome(ending: .failed(side, .reset("gone")), up: 1, down: 0))
    }

    @Test func aFailureOfTheReaderEndsAWriterThatWaits() async throws {
        let outcome = try await bridge(capacity: 8) { run in
            async let refused: Void = run.client.writeAll(ByteBuffer(repeating: 1, count: 1_000))
            _ = try await run.server.read(atMost: 8)
            run.server.fail(.linkLost("the bearer"))
            // Nobody reads any more: this end stands for a client that is closed by its owner.
            run.client.fail(.closed)
            try? await refused
        }
        guard case .failed(_, let failure) = outcome.ending else {
            Issue.record("\(outcome)")
            return
        }
        #expect([.linkLost("the bearer"), .closed].contains(failure))
    }

    /// Of what the writer got rid of, no more is under way than each pipe holds and one read of the bridge.
    @Test func aSlowReaderHoldsBackTheWriter() async throws {
        let outcome = try await bridge(capacity: 1_000) { run in
            let taken = Counter()
            async let writing: Void = {
                for _ in 0..<400 {
                    var octets = ByteBuffer(repeating: 7, count: 500)
                    while octets.readableBytes > 0 {
                        let before = octets.readableBytes
                        try await run.client.write(&octets)
                        taken.add(before - octets.readableBytes)
                    }
                }
                _ = try await run.client.endWriting()
            }()
            var read = 0
            while let octets = try await run.server.read(atMost: 100) {
                #expect(taken.count - read <= 2_000 + StreamBridge.chunk)
                read += octets.readableBytes
            }
            #expect(read == 200_000)
            _ = try await run.server.endWriting()
            try await writing
        }
        #expect(outcome == StreamBridge.Outcome(ending: .both, up: 200_000, down: 0))
    }

    @Test func cancellationEndsItAndIsSaid() async throws {
        let (client, near) = MemoryStream.pair()
        let (far, server) = MemoryStream.pair()
        let running = Task { await StreamBridge(near: near, far: far).run() }
        try await client.writeAll(ByteBuffer(string: "abc"))
        _ = try await server.read(atMost: 3)
        running.cancel()
        #expect(await running.value == StreamBridge.Outcome(ending: .cancelled, up: 3, down: 0))
    }
}

private final class Counter: Sendable {
    private let state = Mutex(0)

    var count: Int { state.withLock { $0 } }

    func add(_ more: Int) { state.withLock { $0 += more } }
}

/// A stream without an end of one direction, as a modem's own socket is.
private struct WholeStream: ByteStream {
    let base: MemoryStream

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? { try await base.read(atMost: atMost) }
    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await base.write(&octets) }
    func flush() async throws(StreamFailure) { try await base.flush() }
    func close() async -> TeardownStep { await base.close() }
}

/// A clock whose sleeps end one by one, when the test says so.
private final class TurnClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    private let turns = AsyncStream.makeStream(of: Void.self)
    private let sleepers = AsyncStream.makeStream(of: Int.self)
    private let count = Mutex(0)

    var now: Instant { Instant(offset: .zero) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let number = count.withLock { count in
            count += 1
            return count - 1
        }
        sleepers.continuation.yield(number)
        var iterator = turns.stream.makeAsyncIterator()
        guard await iterator.next() != nil else { throw CancellationError() }
    }

    /// Returns when the sleep of this number has begun.
    func sleeper(_ number: Int) async {
        for await begun in sleepers.stream where begun == number { return }
    }

    func turn() { turns.continuation.yield() }
}
