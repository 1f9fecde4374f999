import AT
import Bearer
import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct SocketBearerTests {
    private let port = FarModemPort()
    private let teardown = Teardown()
    private let context = PDPContext(cid: 1, type: .ipv4, apn: "internet")

    private func withBearer<Result>(
        _ dialect: String = "quectel", clock: BearerClock = .continuous, _ body: (any Bearer) async throws -> Result
    ) async throws -> Result {
        try await withSocketBearer(
            port: port, dialect: try #require(Dialects.named(dialect)), context: context, teardown: teardown,
            clock: clock, body: body)
    }

    private func failure(_ body: () async throws -> Void) async -> BearerError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? BearerError
        }
    }

    // MARK: Life cycle

    @Test func bearerIsActivatedAndDeactivated() async throws {
        try await withBearer { bearer in
            #expect(bearer.localAddress == "10.1.2.1")
            #expect(bearer.name == "socket (quectel)")
            #expect(port.activeContexts == [1])
        }
        #expect(port.activeContexts.isEmpty)
        #expect(port.commands.last == "AT+QIDEACT=1")
        #expect(teardown.steps.map(\.outcome) == [.done])
    }

    @Test func aContextFoundActiveStaysActive() async throws {
        port.state.withLock { $0.activeContexts = [1] }
        try await withBearer { #expect($0.localAddress == "10.1.2.1") }
        #expect(port.activeContexts == [1])
        #expect(!port.commands.contains { $0.hasPrefix("AT+QIACT=") || $0.hasPrefix("AT+QIDEACT") })
        #expect(teardown.steps.map(\.outcome) == [.notNeeded])
    }

    @Test func aRefusedActivationIsTriedOnceMoreBehindADeactivation() async throws {
        port.state.withLock { $0.activations = [.error, .ok] }
        try await withBearer { _ in }
        let life = port.commands.filter { $0.hasPrefix("AT+QIACT=") || $0.hasPrefix("AT+QIDEACT") }
        #expect(life == ["AT+QIACT=1", "AT+QIDEACT=1", "AT+QIACT=1", "AT+QIDEACT=1"])
    }

    @Test func aRefusedAccessPointIsToldInTheModemsWords() async throws {
        port.state.withLock { state in
            state.activations = [.error, .error]
            state.lastError = "573,APN not configured"
            state.report = "Missing or unknown APN"
        }
        let error = await failure { try await withBearer { _ in _ = Issue.record("the bearer came up") } }
        guard case .contextRefused? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.exitStatus == .unavailable)
        #expect(error?.failureClass == .network)
        #expect(error?.line.contains("573 (APN not configured)") == true)
        #expect(error?.line.contains("Missing or unknown APN") == true)
        #expect(error?.line.lowercased().contains("check the apn") == true)
        #expect(error?.line.contains("\n") == false)
        #expect(port.commands.filter { $0 == "AT+QIACT=1" }.count == 1)
    }

    @Test func anUnquotableAccessPointNeverReachesTheLine() async throws {
        let error = await failure {
            try await withSocketBearer(
                port: port, dialect: Quectel(mode: .buffer), context: PDPContext(cid: 1, type: .ipv4, apn: "a\"\rATH"),
                teardown: teardown
            ) { _ in }
        }
        #expect(error?.exitStatus == .configuration)
        #expect(!port.commands.contains { $0.contains("QICSGP") })
    }

    @Test func anErrorInTheBodyStillTakesTheBearerDown() async throws {
        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await withBearer { bearer in
                _ = try await bearer.connect(to: "mail.example.com", port: 465)
                throw Broken()
            }
        }
        #expect(port.openSlots.isEmpty)
        #expect(port.activeContexts.isEmpty)
        #expect(teardown.steps.map(\.name) == ["socket", "bearer stop"])
        #expect(!teardown.steps.contains { !$0.isClean })
    }

    @Test func aCancelledBodyStillTakesTheBearerDown() async throws {
        let task = Task {
            try await withBearer { bearer in
                let stream = try await bearer.connect(to: "mail.example.com", port: 465)
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                _ = try await stream.read(atMost: 1)
            }
        }
        await #expect(throws: StreamFailure.cancelled) { try await task.value }
        #expect(port.openSlots.isEmpty)
        #expect(port.activeContexts.isEmpty)
    }

    @Test func aDeactivationThatIsNotAnsweredIsCutAndReported() async throws {
        port.state.withLock { $0.silent = "AT+QIDEACT" }
        let short = Teardown(limit: .milliseconds(300))
        try await withSocketBearer(
            port: port, dialect: Quectel(mode: .buffer), context: context, teardown: short
        ) { _ in }
        #expect(short.steps.map(\.outcome) == [.cut])
    }

    // MARK: Connecting

    @Test(arguments: [
        (565, Scopes.ExitStatus.tryAgain, FailureClass.peer), (566, .tryAgain, .peer), (569, .tryAgain, .peer),
        (570, .tryAgain, .network), (573, .unavailable, .network),
    ])
    func failuresOfConnectingHaveTheirExitStatus(_ code: Int, _ status: Scopes.ExitStatus, _ fault: FailureClass)
        async throws
    {
        port.state.withLock { $0.openResults["bad.example"] = code }
        try await withBearer { bearer in
            let error = await failure { _ = try await bearer.connect(to: "bad.example", port: 25) }
            #expect(error?.exitStatus == status)
            #expect(error?.failureClass == fault)
            #expect(port.openSlots.isEmpty)
            // The slot serves again at once.
            let stream = try await bearer.connect(to: "good.example", port: 25)
            #expect(port.openSlots == [0])
            _ = await stream.close()
        }
    }

    @Test func aCancelledConnectLeavesNoSlot() async throws {
        try await withBearer { bearer in
            // The open is answered, and its line never comes.
            port.state.withLock { $0.saysOpens = false }
            let task = Task { try await bearer.connect(to: "mail.example.com", port: 465) }
            while !port.commands.contains(where: { $0.hasPrefix("AT+QIOPEN") }) { await Task.yield() }
            task.cancel()
            await #expect(throws: BearerError.interrupted) { _ = try await task.value }
        }
        #expect(port.openSlots.isEmpty)
    }

    // MARK: Streams

    @Test func octetsGoBothWaysAtOnce() async throws {
        port.state.withLock { $0.echoes = true }
        let meant = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try await withBearer { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            async let written: Void = stream.writeAll(ByteBuffer(bytes: meant))
            var read: [UInt8] = []
            while read.count < meant.count, let octets = try await stream.read(atMost: 4096) {
                read += octets.readableBytesView
            }
            try await written
            try await stream.flush()
            #expect(read == meant)
            #expect((stream as? ModemSocketStream)?.counts?.acknowledged == meant.count)
            #expect(await stream.close().outcome == .done)
            #expect(await stream.close().isClean)
        }
        let full = port.commands.filter { $0 == "AT+QISEND=0,1460" }.count
        #expect(full == 100_000 / 1460)
    }

    @Test func sendFailIsNotAnError() async throws {
        // An eager clock would also end the limit of the open, 150 s, which may sleep late: then the buffer was full too long.
        let time = ManualTime()
        port.state.withLock { $0.refusedSends = 3 }
        try await time.passing(within: .seconds(2)) {
            try await withBearer(clock: time.clock) { bearer in
                let stream = try await bearer.connect(to: "mail.example.com", port: 465)
                try await stream.writeAll(ByteBuffer(string: "EHLO"))
                try await stream.flush()
                #expect(port.state.withLock { $0.sockets[0]?.toPeer } == Array("EHLO".utf8))
                _ = await stream.close()
            }
        }
    }

    @Test func thePeersCloseComesBehindItsLastOctet() async throws {
        try await withBearer { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            port.arrive(Array(repeating: 5, count: 4000))
            port.closePeer()
            var count = 0
            while let octets = try await stream.read(atMost: 999) { count += octets.readableBytes }
            #expect(count == 4000)
            #expect(try await stream.read(atMost: 1) == nil)
            #expect(await stream.close().isClean)
            #expect(port.openSlots.isEmpty)
        }
    }

    @Test func aLostBearerEndsAReadAtOnceAndIsTakenDown() async throws {
        try await withBearer { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            let read = Task { try await stream.read(atMost: 1) }
            port.emit("+QIURC: \"pdpdeact\",1")
            await #expect { _ = try await read.value } throws: { ($0 as? StreamFailure)?.exitStatus == .tryAgain }
            let error = await failure { _ = try await bearer.connect(to: "mail.example.com", port: 465) }
            guard case .linkLost? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(await stream.close().outcome == .notNeeded)
        }
        #expect(port.commands.last == "AT+QIDEACT=1")
    }

    @Test func anUnpluggedModemEndsEverything() async throws {
        try await withBearer { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            let read = Task { try await stream.read(atMost: 1) }
            port.unplug()
            await #expect(throws: StreamFailure.linkLost("the modem is gone")) { _ = try await read.value }
            await #expect(throws: StreamFailure.self) { try await stream.writeAll(ByteBuffer(string: "x")) }
        }
    }

    @Test func aClosedStreamEndsItsReader() async throws {
        try await withBearer { bearer in
            let stream = try await bearer.connect(to: "mail.example.com", port: 465)
            let read = Task { try await stream.read(atMost: 1) }
            await Task.yield()
            _ = await stream.close()
            await #expect(throws: StreamFailure.closed) { _ = try await read.value }
            await #expect(throws: StreamFailure.closed) { try await stream.writeAll(ByteBuffer(string: "x")) }
        }
    }

    @Test func manyConnectionsOneAfterAnotherUseOneSlot() async throws {
        try await withBearer { bearer in
            for _ in 0..<100 {
                let stream = try await bearer.connect(to: "mail.example.com", port: 465)
                try await stream.writeAll(ByteBuffer(string: "QUIT\r\n"))
                #expect(await stream.close().outcome == .done)
            }
        }
        #expect(port.commands.filter { $0.hasPrefix("AT+QIOPEN=1,0,") }.count == 100)
        #expect(port.openSlots.isEmpty)
    }
}
