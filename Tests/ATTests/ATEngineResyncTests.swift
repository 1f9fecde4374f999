import AT
import NIOCore
import Support
import Testing

@Suite struct ATEngineResyncTests {
    static let signal = ATEngineTests.signal
    static let attention = ATEngineTests.attention

    /// A run whose first exchange timed out.
    private func tainted(_ exchange: Exchange = Self.signal) -> (EngineRun, ATEngine.ID) {
        var run = EngineRun()
        let id = run.submit(exchange)
        run.pass(exchange.timeout)
        return (run, id)
    }

    @Test func lateResultCodeDoesNotAnswerTheNextCommand() {
        var (run, first) = tainted()
        #expect(run.result(of: first) == .failure(.timedOut(command: "AT+CSQ")))
        let next = run.submit(Self.attention)
        run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.answer(next) == nil)
        #expect(run.takeWritten() == ["AT+CSQ\r", "AT+CMEE?\r"])
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
        #expect(run.published.isEmpty)
    }

    @Test func aLateOKDoesNotPassForTheProbes() {
        var (run, _) = tainted()
        let next = run.submit(Self.attention)
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["AT+CSQ\r", "AT+CMEE?\r"])
        run.receive("\r\nOK\r\n")
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten().isEmpty)
        run.receive("\r\n+CMEE: 2\r\n\r\nOK\r\n")
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test func aLateAnswerToTheFirstProbeDoesNotPassForTheSecond() {
        var (run, _) = tainted()
        run.submit(Self.attention)
        run.pass(.seconds(2))
        #expect(run.takeWritten() == ["AT+CSQ\r", "AT+CMEE?\r", "\rAT+CMEE=?\r"])
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.takeWritten().isEmpty)
        run.receive("\r\n+CMEE: (0-2)\r\n\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT\r"])
    }

    @Test func aModemWithoutErrorModesIsAskedForItsLineEndAndThenForAttention() {
        var (run, _) = tainted()
        run.pass(.milliseconds(500))
        run.receive("\r\nERROR\r\n")
        run.receive("\r\nERROR\r\n")
        #expect(run.takeWritten().suffix(2) == ["AT+CMEE=?\r", "ATS3?\r"])
        var other = run
        run.receive("\r\n013\r\n\r\nOK\r\n")
        let next = run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
        other.receive("\r\nERROR\r\n")
        #expect(other.takeWritten().last == "AT\r")
        other.receive("\r\nOK\r\n")
        let last = other.submit(Self.signal)
        other.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(other.answer(last) == "+CSQ: 1,2|OK")
    }

    @Test func theTaintedCommandIsNeverTheProbe() {
        var (run, _) = tainted(Exchange(CommandText("AT+CMEE?"), responsePrefixes: ["+CMEE:"]))
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["AT+CMEE?\r", "AT+CMEE=?\r"])
    }

    @Test func withoutAnAnsweredProbeTheLineIsOutOfStepUntilItIsSynchronised() {
        var (run, _) = tainted()
        let next = run.submit(Self.attention)
        run.handle(.prove)
        run.pass(.seconds(10))
        #expect(run.result(of: next) == .failure(.outOfStep))
        #expect(run.proven == [.outOfStep])
        #expect(run.engine.deadline == nil)
        let refused = run.submit(Self.attention)
        #expect(run.result(of: refused) == .failure(.outOfStep))
        run.handle(.synchronise(limit: .seconds(15)))
        run.answerLast()
        #expect(run.synchronised.count == 1)
        let usable = run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(usable) == "OK")
    }

    @Test func cancellationFreesTheCallerAndNotTheLine() {
        var run = EngineRun()
        let first = run.submit(Self.signal)
        let second = run.submit(Self.attention)
        run.handle(.cancel(first))
        run.handle(.cancel(first))
        #expect(run.result(of: first) == .failure(.cancelled))
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.result(of: first) == .failure(.cancelled))
        #expect(run.takeWritten() == ["AT\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.answer(second) == "OK")
    }

    @Test func aCancelledCommandOfTheQueueIsNeverWritten() {
        var run = EngineRun()
        run.submit(Self.signal)
        let queued = run.submit(Self.attention)
        run.handle(.cancel(queued))
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        #expect(run.result(of: queued) == .failure(.cancelled))
    }

    @Test func anAbortableCommandIsAbortedByItsCancellation() {
        var run = EngineRun()
        let scan = run.submit(Exchange(CommandText("AT+COPS=?"), timeout: .seconds(180), isAbortable: true))
        run.handle(.cancel(scan))
        #expect(run.takeWritten() == ["AT+COPS=?\r", "\r"])
        run.pass(.milliseconds(5_500))
        #expect(run.takeWritten() == ["AT+CMEE?\r"])
    }

    @Test func aRestartFailsAllThatWaits() {
        for line in ["RDY", "^SYSSTART", "+KSUP: 0", "UART Boot Completed"] {
            var run = EngineRun()
            let open = run.submit(ATEngineTests.open)
            run.receive("\r\nOK\r\n")
            let signal = run.submit(Self.signal)
            let queued = run.submit(Self.attention)
            run.receive("\r\n\(line)\r\n")
            for id in [open, signal, queued] { #expect(run.result(of: id) == .failure(.rebooted(line))) }
            #expect(run.published.map(\.text) == [line])
            let next = run.submit(Self.attention)
            run.pass(.milliseconds(500))
            #expect(run.takeWritten().last == "AT+CMEE?\r")
            run.receive("\r\n+CMEE: 0\r\n\r\nOK\r\n")
            run.receive("\r\nOK\r\n")
            #expect(run.answer(next) == "OK")
        }
    }

    @Test func anExchangeThatAwaitsARestartIsAnsweredByIt() {
        var run = EngineRun()
        let reset = run.submit(
            Exchange(CommandText("AT+CFUN=1,1"), completion: .finalThenLine(.exactly("RDY"), limit: .seconds(60))))
        run.receive("\r\nOK\r\n")
        run.receive("\r\nRDY\r\n")
        #expect(run.answer(reset) == "OK")
    }

    @Test func aPromptThatNeverComesIsCancelledAndItsPayloadNeverWritten() {
        var (run, id) = tainted(ATEngineTests.send("secret"))
        #expect(run.result(of: id) == .failure(.timedOut(command: "AT+QISEND=0,3")))
        #expect(run.takeWritten() == ["AT+QISEND=0,3\r", "\u{1B}"])
        run.receive("\r\n> ")
        #expect(run.takeWritten() == ["\u{1B}"])
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["AT+CMEE?\r"])
        run.pass(.milliseconds(1_500))
        #expect(run.takeWritten() == [String(repeating: "\r", count: 6)])
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["\rAT+CMEE=?\r"])
        run.receive("\r\nSEND OK\r\n\r\n+CMEE: (0,1,2)\r\n\r\nOK\r\n")
        #expect(run.engine.deadline == nil)
    }

    @Test func aPayloadThatIsAnnouncedAndNeverComesSwallowsNoProbe() {
        var run = EngineRun()
        run.engine.adopt(introducers: [LineFramerTests.reader], unsolicitedPrefixes: [])
        let id = run.submit(Exchange(CommandText("AT+QIRD=0,1500"), responsePrefixes: ["+QIRD:"]))
        run.receive("\r\n+QIRD: 1500\r\nabc")
        run.pass(.seconds(5))
        #expect(run.result(of: id) == .failure(.timedOut(command: "AT+QIRD=0,1500")))
        run.pass(.milliseconds(500))
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        let next = run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test func babbleFailsTheCommandAndHoldsNoMemory() {
        var run = EngineRun()
        let id = run.submit(Self.signal)
        for _ in 0..<100 { run.receive(String(repeating: "U", count: 1_000)) }
        guard case .failure(.babbling) = run.result(of: id) else { return #expect(Bool(false)) }
        run.pass(.milliseconds(500))
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        let next = run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test func aProofCostsOneCommandOnATrustedLine() {
        var run = EngineRun()
        run.handle(.prove)
        #expect(run.takeWritten() == ["AT+CMEE?\r"])
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.proven == [nil])
    }

    @Test func deadlinesThatComeEarlyOrTwiceDoNoHarm() {
        var run = EngineRun()
        let id = run.submit(Self.signal)
        for _ in 0..<5 { run.handle(.deadlinePassed) }
        #expect(run.answer(id) == nil)
        run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        run.handle(.deadlinePassed)
        #expect(run.answer(id) == "+CSQ: 1,2|OK")
        #expect(run.takeWritten() == ["AT+CSQ\r"])
    }
}
