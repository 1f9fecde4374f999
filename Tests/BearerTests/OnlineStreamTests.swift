import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Support
import Synchronization
import Testing

@testable import Bearer

/// The line as a socket: its in-band end, and payload that looks like it.
@Suite(.timeLimit(.minutes(5))) struct OnlineStreamTests {
    private let port = FarModemPort()
    private let teardown = Teardown()

    private func withStream(
        _ clock: BearerClock, _ body: (any ByteStream, MemoryStream, DataLine) async throws -> Void
    ) async throws {
        let (near, far) = MemoryStream.pair()
        let line = DataLine(near)
        port.state.withLock { $0.dataLine = line }
        try await withSocketBearer(
            port: port, dialect: Quectel(mode: .transparent), context: PDPContext(cid: 1, type: .ipv4),
            teardown: teardown, clock: clock
        ) { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            port.state.withLock { $0.sockets[0] = FarModemPort.Socket() }
            try await body(stream, far, line)
            _ = await stream.close()
        }
        #expect(port.openSlots.isEmpty)
        #expect(!teardown.steps.contains { !$0.isClean })
    }

    @Test func octetsPassUnchanged() async throws {
        try await withStream(ManualTime().clock) { stream, far, line in
            let payload = Array("+++\r\nOK\r\nNO CARRIE\u{0}\u{1A}R\r\n.".utf8)
            try await far.writeAll(ByteBuffer(bytes: payload))
            var read: [UInt8] = []
            while read.count < payload.count, let octets = try await stream.read(atMost: 5) {
                read += octets.readableBytesView
            }
            #expect(read == payload)
            try await stream.writeAll(ByteBuffer(bytes: payload))
            #expect(try await far.read(atMost: 100) == ByteBuffer(bytes: payload))
            #expect(line.leaveCount == 0)
        }
        #expect(port.commands.contains { $0.hasPrefix("AT+QICLOSE=0") })
    }

    @Test func aTailThatGoesNoFurtherIsPayload() async throws {
        try await withStream(ManualTime(isEager: true).clock) { stream, far, line in
            try await far.writeAll(ByteBuffer(string: "250 ok\r\n"))
            var read = ""
            while read.utf8.count < 8, let octets = try await stream.read(atMost: 100) {
                read += String(buffer: octets)
            }
            #expect(read == "250 ok\r\n")
            #expect(line.leaveCount == 0)
        }
    }

    @Test func theEndTextOfAClosedConnectionIsThePeersEnd() async throws {
        try await withStream(ManualTime(isEager: true).clock) { stream, far, line in
            try await far.writeAll(ByteBuffer(string: "bye\r\nNO CARRIER\r\n"))
            port.state.withLock { $0.sockets[0]?.hasPeerClosed = true }
            #expect(try await stream.read(atMost: 100) == ByteBuffer(string: "bye"))
            #expect(try await stream.read(atMost: 100) == nil)
            #expect(line.leaveCount == 1)
            await #expect(throws: StreamFailure.self) { try await stream.writeAll(ByteBuffer(string: "x")) }
        }
    }

    @Test func theEndTextOfALostBearerIsALostLink() async throws {
        try await withStream(ManualTime(isEager: true).clock) { stream, far, _ in
            try await far.writeAll(ByteBuffer(string: "\r\nNO CARRIER\r\n+QIURC: \"pdpdeact\",1\r\n"))
            port.state.withLock { state in
                state.sockets = [:]
                state.activeContexts = []
            }
            await #expect(throws: StreamFailure.linkLost("the PDP context is down")) {
                _ = try await stream.read(atMost: 1)
            }
        }
    }

    @Test func theEndTextAsPayloadIsRead() async throws {
        let text = "\r\nNO CARRIER\r\n"
        try await withStream(ManualTime(isEager: true).clock) { stream, far, line in
            try await far.writeAll(ByteBuffer(string: text))
            var read = ""
            while read.utf8.count < text.utf8.count, let octets = try await stream.read(atMost: 100) {
                read += String(buffer: octets)
            }
            #expect(read == text)
            #expect(line.leaveCount == 1)
            #expect(port.commands.contains("ATO"))
            try await stream.writeAll(ByteBuffer(string: "on"))
            #expect(try await far.read(atMost: 10) == ByteBuffer(string: "on"))
        }
    }

    @Test func aReaderCancelledInTheMiddleOfAProbeSeesNoLoss() async throws {
        let text = "\r\nNO CARRIER\r\n"
        try await withStream(ManualTime(isEager: true).clock) { stream, far, line in
            let reader = Task { try await stream.read(atMost: 100) }
            line.whenLeaving { reader.cancel() }
            try await far.writeAll(ByteBuffer(string: text))
            #expect(try await reader.value == ByteBuffer(string: text))
            #expect(line.leaveCount == 1)
            try await stream.writeAll(ByteBuffer(string: "on"))
            #expect(try await far.read(atMost: 10) == ByteBuffer(string: "on"))
        }
    }

    @Test func aRefusedDialIsExplainedAndFreesTheSlot() async throws {
        port.state.withLock { state in
            state.dialResult = .error
            state.lastError = "566,socket connect failed"
            state.activeContexts = [1]
        }
        try await withSocketBearer(
            port: port, dialect: Quectel(mode: .transparent), context: PDPContext(cid: 1, type: .ipv4),
            teardown: teardown
        ) { bearer in
            _ = await #expect(
                throws: BearerError.connectFailed(host: "h", port: 1, words: "566 (socket connect failed)")
            ) { _ = try await bearer.connect(to: "h", port: 1) }
        }
        #expect(port.commands.contains { $0.hasPrefix("AT+QICLOSE=0") })
    }

    // MARK: The scanner

    @Test func splitsMakeNoDifference() {
        let text = Array("\r\nNO CARRIER\r\n".utf8)
        let samples = [
            "a\r\n\r\nNO CARRIERb", "\r\r\nNO CARR\r\nNO CARRIER\r", "plain", "\r\nNO CARRIER\r\n",
            "x\r\nNO CARRIER\r\ny",
        ]
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            let sample = Array((samples.randomElement(using: &random) ?? "").utf8)
            var whole = EndTextScanner(text: text, longestSuspicion: 8)
            whole.append(ByteBuffer(bytes: sample))
            var split = EndTextScanner(text: text, longestSuspicion: 8)
            var rest = sample[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                split.append(ByteBuffer(bytes: rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(split.suspicion == whole.suspicion, "seed \(seed)")
            #expect(split.take(atMost: .max) == whole.take(atMost: .max), "seed \(seed)")
            split.release()
            whole.release()
            #expect(split.take(atMost: .max) == whole.take(atMost: .max), "seed \(seed)")
        }
    }

    @Test func suspicionEndsAtItsLimitAndNotBefore() {
        let text = Array("\r\nNO CARRIER\r\n".utf8)
        var scanner = EndTextScanner(text: text, longestSuspicion: 8)
        scanner.append(ByteBuffer(bytes: text + Array(repeating: 65, count: 8)))
        #expect(scanner.suspicion == .whole)
        #expect(scanner.take(atMost: .max) == nil)
        scanner.append(ByteBuffer(string: "A"))
        #expect(scanner.suspicion == .none)
        #expect(scanner.take(atMost: .max)?.readableBytes == text.count + 9)
    }

    @Test func theLinesRuleNeedsSizeAndFlowControl() {
        #expect(!isTransparentWorthwhile(messageOctets: 65_536, hasFlowControl: true))
        #expect(isTransparentWorthwhile(messageOctets: 65_537, hasFlowControl: true))
        #expect(!isTransparentWorthwhile(messageOctets: 65_537, hasFlowControl: false))
    }
}
