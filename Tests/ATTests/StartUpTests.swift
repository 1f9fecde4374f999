import AT
import NIOCore
import Support
import Testing

@Suite struct StartUpTests {
    private func started(limit: TimeAmount = .seconds(15)) -> EngineRun {
        var run = EngineRun()
        run.handle(.synchronise(limit: limit))
        return run
    }

    private func report(_ run: EngineRun) -> StartUpReport? {
        guard run.synchronised.count == 1, case .success(let report) = run.synchronised[0] else { return nil }
        return report
    }

    @Test func aReadyModemCostsOneCommandAtOnce() {
        var run = started()
        #expect(run.written.count == 1 && run.written[0].hasPrefix("ATS") && run.written[0].hasSuffix("?\r"))
        run.answerLast()
        #expect(report(run) == StartUpReport())
        #expect(run.written.count == 1)
        #expect(run.engine.deadline == nil)
    }

    @Test func anEchoIsSeenAndNotAssumed() {
        var run = started()
        run.receive(run.written[0] + "\r\n+CREG: 1\r\n")
        run.answerLast()
        #expect(report(run) == StartUpReport(echoes: true))
        #expect(run.published.map(\.text) == ["+CREG: 1"])
    }

    @Test func aHalfTypedLineIsEnded() {
        var run = started()
        run.receive("AT+QIS" + run.written[0] + "\r\nERROR\r\n")
        run.receive(run.written[1])
        run.answerLast()
        #expect(report(run) == StartUpReport(findings: [.halfTypedLine], echoes: true, commands: 2))
        var silent = started()
        silent.receive("\r\nERROR\r\n")
        silent.answerLast()
        #expect(report(silent)?.findings == [.halfTypedLine])
    }

    @Test func anOpenTextPromptIsCancelled() {
        var run = started()
        run.receive(run.takeWritten()[0] + "\r\n> ")
        #expect(run.takeWritten() == ["\u{1B}"])
        run.receive("\r\nOK\r\n")
        run.pass(.milliseconds(300))
        #expect(run.written.count == 1 && run.written[0].hasPrefix("\rATS"))
        run.answerLast()
        #expect(report(run)?.findings == [.openPrompt])
    }

    @Test func aTransparentSocketIsLeftWithAGuardedEscape() {
        var run = started()
        run.receive("payload \u{0} of the \r\npeer")
        run.pass(.milliseconds(1_000))
        #expect(run.written.count == 2 && run.takeWritten()[1].hasPrefix("\rATS"))
        run.pass(.milliseconds(1_099))
        #expect(run.takeWritten().isEmpty)
        run.pass(.milliseconds(1))
        #expect(run.takeWritten() == ["+++"])
        run.receive("more of it\r\nOK\r\n")
        #expect(run.takeWritten() == ["ATH\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.written.count == 1)
        run.answerLast()
        #expect(report(run)?.findings == [.dataMode])
    }

    @Test func aMultiplexerIsClosedDown() {
        var run = started()
        run.handle(.received(ByteBuffer(bytes: [0xF9, 0x03, 0x3F, 0x01, 0x1C, 0xF9])))
        run.pass(.milliseconds(500))
        guard case .success = Result(catching: { try #require(run.written.count == 2) }) else { return }
        run.pass(.milliseconds(300))
        run.answerLast()
        #expect(report(run)?.findings == [.cmux])
    }

    @Test func theCloseDownFrameHasItsChecksum() {
        var run = started()
        var octets: [UInt8] = []
        run.handle(.received(ByteBuffer(bytes: [0xF9, 0xF9])))
        run.now = run.now + .milliseconds(500)
        for action in run.engine.handle(.deadlinePassed, now: run.now) {
            if case .write(let buffer) = action { octets = Array(buffer.readableBytesView) }
        }
        // 3GPP TS 27.010 §5.2.1.6: CRC-8, reversed polynomial 0xE0, over address, control and length.
        var checksum: UInt8 = 0xFF
        for octet in octets.dropFirst().prefix(3) {
            checksum ^= octet
            for _ in 0..<8 { checksum = checksum & 1 == 1 ? (checksum >> 1) ^ 0xE0 : checksum >> 1 }
        }
        #expect(octets.count == 8 && octets.first == 0xF9 && octets.last == 0xF9)
        #expect(octets.count > 6 && octets[6] == 0xFF - checksum)
    }

    @Test func aCountedPayloadIsSuppliedWithinItsBound() {
        var run = started()
        run.pass(.milliseconds(500 + 500 + 1_100 + 2_600))
        let padding = run.takeWritten().last ?? ""
        #expect(padding == String(repeating: "\r", count: 1_500))
        run.receive("\r\nSEND OK\r\n")
        run.pass(.seconds(1))
        run.answerLast()
        #expect(report(run)?.findings == [.countedPayload])
    }

    @Test func aSilentModemIsAnErrorWithinTheLimit() {
        for limit in [TimeAmount.milliseconds(100), .seconds(3), .seconds(15)] {
            var run = started(limit: limit)
            run.pass(limit - .milliseconds(1))
            #expect(run.synchronised.isEmpty)
            run.pass(.milliseconds(1))
            #expect(run.synchronised == [.failure(.silent)])
            #expect(run.engine.deadline == nil)
        }
    }

    @Test func noiseIsAnErrorThatSpeaksOfTheRate() {
        var run = started()
        for seed in UInt64(0)..<50 {
            var random = SeededGenerator(seed: seed)
            run.handle(
                .received(ByteBuffer(bytes: (0..<100).map { _ in UInt8.random(in: 0x80...0xF0, using: &random) })))
            run.pass(.milliseconds(400))
        }
        guard case .failure(.babbling) = run.synchronised.first else { return #expect(Bool(false)) }
    }

    @Test func aModemThatStartsLateIsFound() {
        var run = started()
        run.pass(.seconds(12))
        run.receive("\r\nRDY\r\n")
        run.pass(.seconds(1))
        run.answerLast()
        #expect(report(run)?.findings == [.starting])
    }

    @Test func aModemThatRefusesEverythingIsAskedOnceASecondAtMost() {
        var run = started()
        for _ in 0..<2_000 where run.synchronised.isEmpty {
            run.receive("\r\nERROR\r\n")
            run.pass(.milliseconds(20))
        }
        #expect(run.synchronised == [.failure(.outOfStep)])
        #expect(run.written.count < 80)
    }

    @Test func lateAnswersAreNoDataMode() {
        var run = started()
        run.pass(.milliseconds(2_200))
        let written = run.takeWritten()
        #expect(written.count == 3 && written.last == "+++")
        for question in written.dropLast() { run.receive(ProbeAnswers.answer(to: question)) }
        while report(run) == nil, !run.written.isEmpty {
            let questions = run.takeWritten()
            for question in questions { run.receive(ProbeAnswers.answer(to: question)) }
        }
        #expect(report(run)?.findings == [])
    }
}
