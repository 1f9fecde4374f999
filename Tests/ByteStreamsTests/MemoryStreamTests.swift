import ByteStreams
import NIOCore
import Scopes
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct MemoryStreamTests {
    @Test func whatOneEndWritesTheOtherReads() async throws {
        let (near, far) = MemoryStream.pair()
        try await near.writeAll(ByteBuffer(string: "up"))
        try await far.writeAll(ByteBuffer(string: "down"))
        #expect(try await far.read(atMost: 100) == ByteBuffer(string: "up"))
        #expect(try await near.read(atMost: 100) == ByteBuffer(string: "down"))
    }

    @Test func aReadGivesNoMoreThanItIsAskedFor() async throws {
        let (near, far) = MemoryStream.pair()
        try await near.writeAll(ByteBuffer(string: "abc"))
        #expect(try await far.read(atMost: 2) == ByteBuffer(string: "ab"))
        #expect(try await far.read(atMost: 2) == ByteBuffer(string: "c"))
    }

    @Test func aWriteTakesWhatThereIsRoomFor() async throws {
        let (near, far) = MemoryStream.pair(capacity: 4)
        var octets = ByteBuffer(string: "abcdef")
        try await near.write(&octets)
        #expect(String(buffer: octets) == "ef")
        #expect(try await far.read(atMost: 10) == ByteBuffer(string: "abcd"))
        try await near.write(&octets)
        #expect(octets.readableBytes == 0)
        #expect(try await far.read(atMost: 10) == ByteBuffer(string: "ef"))
    }

    @Test func aFullPipeLetsTheWriterWait() async throws {
        let (near, far) = MemoryStream.pair(capacity: 4)
        try await near.writeAll(ByteBuffer(string: "abcd"))
        async let fifth: Void = near.writeAll(ByteBuffer(string: "e"))
        var received = ""
        while received.utf8.count < 5, let octets = try await far.read(atMost: 3) { received += String(buffer: octets) }
        try await fifth
        #expect(received == "abcde")
    }

    @Test(arguments: [1, 2, 7, 1000])
    func anyCapacityCarriesEverythingInOrder(capacity: Int) async throws {
        let (near, far) = MemoryStream.pair(capacity: capacity)
        var generator = SeededGenerator(seed: UInt64(capacity))
        let sent = (0..<2000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        async let writing: Void = near.writeAll(ByteBuffer(bytes: sent))
        var received: [UInt8] = []
        while received.count < sent.count {
            let size = Int.random(in: 1...50, using: &generator)
            guard let octets = try await far.read(atMost: size) else { break }
            #expect(octets.readableBytes <= min(size, capacity))
            received += Array(octets.readableBytesView)
        }
        try await writing
        #expect(received == sent, "seed \(capacity)")
    }

    @Test func anEmptyWriteReturnsEvenWhenThePipeIsFull() async throws {
        let (near, _) = MemoryStream.pair(capacity: 1)
        try await near.writeAll(ByteBuffer(string: "x"))
        var nothing = ByteBuffer()
        try await near.write(&nothing)
    }

    @Test func theEndComesAfterTheLastOctetAndStays() async throws {
        let (near, far) = MemoryStream.pair()
        try await near.writeAll(ByteBuffer(string: "last"))
        #expect(await near.close().isClean)
        #expect(try await far.read(atMost: 10) == ByteBuffer(string: "last"))
        #expect(try await far.read(atMost: 10) == nil)
        #expect(try await far.read(atMost: 10) == nil)
    }

    @Test func afterTheOtherEndClosedAWriteIsReset() async throws {
        let (near, far) = MemoryStream.pair()
        _ = await near.close()
        await #expect(throws: StreamFailure.reset("the other end closed")) {
            try await far.writeAll(ByteBuffer(string: "x"))
        }
    }

    @Test func afterItsOwnCloseAStreamIsClosed() async throws {
        let (near, far) = MemoryStream.pair()
        try await far.writeAll(ByteBuffer(string: "unread"))
        _ = await near.close()
        _ = await near.close()
        await #expect(throws: StreamFailure.closed) { try await near.read(atMost: 1) }
        await #expect(throws: StreamFailure.closed) { try await near.writeAll(ByteBuffer(string: "x")) }
    }

    @Test func closeEndsAPendingReadOfItsOwn() async throws {
        let (near, _) = MemoryStream.pair()
        async let outcome = failure { () async throws(StreamFailure) in _ = try await near.read(atMost: 1) }
        _ = await near.close()
        #expect(await outcome == .closed)
    }

    @Test func closeEndsAPendingWriteOfItsOwn() async throws {
        let (near, _) = MemoryStream.pair(capacity: 1)
        try await near.writeAll(ByteBuffer(string: "x"))
        async let outcome = failure { () async throws(StreamFailure) in try await near.writeAll(ByteBuffer(string: "y"))
        }
        _ = await near.close()
        #expect(await outcome == .closed)
    }

    @Test func aLostLinkEndsBothSidesAtOnce() async throws {
        let (near, far) = MemoryStream.pair()
        try await near.writeAll(ByteBuffer(string: "unread"))
        async let pending = failure { () async throws(StreamFailure) in _ = try await near.read(atMost: 1) }
        far.fail(.linkLost("NO CARRIER"))
        #expect(await pending == .linkLost("NO CARRIER"))
        await #expect(throws: StreamFailure.linkLost("NO CARRIER")) { try await far.read(atMost: 1) }
        await #expect(throws: StreamFailure.linkLost("NO CARRIER")) { try await near.writeAll(ByteBuffer(string: "x")) }
        #expect(await near.close().isClean)
    }

    @Test func aCancelledReadLosesNoOctet() async throws {
        let (near, far) = MemoryStream.pair()
        for round in 0..<100 {
            let reader = Task { try await far.read(atMost: 10) }
            let writer = Task { try await near.writeAll(ByteBuffer(string: "\(round % 10)")) }
            reader.cancel()
            let result = await reader.result
            try await writer.value
            if case .success(let octets?) = result {
                #expect(String(buffer: octets) == "\(round % 10)")
            } else {
                #expect(try await far.read(atMost: 10) == ByteBuffer(string: "\(round % 10)"))
            }
        }
    }

    @Test func aCancelledWriteTakesNothingAndTheStreamStaysUsable() async throws {
        let (near, far) = MemoryStream.pair(capacity: 1)
        try await near.writeAll(ByteBuffer(string: "a"))
        let writer = Task { () -> (StreamFailure?, Int) in
            var octets = ByteBuffer(string: "lost?")
            do throws(StreamFailure) {
                try await near.write(&octets)
                return (nil, octets.readableBytes)
            } catch {
                return (error, octets.readableBytes)
            }
        }
        writer.cancel()
        let (error, left) = await writer.value
        #expect(error == .cancelled)
        #expect(left == 5)
        #expect(try await far.read(atMost: 10) == ByteBuffer(string: "a"))
        try await near.writeAll(ByteBuffer(string: "b"))
        #expect(try await far.read(atMost: 10) == ByteBuffer(string: "b"))
    }

    private func failure(_ body: () async throws(StreamFailure) -> Void) async -> StreamFailure? {
        do throws(StreamFailure) {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}
