import ByteStreams
import NIOCore
import Scopes
import Testing

@Suite(.timeLimit(.minutes(5))) struct CountingStreamTests {
    @Test func octetsAreCountedEachWay() async throws {
        let (near, far) = MemoryStream.pair(capacity: 3)
        let counting = CountingStream(near)
        var octets = ByteBuffer(string: "abcde")
        try await counting.write(&octets)
        // What was offered and not taken does not count.
        #expect(counting.count.up == 3)
        try await far.writeAll(ByteBuffer(string: "xy"))
        _ = try await counting.read(atMost: 1)
        #expect(counting.count == StreamCount(up: 3, down: 1, roundTrips: 1))
    }

    @Test func aRoundTripIsAReadAfterAWrite() async throws {
        let (near, far) = MemoryStream.pair()
        let counting = CountingStream(near)
        try await far.writeAll(ByteBuffer(string: "greeting"))
        _ = try await counting.read(atMost: 4)
        _ = try await counting.read(atMost: 4)
        #expect(counting.count.roundTrips == 0)
        try await counting.writeAll(ByteBuffer(string: "EHLO"))
        try await counting.writeAll(ByteBuffer(string: " h"))
        try await far.writeAll(ByteBuffer(string: "250"))
        _ = try await counting.read(atMost: 2)
        _ = try await counting.read(atMost: 2)
        #expect(counting.count.roundTrips == 1)
        let before = counting.count
        try await counting.writeAll(ByteBuffer(string: "QUIT"))
        #expect(counting.count - before == StreamCount(up: 4, down: 0, roundTrips: 0))
    }

    @Test func theEndIsPassedOnAndCountsNoOctet() async throws {
        let (near, far) = MemoryStream.pair()
        let counting = CountingStream(near)
        _ = await far.close()
        #expect(try await counting.read(atMost: 1) == nil)
        #expect(counting.count.down == 0)
        #expect(await counting.close().isClean)
        await #expect(throws: StreamFailure.closed) { try await counting.read(atMost: 1) }
    }
}
