import AT
import ByteStreams
import Modem
import NIOCore
import NIOEmbedded
import Scopes
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct PortTests {
    static let signal = Exchange(
        CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"], timeout: .seconds(30))
    static let dial = Exchange(CommandText("AT+QIOPEN=1,0,2"), completion: .dataMode)

    @Test func aCommandIsWrittenAndItsAnswerReturned() async throws {
        try await PortTestBench.with { bench in
            async let answer = bench.port.perform(Self.signal)
            try await bench.answer("AT+CSQ", with: "\r\n+CSQ: 20,99\r\n\r\nOK\r\n")
            #expect(try await answer.lines.map(\.text) == ["+CSQ: 20,99"])
            #expect(bench.records.all.map { $0.dropFirst(7) } == ["= opened", "> AT+CSQ", "< +CSQ: 20,99", "< OK"])
        }
    }

    @Test func thirtyOneSecondsPassInMillisecondsAndEndInATimeout() async throws {
        try await PortTestBench.with { bench in
            let answer = Task { try await bench.port.perform(Self.signal) }
            _ = try await bench.next()
            await bench.pass(.seconds(31))
            await #expect(throws: ATError.timedOut(command: "AT+CSQ")) { try await answer.value }
            #expect(try await bench.next() == "AT+CMEE?\r")
        }
    }

    @Test func aCancelledCallerIsFreedAndItsCommandKeepsTheLine() async throws {
        try await PortTestBench.with { bench in
            let first = Task { try await bench.port.perform(Self.signal) }
            _ = try await bench.next()
            first.cancel()
            await #expect(throws: ATError.cancelled) { try await first.value }
            async let second = bench.port.perform(Exchange(CommandText("AT")))
            await bench.loop.run()
            let written = try await bench.written()
            #expect(written == nil)
            try await bench.say("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
            try await bench.answer("AT", with: "\r\nOK\r\n")
            #expect(try await second.lines.isEmpty)
        }
    }

    @Test func aCallerThatWasCancelledBeforeWritesNothing() async throws {
        try await PortTestBench.with { bench in
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                return try await bench.port.perform(Self.signal)
            }
            task.cancel()
            await #expect(throws: ATError.cancelled) { try await task.value }
            let written = try await bench.written()
            #expect(written == nil)
        }
    }

    private struct Secretive: ATCommand {
        let text = CommandText("AT+CIMI")
        let answersBareLines = true
        let answerIsSecret = true

        func response(from lines: [String]) throws(ATError) -> Int {
            throw .malformed(command: text.redacted, line: lines.joined())
        }
    }

    @Test func aSecretAnswerThatIsNotUnderstoodIsNotInTheError() async throws {
        try await PortTestBench.with { bench in
            let answer = Task { try await bench.port.send(Secretive()) }
            try await bench.answer("AT+CIMI", with: "\r\n26201x4711\r\n\r\nOK\r\n")
            let expected = ATError.malformed(command: "AT+CIMI", line: "<redacted>")
            await #expect(throws: expected) { try await answer.value }
            #expect(!bench.records.all.joined().contains("4711"))
        }
    }

    @Test func unsolicitedLinesReachEveryReaderInOrder() async throws {
        try await PortTestBench.with { bench in
            let first = await bench.port.unsolicited()
            let second = await bench.port.unsolicited()
            try await bench.say("\r\nRING\r\n\r\n+QIURC: \"closed\",0\r\n")
            for stream in [first, second] {
                var seen: [String] = []
                for await line in stream {
                    seen.append(line.text)
                    if seen.count == 2 { break }
                }
                #expect(seen == ["RING", "+QIURC: \"closed\",0"])
            }
        }
    }

    @Test func onlyTheNewestLinesAreKeptForAReaderThatDoesNotRead() async throws {
        try await PortTestBench.with { bench in
            let stream = await bench.port.unsolicited()
            for number in 0..<300 { try await bench.say("\r\n+X: \(number)\r\n") }
            try await bench.unplug()
            var seen: [String] = []
            for await line in stream { seen.append(line.text) }
            #expect(seen.count == 256)
            #expect(seen.first == "+X: 44" && seen.last == "+X: 299")
        }
    }

    static let push = Introducer(prefix: "+PUSH:") { view in
        guard let end = view.firstIndex(of: 0x0A) else { return .needMore }
        return .payload(header: view.distance(from: view.startIndex, to: end) + 1, octets: 1_024, trailer: 0)
    }

    /// Counts the reads that reach the far end of the pipeline.
    final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        var reads = 0

        func read(context: ChannelHandlerContext) {
            reads += 1
            context.read()
        }
    }

    @Test func payloadIsNeverDroppedReadingStopsInstead() async throws {
        try await PortTestBench.with { bench in
            let counter = try await bench.loop.submit {
                let counter = ReadCounter()
                try bench.channel.pipeline.syncOperations.addHandler(counter, position: .first)
                return NIOLoopBound(counter, eventLoop: bench.loop)
            }.get()
            func reads() async throws -> Int {
                try await bench.loop.submit {
                    bench.channel.pipeline.syncOperations.read()
                    return counter.value.reads
                }.get()
            }
            await bench.port.adopt(introducers: [Self.push], unsolicitedPrefixes: ["+PUSH:"])
            let stream = await bench.port.unsolicited()
            for _ in 0..<63 { try await bench.say("\r\n+PUSH: 1\r\n" + String(repeating: "x", count: 1_024)) }
            let before = try await reads()
            try await bench.say("\r\n+PUSH: 1\r\n" + String(repeating: "x", count: 1_024))
            #expect(try await reads() == before)
            var iterator = stream.makeAsyncIterator()
            for _ in 0..<64 { #expect(await iterator.next()?.payload?.readableBytes == 1_024) }
            await bench.loop.run()
            #expect(try await reads() > before + 1)
        }
    }

    @Test func connectGivesTheOctetsBehindIt() async throws {
        try await PortTestBench.with { bench in
            async let connected = bench.port.connect(Self.dial)
            try await bench.answer("AT+QIOPEN=1,0,2", with: "\r\nCONNECT\r\n220 ready\r\n")
            let line = try await connected
            #expect(try await line.read(atMost: 3).map { String(buffer: $0) } == "220")
            #expect(try await line.read(atMost: 99).map { String(buffer: $0) } == " ready\r\n")
            try await line.writeAll(ByteBuffer(string: "EHLO x\r\n"))
            #expect(try await bench.next() == "EHLO x\r\n")
            async let more = line.read(atMost: 99)
            try await bench.say("250")
            #expect(try await more.map { String(buffer: $0) } == "250")
        }
    }

    @Test func anyOtherFinalResultCodeOfADialIsRefused() async throws {
        try await PortTestBench.with { bench in
            let connected = Task { try await bench.port.connect(Self.dial) }
            try await bench.answer("AT+QIOPEN=1,0,2", with: "\r\nERROR\r\n")
            await #expect(throws: ATError.refused(command: "AT+QIOPEN=1,0,2", code: .error)) {
                _ = try await connected.value
            }
        }
    }

    private func connected(_ bench: PortTestBench) async throws -> any DataModeLine {
        async let connected = bench.port.connect(Self.dial)
        try await bench.answer("AT+QIOPEN=1,0,2", with: "\r\nCONNECT\r\n")
        return try await connected
    }

    @Test func leavingGoesBackToCommandsAndTheRestOfTheDataCanBeRead() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            async let step = line.leave()
            try await bench.say("last words")
            await bench.waitForDeadline()
            await bench.pass(.milliseconds(1_100))
            #expect(try await bench.next() == "+++")
            await bench.pass(.milliseconds(1_000))
            try await bench.say("\r\nOK\r\n")
            try await bench.answer("AT+CMEE?", with: "\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
            #expect(try await line.read(atMost: 99).map { String(buffer: $0) } == "last words")
            await #expect(throws: StreamFailure.closed) { _ = try await line.read(atMost: 9) }
            await #expect(throws: StreamFailure.closed) { try await line.writeAll(ByteBuffer(string: "x")) }
            #expect(await line.leave().outcome == .notNeeded)
            async let answer = bench.port.perform(Self.signal)
            try await bench.answer("AT+CSQ", with: "\r\nOK\r\n")
            #expect(try await answer.result == .ok)
        }
    }

    /// Holds every write back until it is let go.
    final class SlowLine: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private var held: [(NIOAny, EventLoopPromise<Void>?)] = []
        private var isOpen = false

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if isOpen { context.write(data, promise: promise) } else { held.append((data, promise)) }
        }

        func open(context: ChannelHandlerContext) {
            isOpen = true
            for (data, promise) in held { context.writeAndFlush(data, promise: promise) }
            held = []
        }
    }

    static func hold(_ bench: PortTestBench) async throws -> NIOLoopBound<SlowLine> {
        let channel = bench.channel
        return try await channel.eventLoop.submit {
            let slow = SlowLine()
            try channel.pipeline.syncOperations.addHandler(slow, position: .first)
            return NIOLoopBound(slow, eventLoop: channel.eventLoop)
        }.get()
    }

    static func release(_ slow: NIOLoopBound<SlowLine>, _ bench: PortTestBench) async throws {
        let channel = bench.channel
        try await channel.eventLoop.submit {
            slow.value.open(context: try channel.pipeline.syncOperations.context(handler: slow.value))
        }.get()
        await bench.loop.run()
    }

    /// Else the escape would follow the last octets with no silence between them.
    @Test func theSilenceAheadOfTheEscapeBeginsBehindTheLastWrite() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            let slow = try await Self.hold(bench)
            try await line.writeAll(ByteBuffer(string: "payload"))
            async let step = line.leave()
            await bench.waitForDeparture()
            await bench.pass(.seconds(5))
            #expect(try await bench.written() == nil)
            try await Self.release(slow, bench)
            #expect(try await bench.next() == "payload")
            await bench.pass(.milliseconds(1_099))
            #expect(try await bench.written() == nil)
            await bench.pass(.milliseconds(1))
            #expect(try await bench.next() == "+++")
            await bench.pass(.milliseconds(1_000))
            try await bench.say("\r\nOK\r\n")
            try await bench.answer("AT+CMEE?", with: "\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
        }
    }

    @Test func whoWaitsNoLongerForTheEscapeIsFreeAndTheLineIsLeftAllTheSame() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            let leaving = Task { await line.leave() }
            await bench.waitForDeadline()
            leaving.cancel()
            #expect(await leaving.value.outcome == .cut)
            async let steps = bench.port.close()
            await bench.pass(.milliseconds(1_100))
            #expect(try await bench.next() == "+++")
            await bench.pass(.milliseconds(1_000))
            try await bench.say("\r\nOK\r\n")
            try await bench.answer("AT+CMEE?", with: "\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await steps.map(\.outcome) == [.done])
        }
    }

    @Test func aModemThatLeftByItselfIsProbed() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            async let step = line.markLeft()
            await bench.waitForDeadline()
            await bench.pass(.milliseconds(500))
            #expect(try await bench.next() == "\rAT+CMEE?\r")
            try await bench.say("\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
        }
    }

    @Test func aCancelledReadLosesNoOctet() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            let reader = Task { try await line.read(atMost: 9) }
            await bench.loop.run()
            reader.cancel()
            await #expect(throws: StreamFailure.cancelled) { _ = try await reader.value }
            try await bench.say("abc")
            #expect(try await line.read(atMost: 9).map { String(buffer: $0) } == "abc")
        }
    }

    @Test func anUnpluggedPortEndsEveryWait() async throws {
        try await PortTestBench.with { bench in
            let stream = await bench.port.unsolicited()
            let answer = Task { try await bench.port.perform(Self.signal) }
            _ = try await bench.next()
            try await bench.unplug()
            await #expect(throws: ATError.portGone("end of file")) { try await answer.value }
            for await _ in stream {}
            await #expect(throws: ATError.portGone("end of file")) { try await bench.port.perform(Self.signal) }
            await #expect(throws: ATError.portGone("end of file")) { try await bench.port.synchronise() }
            #expect(await bench.port.close().map(\.outcome) == [])
        }
    }

    @Test func anUnpluggedLineEndsADataRead() async throws {
        try await PortTestBench.with { bench in
            let line = try await connected(bench)
            let octets = Task { try await line.read(atMost: 9) }
            await bench.loop.run()
            try await bench.unplug()
            let failure = StreamFailure.linkLost("the modem is gone: end of file")
            await #expect(throws: failure) { _ = try await octets.value }
            #expect(await line.leave().outcome == .notNeeded)
        }
    }

    @Test func aReadyModemIsSynchronisedByOneCommandAndNoTime() async throws {
        try await PortTestBench.with { bench in
            async let report = bench.port.synchronise()
            let question = try await bench.next()
            try await bench.say(question + ProbeAnswers.answer(to: question))
            #expect(try await report == StartUpReport(echoes: true))
        }
    }

    @Test func closeProvesCommandModeAndEndsThePort() async throws {
        try await PortTestBench.with { bench in
            async let steps = bench.port.close()
            try await bench.answer("AT+CMEE?", with: "\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await steps.map(\.outcome) == [.done])
            await #expect(throws: ATError.portGone("the port was closed")) { try await bench.port.perform(Self.signal) }
            #expect(bench.channel.isActive)
        }
    }

    @Test func closeLeavesDataModeFirst() async throws {
        try await PortTestBench.with { bench in
            _ = try await connected(bench)
            async let steps = bench.port.close()
            await bench.waitForDeadline()
            await bench.pass(.milliseconds(1_100))
            #expect(try await bench.next() == "+++")
            await bench.pass(.milliseconds(1_000))
            try await bench.say("\r\nOK\r\n")
            try await bench.answer("AT+CMEE?", with: "\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await steps.map(\.name) == ["data mode left"])
            #expect(await steps.map(\.outcome) == [.done])
        }
    }

    @Test func closeOfADeadModemIsCutAtItsLimit() async throws {
        try await PortTestBench.with { bench in
            let answer = Task { try await bench.port.perform(Self.signal) }
            _ = try await bench.next()
            async let steps = bench.port.close(limit: .seconds(3))
            await #expect(throws: ATError.cancelled) { try await answer.value }
            await bench.pass(.seconds(3))
            #expect(await steps.map(\.outcome) == [.cut])
        }
    }

    /// Upper case, to show that it had the octets.
    final class Shouter: ChannelInboundHandler, RemovableChannelHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let text = String(buffer: unwrapInboundIn(data)).uppercased()
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        }
    }

    @Test func aHandlerPutThereBeforeTheDialHasTheDataAndTheLine() async throws {
        try await PortTestBench.with { bench in
            async let dialled = bench.port.dial(Self.dial) { [Shouter()] }
            try await bench.answer("AT+QIOPEN=1,0,2", with: "\r\nCONNECT\r\nabc")
            let line = try await dialled
            #expect(try await bench.next() == "ABC")
            async let step = line.markLeft()
            await bench.waitForDeadline()
            await bench.pass(.milliseconds(500))
            _ = try await bench.next()
            try await bench.say("\r\n+CMEE: 1\r\n\r\nOK\r\n")
            #expect(await step.outcome == .done)
            async let answer = bench.port.perform(Self.signal)
            try await bench.answer("AT+CSQ", with: "\r\nOK\r\n")
            #expect(try await answer.result == .ok)
        }
    }
}
