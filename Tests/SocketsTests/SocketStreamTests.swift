import ByteStreams
import NIOCore
import Scopes
import Sockets
import Support
import Testing

@Suite(.timeLimit(.minutes(5)))
struct SocketStreamTests {
    private static func octets(_ count: Int, seed: UInt64) -> ByteBuffer {
        var generator = SeededGenerator(seed: seed)
        var buffer = ByteBuffer()
        while buffer.readableBytes < count { buffer.writeInteger(generator.next()) }
        return buffer.getSlice(at: 0, length: count) ?? buffer
    }

    @Test(arguments: [1, 7, 65_536]) func octetsArriveInOrderBothWays(atMost: Int) async throws {
        let count = atMost < 10 ? 20_000 : 1_000_000
        let seed = UInt64.random(in: .min ... .max)
        let up = Self.octets(count, seed: seed)
        let down = Self.octets(count, seed: seed &+ 1)
        try await withConnection { near, far in
            async let sentUp: Void = near.writeAll(up)
            async let sentDown: Void = far.writeAll(down)
            async let gotUp = far.readExactly(count)
            var gotDown = ByteBuffer()
            var isWithinBounds = true
            while gotDown.readableBytes < count, var part = try await near.read(atMost: atMost) {
                isWithinBounds = isWithinBounds && (1...atMost).contains(part.readableBytes)
                gotDown.writeBuffer(&part)
            }
            #expect(isWithinBounds)
            #expect(gotDown == down, "seed \(seed)")
            #expect(try await gotUp == up, "seed \(seed)")
            _ = try await (sentUp, sentDown)
        }
    }

    @Test func aCancelledReadLosesNoOctet() async throws {
        try await withConnection { near, far in
            for round in 0..<50 {
                let expected = ByteBuffer(bytes: [UInt8(round)])
                let reading = Task { try await near.read(atMost: 10) }
                if round.isMultiple(of: 2) { await Task.yield() }
                async let sent: Void = far.writeAll(expected)
                reading.cancel()
                switch await reading.result {
                case .success(let octets): #expect(octets == expected)
                case .failure(let error):
                    #expect(error as? StreamFailure == .cancelled)
                    #expect(try await near.read(atMost: 10) == expected)
                }
                try await sent
            }
        }
    }

    @Test func oneDirectionEndsAndTheOtherGoesOn() async throws {
        try await withConnection { near, far in
            try await near.writeAll(ByteBuffer(string: "question"))
            #expect(try await near.endWriting())
            #expect(try await near.endWriting())
            #expect(try await far.readAll() == ByteBuffer(string: "question"))
            try await far.writeAll(ByteBuffer(string: "answer"))
            #expect(
                await failure { () throws(StreamFailure) in try await near.writeAll(ByteBuffer(string: "x")) }
                    == .closed)
            #expect(try await far.endWriting())
            #expect(try await near.readAll() == ByteBuffer(string: "answer"))
            #expect(try await near.read(atMost: 1) == nil)
        }
    }

    @Test func aResetIsNoEndForThePeer() async throws {
        try await withConnection { near, far in
            try await near.writeAll(ByteBuffer(string: "part"))
            #expect(try await far.readExactly(4) == ByteBuffer(string: "part"))
            #expect(await near.reset().isClean)
            let end = await failure { () throws(StreamFailure) in _ = try await far.read(atMost: 1) }
            guard case .reset? = end else {
                Issue.record("\(String(describing: end))")
                return
            }
        }
    }

    @Test func thePeersEndComesBehindItsLastOctetAndAgain() async throws {
        try await withConnection { near, far in
            try await far.writeAll(ByteBuffer(repeating: 0x41, count: 100_000))
            async let closing = far.close()
            #expect(try await near.readAll().readableBytes == 100_000)
            #expect(try await near.read(atMost: 1) == nil)
            #expect(await near.close().isClean)
            #expect(await closing.isClean)
        }
    }

    @Test func whatWasWrittenBeforeACloseArrivesAlthoughThePeerReadsLate() async throws {
        try await withConnection(linger: .seconds(20)) { near, far in
            try await near.writeAll(ByteBuffer(repeating: 0x42, count: 1_000_000))
            // Not read by the near end: a plain close(2) would now reset the connection.
            try await far.writeAll(ByteBuffer(repeating: 0x43, count: 1_000))
            async let closing = near.close()
            #expect(try await far.readAll().readableBytes == 1_000_000)
            _ = await far.close()
            #expect(await closing.outcome == .done)
        }
    }

    @Test func aWriterThatIsAheadWaitsAndWhatWasTakenArrives() async throws {
        try await withConnection { near, far in
            let chunk = ByteBuffer(repeating: 0x44, count: 50_000)
            let writing = Task {
                var taken = 0
                while taken < 200_000_000 {
                    var rest = chunk
                    let failure = await failure { () async throws(StreamFailure) in try await near.write(&rest) }
                    taken += chunk.readableBytes - rest.readableBytes
                    guard let failure else { continue }
                    #expect(failure == .cancelled)
                    #expect(rest.readableBytes == chunk.readableBytes)
                    return taken
                }
                return taken
            }
            await near.waitUntilItStalls()
            writing.cancel()
            let taken = await writing.value
            #expect(taken > 0)
            #expect(taken < 20_000_000)
            let flushing = Task { await failure { () async throws(StreamFailure) in try await near.flush() } }
            flushing.cancel()
            #expect(await flushing.value == .cancelled)
            async let got = far.readExactly(taken)
            try await near.flush()
            #expect(await near.tcpInfo()?.isAcknowledged == true)
            #expect(try await got.readableBytes == taken)
        }
    }

    @Test func closingEndsAPendingReadAndWrite() async throws {
        try await withConnection(linger: .milliseconds(1)) { near, far in
            async let reading = failure { () async throws(StreamFailure) in _ = try await near.read(atMost: 1) }
            async let writing = failure { () async throws(StreamFailure) in
                while true { try await near.writeAll(ByteBuffer(repeating: 0, count: 65_536)) }
            }
            await near.waitUntilItStalls()
            async let one = near.close()
            async let other = near.close()
            let steps = await (one, other)
            #expect(steps.0 == steps.1)
            #expect(await reading == .closed)
            #expect(await writing == .closed)
            #expect(await near.close() == steps.0)
            #expect(await failure { () async throws(StreamFailure) in try await near.flush() } == .closed)
            #expect(await near.tcpInfo() != nil)
        }
    }

    @Test func aResetIsAReset() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        try await withThrowingTaskGroup { group in
            group.addTask {
                await listener.serve { stream in
                    let first = await failure { () async throws(StreamFailure) in _ = try await stream.readAll() }
                    if case .reset? = first {} else { Issue.record("\(String(describing: first))") }
                    let later = await failure { () async throws(StreamFailure) in
                        try await stream.writeAll(ByteBuffer(string: "QUIT\r\n"))
                    }
                    #expect(later == first)
                    #expect(await stream.close().outcome == .notNeeded)
                    _ = await listener.close()
                }
            }
            do {
                let peer = try PlainSocket()
                peer.connect(to: listener.address)
                peer.resetAtClose()
            }
            try await group.waitForAll()
        }
    }

    @Test func behindThePeersEndThisHalfStillWorks() async throws {
        try await withConnection { near, far in
            try await far.writeAll(ByteBuffer(string: "bye"))
            async let closing = far.close()
            #expect(try await near.readAll() == ByteBuffer(string: "bye"))
            try await near.writeAll(ByteBuffer(string: "QUIT\r\n"))
            #expect(await near.close().isClean)
            #expect(await closing.isClean)
            let later = await failure { () async throws(StreamFailure) in
                try await near.writeAll(ByteBuffer(string: "more"))
            }
            #expect(later == .closed)
        }
    }

    @Test func oneWriteIsOneSegmentAndItsOctetsAreCounted() async throws {
        try await withConnection { near, far in
            let before = try #require(await near.tcpInfo())
            try await near.writeAll(ByteBuffer(repeating: 0x45, count: 3_000))
            try await near.flush()
            let after = try #require(await near.tcpInfo())
            #expect(after.segmentsOut - before.segmentsOut == 1)
            #expect(after.sentOctets == 3_000)
            #expect(after.ipOctetsUp - before.ipOctetsUp == 3_000 + 20 + 20 + (after.hasTimestamps ? 12 : 0))
            #expect(try await far.readExactly(3_000).readableBytes == 3_000)
            #expect(await far.tcpInfo()?.receivedOctets == 3_000)
        }
    }

    @Test func anEmptyWriteReturnsAtOnce() async throws {
        try await withConnection { near, _ in
            var nothing = ByteBuffer()
            try await near.write(&nothing)
        }
    }
}
