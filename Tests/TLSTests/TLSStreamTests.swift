import ByteStreams
import NIOCore
import Scopes
import Support
import TLS
import Testing

@Suite(.timeLimit(.minutes(5))) struct TLSStreamTests {
    let certificates: TestCertificates
    let client: TLSClientContext
    let server: TLSServerContext

    init() throws {
        certificates = try TestCertificates.shared()
        client = try TLSClientContext(trusting: certificates.root)
        server = try TLSServerContext(certificates.server)
    }

    @Test(arguments: [TLSInfo.Version.tls12, .tls13])
    func octetsPassBothWays(version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let ends = try await handshake(client, server)
        #expect(ends.client.info.version == version)
        #expect(ends.server.info.version == version)
        #expect(!ends.client.info.isResumed)
        #expect(ends.client.info.peerSubject == TestCertificates.host)
        #expect(ends.client.info.intermediateAnchor == nil)
        try await ends.client.write("ping")
        #expect(try await ends.server.read(exactly: 4) == Array("ping".utf8))
        try await ends.server.write("pong")
        #expect(try await ends.client.read(exactly: 4) == Array("pong".utf8))
    }

    @Test func bothEndsHaveTheSameChannelBinding() async throws {
        let ends = try await handshake(client, server)
        let binding = try ends.client.channelBinding()
        #expect(binding.kind == .exporter)
        #expect(binding.octets.count == 32)
        #expect(try ends.server.channelBinding() == binding)
        let others = try await handshake(client, server)
        #expect(try others.client.channelBinding() != binding)
    }

    @Test func withTLS12TheServersCertificateIsBound() async throws {
        let ends = try await handshake(client, TLSServerContext(certificates.server, highestVersion: .tls12))
        let binding = try ends.client.channelBinding()
        #expect(binding.kind == .serverEndPoint)
        #expect(try ends.server.channelBinding() == binding)
        let der = try TestProcess.run([
            "openssl", "x509", "-in", certificates.server.certificateFile, "-noout", "-fingerprint", "-sha256",
        ])
        let expected = der.split(separator: "=").last?.filter(\.isHexDigit).lowercased()
        #expect(binding.octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test func aStreamThatTakesOneOctetAtATimeCarriesTLS() async throws {
        let ends = try await handshake(client, server, capacity: 1)
        async let received = ends.server.read(exactly: 3000)
        let text = String(repeating: "abc", count: 1000)
        try await ends.client.write(text)
        #expect(try await received == Array(text.utf8))
    }

    @Test(arguments: 0..<8)
    func anySplitOfTheCiphertextIsTheSamePlaintext(seed: UInt64) async throws {
        let (near, far) = MemoryStream.pair()
        let splitNear = SplittingStream(near, seed: seed)
        let splitFar = SplittingStream(far, seed: seed &+ 1000)
        let ends = try await handshake(client, server, over: splitNear, splitFar)
        var generator = SeededGenerator(seed: seed)
        let octets = (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        async let received = ends.server.readToEnd(atMost: 777)
        try await ends.client.writeAll(ByteBuffer(bytes: octets))
        _ = await ends.client.close()
        #expect(try await received == octets, "seed \(seed)")
        #expect(ends.server.endedCleanly == true)
    }

    @Test func aMegabyteEachWayAtTheSameTime() async throws {
        let ends = try await handshake(client, server, capacity: 20_000)
        let up = ByteBuffer(repeating: 0x55, count: 1 << 20)
        let down = ByteBuffer(repeating: 0xAA, count: 1 << 20)
        async let sentUp: Void = ends.client.writeAll(up)
        async let sentDown: Void = ends.server.writeAll(down)
        async let arrivedUp = ends.server.read(exactly: 1 << 20)
        async let arrivedDown = ends.client.read(exactly: 1 << 20)
        _ = try await (sentUp, sentDown)
        #expect(try await arrivedUp == Array(up.readableBytesView))
        #expect(try await arrivedDown == Array(down.readableBytesView))
    }

    @Test func aSmallFlightIsOneRecordAndOneWrite() async throws {
        let (near, far) = MemoryStream.pair()
        let recording = WriteRecorder(near)
        let ends = try await handshake(client, server, over: recording, far)
        let before = recording.sizes.count
        try await ends.client.write("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n")
        #expect(recording.sizes.count == before + 1)
        #expect(recording.sizes.last == 32 + 22)
    }

    @Test func theHandshakeIsOneWriteAFlight() async throws {
        let (near, far) = MemoryStream.pair()
        let recording = WriteRecorder(near)
        _ = try await handshake(client, server, over: recording, far)
        #expect(recording.sizes.count == 2)
    }

    @Test func bulkGoesDownInFullRecordsAndLargeWrites() async throws {
        let (near, far) = MemoryStream.pair(capacity: 1 << 20)
        let recording = WriteRecorder(near)
        let ends = try await handshake(client, server, over: recording, far)
        let before = recording.sizes.count
        var octets = ByteBuffer(repeating: 1, count: 200_000)
        try await ends.client.write(&octets)
        #expect(octets.readableBytes == 200_000 - 65_536)
        #expect(recording.sizes.dropFirst(before) == [4 * (16_384 + 22)])
    }

    /// However much is written, no more than a flight is held here and below.
    @Test func fourMegabytesNeedNoMoreRoomThanOneFlight() async throws {
        let (near, far) = MemoryStream.pair(capacity: 10_000)
        let recording = WriteRecorder(near)
        let ends = try await handshake(client, server, over: recording, far)
        async let received = ends.server.read(exactly: 4 << 20)
        try await ends.client.writeAll(ByteBuffer(repeating: 7, count: 4 << 20))
        #expect(try await received.count == 4 << 20)
        let sizes = recording.sizes.dropFirst(2)
        #expect(sizes.max() == 4 * (16_384 + 22))
        #expect(sizes.count == 64)
    }

    @Test func anEmptyWriteIsNothing() async throws {
        let (near, far) = MemoryStream.pair()
        let recording = WriteRecorder(near)
        let ends = try await handshake(client, server, over: recording, far)
        let before = recording.sizes.count
        var nothing = ByteBuffer()
        try await ends.client.write(&nothing)
        #expect(recording.sizes.count == before)
    }

    @Test func closeNotifyIsACleanEnd() async throws {
        let ends = try await handshake(client, server)
        try await ends.server.write("bye")
        let step = await ends.server.close()
        #expect(step.isClean)
        #expect(ends.client.endedCleanly == nil)
        #expect(try await ends.client.readToEnd() == Array("bye".utf8))
        #expect(ends.client.endedCleanly == true)
        #expect(try await ends.client.read(atMost: 1) == nil)
    }

    @Test func anEndWithoutCloseNotifyIsAnEndThatShows() async throws {
        let (near, far) = MemoryStream.pair()
        let ends = try await handshake(client, server, over: near, far)
        try await ends.server.write("bye")
        _ = await far.close()
        #expect(try await ends.client.readToEnd() == Array("bye".utf8))
        #expect(ends.client.endedCleanly == false)
        #expect(try await ends.client.read(atMost: 1) == nil)
    }

    /// RFC 8446 §6.1: any data received after a closure alert is ignored.
    @Test func octetsBehindCloseNotifyAreIgnored() async throws {
        let (near, far) = MemoryStream.pair()
        let ends = try await handshake(client, server, over: near, far)
        try await ends.server.write("bye")
        _ = await ends.server.shutdown()
        try await far.writeAll(ByteBuffer(string: "554 injected\r\n"))
        try await far.writeAll(ByteBuffer(bytes: [0x17, 0x03, 0x03, 0x00, 0x02, 0xFF, 0xFF]))
        #expect(try await ends.client.readToEnd() == Array("bye".utf8))
        #expect(ends.client.endedCleanly == true)
        #expect(try await ends.client.read(atMost: 100) == nil)
        try await ends.client.write("QUIT")
        #expect(try await ends.server.read(exactly: 4) == Array("QUIT".utf8))
    }

    @Test func afterTheEndTheOtherDirectionStillWorks() async throws {
        let ends = try await handshake(client, server)
        _ = await ends.server.shutdown()
        #expect(try await ends.client.read(atMost: 1) == nil)
        try await ends.client.write("still here")
        #expect(try await ends.server.read(exactly: 10) == Array("still here".utf8))
    }

    @Test func closingTwiceIsClosingOnce() async throws {
        let ends = try await handshake(client, server)
        #expect(await ends.client.close().outcome == .done)
        #expect(await ends.client.shutdown().outcome == .notNeeded)
        _ = await ends.client.close()
        await #expect(throws: StreamFailure.closed) { try await ends.client.read(atMost: 1) }
        await #expect(throws: StreamFailure.closed) { try await ends.client.write("x") }
    }

    @Test func closeEndsAPendingRead() async throws {
        let ends = try await handshake(client, server)
        let stream = ends.client
        async let outcome = { () async -> StreamFailure? in
            do throws(StreamFailure) {
                _ = try await stream.read(atMost: 1)
                return nil
            } catch { return error }
        }()
        _ = await stream.close()
        #expect(await outcome == .closed)
    }

    @Test func closeIsBoundedWhenThePeerTakesNothing() async throws {
        let (near, far) = MemoryStream.pair(capacity: 4096)
        let ends = try await handshake(client, server, over: near, far)
        // The pipe is full, and nobody reads.
        let stream = ends.client
        let writer = Task { try await stream.writeAll(ByteBuffer(repeating: 0, count: 100_000)) }
        defer { writer.cancel() }
        let step = await stream.shutdown(limit: .milliseconds(20))
        #expect(step.duration < .seconds(10))
    }

    @Test func aCancelledReadLosesNothing() async throws {
        let ends = try await handshake(client, server)
        let stream = ends.client
        for round in 0..<20 {
            let reader = Task { try await stream.read(atMost: 100) }
            async let sent: Void = ends.server.write("round \(round)\n")
            reader.cancel()
            var text = ""
            if case .success(let octets?) = await reader.result { text += String(buffer: octets) }
            try await sent
            while !text.hasSuffix("\n"), let more = try await stream.read(atMost: 100) { text += String(buffer: more) }
            #expect(text == "round \(round)\n")
        }
    }

    @Test func aCancelledWriteLeavesWholeRecords() async throws {
        let (near, far) = MemoryStream.pair(capacity: 1000)
        let ends = try await handshake(client, server, over: near, far)
        let stream = ends.client
        let writer = Task { () -> Int in
            var octets = ByteBuffer(repeating: 0x41, count: 30_000)
            try? await stream.write(&octets)
            return 30_000 - octets.readableBytes
        }
        writer.cancel()
        let taken = await writer.value
        async let received = ends.server.readToEnd()
        try await stream.writeAll(ByteBuffer(repeating: 0x42, count: 10))
        _ = await stream.close()
        #expect(try await received == [UInt8](repeating: 0x41, count: taken) + [UInt8](repeating: 0x42, count: 10))
    }

    @Test func aCancelledHandshakeSaysSo() async throws {
        let (near, far) = MemoryStream.pair()
        let client = client
        let connecting = Task { () -> TLSError? in
            do throws(TLSError) {
                _ = try await TLSStream.connect(over: near, context: client, serverName: "localhost", port: 465)
                return nil
            } catch { return error }
        }
        connecting.cancel()
        #expect(await connecting.value == .stream(.cancelled))
        _ = await far.close()
    }
}
