import AT
import ByteStreams
import Credentials
import Modem
import NIOCore
import PPP
import Scopes
import Support
import Synchronization
import Testing
import Tunnel

@testable import Bearer

@Suite(.timeLimit(.minutes(5))) struct PPPBearerTests {
    /// What must not disturb the line, and octets of every value.
    private static func payload(_ octets: Int) -> ByteBuffer {
        var random = SeededGenerator(seed: 3)
        var payload = ByteBuffer(string: "+++\r\nNO CARRIER\r\n~}~\r\nOK\r\n+++")
        while payload.readableBytes < octets { payload.writeInteger(UInt8.random(in: 0...255, using: &random)) }
        return payload
    }

    private func failureOfReading(_ stream: any ByteStream) async -> StreamFailure? {
        do {
            _ = try await stream.read(atMost: 10)
            return nil
        } catch {
            return error
        }
    }

    private func echoed(_ payload: ByteBuffer, over stream: any ByteStream) async throws -> ByteBuffer {
        async let written: Void = stream.writeAll(payload)
        var back = ByteBuffer()
        while back.readableBytes < payload.readableBytes, var more = try await stream.read(atMost: 65_536) {
            back.writeBuffer(&more)
        }
        try await written
        return back
    }

    @Test func tcpPassesOverADialAndTheLineComesBack() async throws {
        try await PPPRig.with { rig in
            let payload = Self.payload(200_000)
            try await rig.run { bearer in
                #expect(bearer.name == "ppp")
                #expect(bearer.link?.summary == "10.64.0.2, DNS 10.64.0.1, MTU 1500, no header compression")
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                #expect(try await echoed(payload, over: stream) == payload)
                #expect(await stream.close().isClean)
                let counts = try #require(await bearer.counts())
                #expect(counts.ipUp > 200_000 && counts.ipDown > 200_000)
                #expect(counts.lineUp > counts.ipUp && counts.lineDown > counts.ipDown)
                #expect(counts.damaged == 0)
            }
            #expect(rig.phases.all == [.dial, .lcp, .ipcp])
            #expect(rig.steps == ["lcp terminate: done", "data mode left: done", "device: done"])
            #expect(try await rig.onModem { $0.isOnline } == false)
            #expect(try await rig.means.port.perform(Exchange(CommandText("AT"))).result == .ok)
        }
    }

    /// A packet of 1,500 octets loses more of its headers than framing adds.
    @Test func headersOfTCPAreCompressedWhereThePeerTakesIt() async throws {
        var habits = FarPPPModem.Habits()
        habits.server.ipv4?.headerCompression = HeaderCompression()
        try await PPPRig.with(habits) { rig in
            let payload = Self.payload(200_000)
            try await rig.run { bearer in
                #expect(bearer.link?.summary == "10.64.0.2, DNS 10.64.0.1, MTU 1500, VJ header compression")
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                #expect(try await echoed(payload, over: stream) == payload)
                #expect(await stream.close().isClean)
                let counts = try #require(await bearer.counts())
                #expect(counts.ipUp > 200_000 && counts.ipDown > 200_000)
                #expect(counts.lineUp < counts.ipUp && counts.lineDown < counts.ipDown)
            }
        }
    }

    @Test func aFastLineIsNotWorthTheCompressionOfHeaders() {
        let context = PDPContext(cid: 1, type: .ipv4)
        #expect(PPPConfiguration(context, baud: 921_600).ipv4?.headerCompression != nil)
        #expect(PPPConfiguration(context, baud: 1_000_000).ipv4?.headerCompression == nil)
    }

    @Test(arguments: [AuthenticationProtocol.pap, .chapMD5])
    func theAccountIsProven(by method: AuthenticationProtocol) async throws {
        var habits = FarPPPModem.Habits()
        habits.server.demandedAuthentication = [method]
        habits.server.guests = [PPPAccount(name: "user", password: Secret("right"))]
        try await PPPRig.with(habits, account: PDPAccount(user: "user", password: Secret("right"))) { rig in
            try await rig.run { bearer in _ = try await bearer.connect(to: PPPRig.server, port: PPPRig.port) }
            #expect(rig.phases.all == [.dial, .lcp, .pppAuthentication, .ipcp])
        }
        try await PPPRig.with(habits, account: PDPAccount(user: "user", password: Secret("wrong"))) { rig in
            let error = try await rig.failure()
            #expect(error?.exitStatus == .credentialsRefused && error?.allowsSockets == false)
            let isClean = rig.teardown.steps.allSatisfy(\.isClean)
            #expect(isClean)
            #expect(try await rig.onModem { $0.isOnline } == false)
        }
    }

    @Test func aRefusedDialIsToldInTheNetworksWords() async throws {
        var habits = FarPPPModem.Habits()
        habits.dials = [:]
        habits.answers = [
            "ATD*99***1#": "NO CARRIER", "AT+CEER": "+CEER: requested service option not subscribed, 33\r\n\r\nOK",
        ]
        try await PPPRig.with(habits) { rig in
            let error = try #require(try await rig.failure())
            guard case .contextRefused(.contextRefused("internet", let cause?, _)) = error else {
                return #expect(Bool(false), "\(error)")
            }
            #expect(cause.code == 33 && error.exitStatus == .configuration && !error.allowsSockets)
            #expect(error.summary.contains("NO CARRIER"))
            #expect(rig.steps == ["device: done"])
            #expect(try await rig.onModem { $0.commands } == ["ATD*99***1#", "AT+CEER"])
        }
    }

    @Test func aCallThatTheNetworkEndsAtOnceIsExplainedInCommandMode() async throws {
        var habits = FarPPPModem.Habits()
        habits.endsAtOnce = true
        habits.answers = ["AT+CEER": "+CEER: missing or unknown APN, 27\r\n\r\nOK"]
        try await PPPRig.with(habits) { rig in
            let error = try #require(try await rig.failure())
            guard case .contextRefused(.contextRefused("internet", let cause?, _)) = error else {
                return #expect(Bool(false), "\(error)")
            }
            #expect(cause.code == 27 && error.exitStatus == .configuration && !error.allowsSockets)
            #expect(rig.steps == ["lcp terminate: notNeeded", "data mode left: done", "device: done"])
        }
    }

    /// Holds what the line should take, and counts it.
    final class FullLine: ChannelOutboundHandler, RemovableChannelHandler, Sendable {
        typealias OutboundIn = ByteBuffer
        private let held = Mutex<(promises: [EventLoopPromise<Void>?], octets: Int)>(([], 0))
        var octets: Int { held.withLock { $0.octets } }

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            let count = unwrapOutboundIn(data).readableBytes
            held.withLock { held in
                held.promises.append(promise)
                held.octets += count
            }
        }

        func fail() {
            for promise in held.withLock({ $0.promises }) { promise?.fail(ChannelError.ioOnClosedChannel) }
        }
    }

    @Test func aLineThatTakesNothingIsNotFilled() async throws {
        try await PPPRig.with { rig in
            try await rig.run { bearer in
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                let full = FullLine()
                try await rig.line.pipeline.addHandler(full, position: .first).get()
                try await stream.writeAll(ByteBuffer(repeating: 1, count: 100_000))
                // The kernel has ten packets ready; two fit.
                while full.octets < 2_000 { await Task.yield() }
                for _ in 0..<20 { try await rig.loop.submit {}.get() }
                #expect(full.octets < 3_000 + 3_200, "\(full.octets)")
                try await rig.onModem { $0.hangUp() }
                full.fail()
                try await rig.line.pipeline.removeHandler(full).get()
                _ = await stream.close()
            }
        }
    }

    private final class Memory: AddressMemory {
        let known: Mutex<[String: String]>
        init(_ known: [String: String]) { self.known = Mutex(known) }
        func address(of host: String) async -> String? { known.withLock { $0[host] } }
        func remember(_ address: String, of host: String) async { known.withLock { $0[host] = address } }
        func forget(_ host: String) async { _ = known.withLock { $0.removeValue(forKey: host) } }
    }

    @Test func aRememberedAddressCostsNoLookUp() async throws {
        try await PPPRig.with { given in
            var rig = given
            let memory = Memory(["mail.example.test": PPPRig.server, "moved.example.test": "198.51.100.8"])
            rig.means.memory = memory
            try await rig.run { bearer in
                let stream = try await bearer.connect(to: "mail.example.test", port: PPPRig.port)
                #expect(await stream.close().isClean)
                // Nobody answers there, and nobody knows the name.
                await #expect(throws: TunnelError.self) {
                    _ = try await bearer.connect(to: "moved.example.test", port: 9)
                }
            }
            #expect(memory.known.withLock { $0 } == ["mail.example.test": PPPRig.server])
        }
    }

    @Test func aModemThatKnowsTheOtherFormIsDialledSo() async throws {
        var habits = FarPPPModem.Habits()
        habits.dials = ["AT+CGDATA=\"PPP\",1": "CONNECT"]
        habits.answers = ["ATD*99***1#": "ERROR"]
        habits.farewell = "OK"
        try await PPPRig.with(habits) { rig in
            try await rig.run { _ in }
            #expect(rig.steps == ["lcp terminate: done", "data mode left: done", "hang up: done", "device: done"])
        }
    }

    @Test func aModemWithoutPPPLeavesItToItsSockets() async throws {
        var habits = FarPPPModem.Habits()
        habits.dials = [:]
        habits.answers = ["ATD*99***1#": "ERROR", "AT+CGDATA=\"PPP\",1": "+CME ERROR: 4", "AT+CEER": "ERROR"]
        try await PPPRig.with(habits) { rig in
            let error = try #require(try await rig.failure())
            guard case .pppNotCarried(let words) = error else { return #expect(Bool(false), "\(error)") }
            #expect(words.contains("ERROR to ATD*99***1#") && error.allowsSockets)
        }
    }

    @Test func aModemThatConnectsAndDoesNotAnswerIsLeftByTheEscape() async throws {
        var habits = FarPPPModem.Habits()
        habits.isDeaf = true
        let tune: @Sendable (inout PPPConfiguration) -> Void = {
            $0.negotiation.restart = .milliseconds(20)
            $0.negotiation.maxConfigure = 3
        }
        try await PPPRig.with(habits, tune: tune) { rig in
            let error = try #require(try await rig.failure())
            #expect(error == .pppFailed(.noAnswer) && error.allowsSockets)
            #expect(rig.steps.suffix(3) == ["data mode left: done", "hang up: done", "device: done"])
            #expect(try await rig.onModem { $0.commands.last } == "ATH")
        }
    }

    @Test(arguments: [[], [0x7E, 0x21, 0x45, 0x00, 0x01]] as [[UInt8]])
    func aCallThatTheNetworkEndsReleasesWhoReads(within frame: [UInt8]) async throws {
        try await PPPRig.with { rig in
            try await rig.run { bearer in
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                async let failure = failureOfReading(stream)
                try await rig.onModem { $0.hangUp(within: frame) }
                #expect(await failure == StreamFailure.linkLost("the modem says NO CARRIER"))
                await #expect(throws: BearerError.linkLost(words: "the modem says NO CARRIER")) {
                    _ = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                }
                _ = await stream.close()
            }
            #expect(rig.steps == ["lcp terminate: notNeeded", "data mode left: done", "device: done"])
            #expect(try await rig.onModem { $0.commands.contains("ATH") } == false)
        }
    }

    @Test func aLinkThatTheNetworkEndsReleasesWhoReads() async throws {
        try await PPPRig.with { rig in
            try await rig.run { bearer in
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                async let failure = failureOfReading(stream)
                try await rig.onModem { $0.terminate() }
                #expect(await failure == StreamFailure.linkLost("the network ended the PPP link"))
                _ = await stream.close()
            }
            let isClean = rig.teardown.steps.allSatisfy(\.isClean)
            #expect(isClean, "\(rig.steps)")
        }
    }

    @Test func aLinkThatDiesInSilenceIsNoticedByItsEchoes() async throws {
        let tune: @Sendable (inout PPPConfiguration) -> Void = { $0.echoInterval = .milliseconds(400) }
        try await PPPRig.with(tune: tune) { rig in
            try await rig.run { bearer in
                let stream = try await bearer.connect(to: PPPRig.server, port: PPPRig.port)
                async let failure = failureOfReading(stream)
                try await rig.onModem { $0.fallSilent() }
                #expect(await failure?.summary.contains("echo") == true)
                _ = await stream.close()
            }
            #expect(rig.steps.suffix(3) == ["data mode left: done", "hang up: done", "device: done"], "\(rig.steps)")
        }
    }

    @Test func aModemThatKeepsItsCallIsHungUpByDTR() async throws {
        var habits = FarPPPModem.Habits()
        habits.farewell = nil
        habits.dropped = "NO CARRIER"
        try await PPPRig.with(habits, hasDTR: true) { rig in
            try await rig.run { _ in }
            #expect(
                rig.steps == [
                    "lcp terminate: done", "dtr drop: done", "data mode left: done", "device: done",
                ])
        }
    }

    @Test func aModemThatKeepsItsCallWithoutDTRIsHungUpBehindTheEscape() async throws {
        var habits = FarPPPModem.Habits()
        habits.farewell = nil
        try await PPPRig.with(habits, hasDTR: true) { rig in
            try await rig.run { _ in }
            #expect(
                rig.steps == [
                    "lcp terminate: done", "dtr drop: notNeeded", "data mode left: done", "hang up: done",
                    "device: done",
                ])
            #expect(try await rig.onModem { $0.commands.last } == "ATH")
        }
    }

    @Test func aLinkThatIsGivenUpWhileItIsNegotiatedIsHungUp() async throws {
        var habits = FarPPPModem.Habits()
        habits.isDeaf = true
        let tune: @Sendable (inout PPPConfiguration) -> Void = { $0.negotiation.restart = .milliseconds(200) }
        try await PPPRig.with(habits, tune: tune) { rig in
            let start = Task { try await rig.failure() }
            while try await rig.onModem({ !$0.isOnline }) { await Task.yield() }
            start.cancel()
            #expect(try await start.value == .interrupted)
            #expect(rig.steps.suffix(3) == ["data mode left: done", "hang up: done", "device: done"], "\(rig.steps)")
            #expect(try await rig.onModem { $0.isOnline } == false)
        }
    }

    @Test func theWayOutOfADeadModemEndsInTime() async throws {
        try await PPPRig.with(hasDTR: true) { given in
            var rig = given
            rig.teardown = Teardown(limit: .seconds(2), floor: .milliseconds(50))
            try await rig.run { _ in try await rig.onModem { $0.die() } }
            let took = rig.teardown.steps.map(\.duration).reduce(.zero, +)
            #expect(took < .seconds(10), "\(rig.steps)")
            #expect(rig.steps.contains("data mode left: cut"), "\(rig.steps)")
            #expect(rig.steps.last == "device: done")
        }
    }

    @Test func aDialThatWasGivenUpIsHungUp() async throws {
        var habits = FarPPPModem.Habits()
        habits.dials = [:]
        habits.silent = ["ATD*99***1#"]
        try await PPPRig.with(habits) { rig in
            let dial = Task { try await rig.failure() }
            while try await rig.onModem({ $0.commands.isEmpty }) { await Task.yield() }
            dial.cancel()
            #expect(try await dial.value == .interrupted)
            #expect(rig.teardown.steps.map(\.name) == ["hang up", "device"])
            #expect(try await rig.onModem { $0.commands.last } == "ATH")
        }
    }
}
