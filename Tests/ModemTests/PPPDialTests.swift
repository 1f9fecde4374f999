import AT
import Modem
import NIOCore
import NIOEmbedded
import Scopes
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct PPPDialTests {
    @Test func formsAreThoseOfTheStandard() {
        let number = PPPDial.standard.exchange(.number, cid: 3)
        #expect(number.text.wire == "ATD*99***3#")
        #expect(PPPDial.standard.exchange(.data, cid: 12).text.wire == "AT+CGDATA=\"PPP\",12")
        #expect(number.completion == .dataMode && number.timeout >= .seconds(60) && number.isAbortable)
    }

    @Test(arguments: [
        ("Quectel", "EC25", [], 0), ("Quectel", "EG800Q-EU", ["AT"], 500),
        ("Sierra Wireless", "HL7812", ["AT+WPPP=0"], 0),
        ("u-blox", "SARA-R510S", [], 0), ("SIMCOM_Ltd", "SIMCOM_SIM800L", [], 0),
    ])
    func whatStandsBeforeTheDialIsTheModels(maker: String, model: String, commands: [String], pause: Int64) {
        let profile = ModemProfile.matching(ModemIdentity(manufacturer: maker, model: model))
        #expect(profile.dial.forms == [.number, .data])
        #expect(profile.dial.preparations.map(\.wire) == commands)
        #expect(profile.dial.pause == .milliseconds(pause))
    }

    @Test func onlyAnAnswerThatMayMeanIgnoranceAsksForAnotherForm() {
        for code in [FinalResultCode.error, .cme(number: 3, text: ""), .cme(number: 4, text: ""), .vendor("X")] {
            #expect(PPPDial.isUnknownForm(code))
        }
        for code in [
            FinalResultCode.noCarrier, .busy, .noAnswer, .noDialtone, .cme(number: 30, text: ""),
            .cme(number: 133, text: ""), .cme(number: 148, text: ""),
        ] {
            #expect(!PPPDial.isUnknownForm(code))
        }
    }

    /// What the handler behind the port was told, in order.
    final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        var all: [String] { entries.withLock { $0 } }
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
    }

    final class Frames: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let log: Log

        init(_ log: Log) { self.log = log }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data))
            log.add(text)
            guard text == "~echo~" else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "~reply~")), promise: nil)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard let event = event as? DataModeEvent else { return }
            log.add("\(event)")
            guard event == .began else { return }
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "~request~")), promise: nil)
        }

        func handlerRemoved(context: ChannelHandlerContext) { log.add("removed") }
    }

    private static let dial = PPPDial.standard.exchange(.number, cid: 1)

    @Test(arguments: ["CONNECT", "CONNECT 150000000"])
    func theFirstFrameBehindConnectIsTheHandlersAndItsOwnGoesOutInTheSameTurn(words: String) async throws {
        try await PortTestBench.with { bench in
            let log = Log()
            async let dialled = bench.port.dial(Self.dial) { [Frames(log)] }
            try await bench.answer("ATD*99***1#", with: "\r\n\(words)\r\n~frame~")
            #expect(log.all == ["began", "~frame~"])
            #expect(try await bench.next() == "~request~")
            let line = try await dialled
            async let step = line.markLeft()
            await bench.waitForDeadline()
            await bench.pass(.milliseconds(500))
            _ = try await bench.next()
            try await bench.say("\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
            #expect(log.all == ["began", "~frame~", "left(nil)", "removed"])
        }
    }

    @Test(arguments: [
        ("NO CARRIER", FinalResultCode.noCarrier), ("BUSY", .busy), ("NO DIALTONE", .noDialtone), ("ERROR", .error),
        ("NO ANSWER", .noAnswer), ("+CME ERROR: 30", .cme(number: 30, text: "no network service")),
    ])
    func aRefusedDialLeavesNoHandler(words: String, code: FinalResultCode) async throws {
        try await PortTestBench.with { bench in
            let log = Log()
            let dialled = Task { try await bench.port.dial(Self.dial) { [Frames(log)] } }
            try await bench.answer("ATD*99***1#", with: "\r\n\(words)\r\n")
            await #expect(throws: ATError.refused(command: "ATD*99***1#", code: code)) { try await dialled.value }
            await bench.loop.run()
            #expect(log.all == ["removed"])
            async let answer = bench.port.perform(PortTests.signal)
            try await bench.answer("AT+CSQ", with: "\r\nOK\r\n")
            #expect(try await answer.result == .ok)
        }
    }

    @Test func aLineThatIsLostTellsTheHandlerOnce() async throws {
        try await PortTestBench.with { bench in
            let log = Log()
            async let dialled = bench.port.dial(Self.dial) { [Frames(log)] }
            try await bench.answer("ATD*99***1#", with: "\r\nCONNECT\r\n")
            _ = try await dialled
            try await bench.unplug()
            #expect(log.all.filter { $0.hasPrefix("left") }.count == 1)
        }
    }

    @Test func theEscapeWaitsForWhatTheHandlerWrote() async throws {
        try await PortTestBench.with { bench in
            let log = Log()
            async let dialled = bench.port.dial(Self.dial) { [Frames(log)] }
            try await bench.answer("ATD*99***1#", with: "\r\nCONNECT\r\n")
            let line = try await dialled
            _ = try await bench.next()
            let slow = try await PortTests.hold(bench)
            try await bench.say("~echo~")
            async let step = line.leave()
            await bench.waitForDeparture()
            await bench.pass(.seconds(5))
            let early = try await bench.written()
            #expect(early == nil)
            try await PortTests.release(slow, bench)
            #expect(try await bench.next() == "~reply~")
            await bench.pass(.milliseconds(1_100))
            #expect(try await bench.next() == "+++")
            await bench.pass(.milliseconds(1_000))
            try await bench.say("\r\nOK\r\n")
            _ = try await bench.next()
            try await bench.say("\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
        }
    }
}
