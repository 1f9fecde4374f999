import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Support
import Synchronization
import Testing

@testable import Bearer

/// The line of an Open AT modem as a socket: marks, ends in the stream, half-closes, and silence (at-dialects 3.10).
@Suite(.timeLimit(.minutes(5))) struct MarkedStreamTests {
    private let port = FarWIPPort()
    private let teardown = Teardown()
    private static let shutdown = "\r\nSHUTDOWN\r\n"

    private func withStream(
        _ mode: WIPsoft.Mode, _ clock: BearerClock = ManualTime(isEager: true).clock,
        _ body: (OnlineStream, MemoryStream, DataLine) async throws -> Void
    ) async throws {
        let (near, far) = MemoryStream.pair()
        let line = DataLine(near)
        port.state.withLock { $0.line = line }
        try await withSocketBearer(
            port: port, dialect: WIPsoft(mode: mode), context: PDPContext(cid: 1, type: .ipv4), teardown: teardown,
            clock: clock
        ) { bearer in
            let stream = try #require(try await bearer.connect(to: "mail.example.com", port: 465) as? OnlineStream)
            try await body(stream, far, line)
            _ = await stream.close()
        }
        #expect(port.isDown)
        #expect(!teardown.steps.contains { !$0.isClean })
    }

    private func read(_ count: Int, from stream: some ByteStream) async throws -> [UInt8] {
        var read: [UInt8] = []
        while read.count < count, let octets = try await stream.read(atMost: count - read.count) {
            read += octets.readableBytesView
        }
        return read
    }

    private static let hostile =
        Array(
            "\u{10}\u{3}+++\r\nSHUTDOWN\r\nNO CARRIER\r\nOK\r\n\u{3}\u{3}\u{10}\u{10}\u{0}\u{1A}\r\n+WIPPEERCLOSE: 2,1\r\n."
                .utf8)
        + [UInt8](repeating: 0x41, count: 600)  // more than could stand behind an end
    /// As the modem sends it in continuous mode: written from the manual's sentence, not by our encoder.
    private static let hostileOnLine = Self.hostile.flatMap { $0 == 0x10 || $0 == 0x03 ? [0x10, $0] : [$0] }

    @Test(arguments: WIPsoft.Mode.allCases) func octetsPassWhateverTheyLookLike(_ mode: WIPsoft.Mode) async throws {
        let onLine = mode == .continuous ? Self.hostileOnLine : Self.hostile
        try await withStream(mode, ManualTime().clock) { stream, far, line in
            try await stream.writeAll(ByteBuffer(bytes: Self.hostile))
            #expect(try await read(onLine.count, from: far) == onLine)
            for octet in onLine { try await far.writeAll(ByteBuffer(bytes: [octet])) }
            #expect(try await read(Self.hostile.count, from: stream) == Self.hostile)
            #expect(line.leaveCount == 0)
        }
        #expect(port.deeds.filter { $0.hasPrefix("AT+WIPDATA") } == ["AT+WIPDATA=2,1,\(mode.rawValue)"])
    }

    @Test func aLongWriteIsMarkedInPieces() async throws {
        try await withStream(.continuous, ManualTime().clock) { stream, far, _ in
            let payload = [UInt8](repeating: 0x03, count: 50_000)
            async let written: Void = stream.writeAll(ByteBuffer(bytes: payload))
            let line = try await read(100_000, from: far)
            try await written
            #expect(line == payload.flatMap { [0x10, $0] })
        }
    }

    // MARK: The peer's end

    @Test func theShutdownOfThePeerIsItsEndBehindTheLastOctet() async throws {
        try await withStream(.continuous) { stream, far, line in
            port.state.withLock { $0.pendingLines = ["+WIPPEERCLOSE: 2,1"] }
            try await far.writeAll(ByteBuffer(string: "bye" + Self.shutdown))
            #expect(try await read(10, from: stream) == Array("bye".utf8))
            #expect(try await stream.read(atMost: 10) == nil)
            #expect(try await stream.read(atMost: 10) == nil)
            #expect(line.leaveCount == 1)
        }
    }

    @Test func theSameTextAsPayloadIsRead() async throws {
        try await withStream(.continuous) { stream, far, line in
            try await far.writeAll(ByteBuffer(string: Self.shutdown))
            #expect(try await read(12, from: stream) == Array(Self.shutdown.utf8))
            #expect(line.leaveCount == 1)
            try await stream.writeAll(ByteBuffer(string: "on"))
            #expect(try await read(2, from: far) == Array("on".utf8))
        }
        #expect(port.deeds.filter { $0 == "AT+WIPDATA=2,1,1" }.count == 2)
    }

    @Test func octetsThatCameWhileTheLineWasProbedAreRead() async throws {
        try await withStream(.continuous) { stream, far, line in
            line.arriveLate([0x41, 0x10, 0x03])
            try await far.writeAll(ByteBuffer(string: Self.shutdown))
            #expect(try await read(14, from: stream) == Array(Self.shutdown.utf8) + [0x41, 0x03])
        }
    }

    @Test func aWriterGoesOnWhereOnlyThePeersDirectionHasEnded() async throws {
        try await withStream(.continuous) { stream, far, _ in
            port.state.withLock { $0.pendingLines = ["+WIPPEERCLOSE: 2,1"] }
            try await far.writeAll(ByteBuffer(string: Self.shutdown))
            #expect(try await stream.read(atMost: 10) == nil)
            try await stream.writeAll(ByteBuffer(string: "more"))
            #expect(try await read(4, from: far) == Array("more".utf8))
            #expect(try await stream.read(atMost: 10) == nil)
        }
        #expect(port.deeds.filter { $0 == "AT+WIPDATA=2,1,1" }.count == 2)
    }

    @Test func aBearerThatWentMeanwhileIsALostLink() async throws {
        try await withStream(.continuous) { stream, far, _ in
            port.state.withLock { $0.isSessionUp = false }
            try await far.writeAll(ByteBuffer(string: Self.shutdown))
            await #expect(throws: StreamFailure.linkLost("the PDP context is down")) {
                _ = try await stream.read(atMost: 1)
            }
        }
    }

    // MARK: Marks

    @Test func aBareMarkOfTheModemIsAReset() async throws {
        try await withStream(.continuous) { stream, far, line in
            try await far.writeAll(ByteBuffer(string: "last\u{3}\r\n+CME ERROR: 843\r\n"))
            #expect(try await read(4, from: stream) == Array("last".utf8))
            await #expect(throws: StreamFailure.reset("the peer or the network ended it")) {
                _ = try await stream.read(atMost: 1)
            }
            await #expect(throws: StreamFailure.reset("the peer or the network ended it")) {
                try await stream.writeAll(ByteBuffer(string: "x"))
            }
            #expect(line.leaveCount == 0)
            #expect(line.markCount == 1)
        }
        #expect(port.deeds.contains("AT+WIPCLOSE=2,1"))
    }

    @Test func theHostEndsItsOwnDirectionByABareMark() async throws {
        try await withStream(.continuous, ManualTime().clock) { stream, far, _ in
            try await stream.writeAll(ByteBuffer(bytes: [0x41, 0x03]))
            let wasTold = try await stream.endWriting()
            #expect(wasTold)
            #expect(try await read(4, from: far) == [0x41, 0x10, 0x03, 0x03])
            await #expect(throws: StreamFailure.closed) { try await stream.writeAll(ByteBuffer(string: "x")) }
            try await far.writeAll(ByteBuffer(string: "answer"))
            #expect(try await read(6, from: stream) == Array("answer".utf8))
        }
    }

    @Test func transparentModeHasNoSuchEnd() async throws {
        try await withStream(.transparent, ManualTime().clock) { stream, far, _ in
            let wasTold = try await stream.endWriting()
            #expect(!wasTold)
            try await stream.writeAll(ByteBuffer(string: "on"))
            #expect(try await read(2, from: far) == Array("on".utf8))
        }
    }

    // MARK: Silence

    @Test func aSilentTransparentLineIsAskedAndEndsWhereThePeerHasGone() async throws {
        try await withStream(.transparent) { (stream, _, line) async throws in
            port.state.withLock { $0.pendingLines = ["+WIPPEERCLOSE: 2,1"] }
            #expect(try await stream.read(atMost: 10) == nil)
            #expect(line.leaveCount == 1)
        }
    }

    @Test func aSilentTransparentLineThatStandsGoesOn() async throws {
        try await withStream(.transparent) { (stream, _, line) async throws in
            line.arriveLate(Array("at last".utf8))
            #expect(try await read(7, from: stream) == Array("at last".utf8))
            #expect(line.leaveCount == 1)
            port.state.withLock { $0.dataError = 843 }
            await #expect(throws: StreamFailure.reset("843 (reset by the peer)")) {
                _ = try await stream.read(atMost: 1)
            }
        }
    }
}
