import AT
import NIOCore
import Support
import Testing

@Suite struct ATEngineDataModeTests {
    static let dial = Exchange(CommandText("AT+QIOPEN=1,0,2"), completion: .dataMode, timeout: .seconds(150))

    private func inDataMode() -> EngineRun {
        var run = EngineRun()
        let id = run.submit(Self.dial)
        run.receive("\r\nCONNECT\r\n")
        #expect(run.answer(id) == "CONNECT")
        _ = run.takeWritten()
        return run
    }

    @Test func connectAndDataInOneReadArePartedBetweenTwoOctets() {
        let text = "AT+QIOPEN=1,0,2\r\r\nCONNECT 115200\r\n\r\nOK\r\nNO CARRIER\r\n"
        for cut in 0...text.utf8.count {
            var run = EngineRun()
            let id = run.submit(Self.dial)
            run.receive(String(decoding: text.utf8.prefix(cut), as: UTF8.self))
            run.receive(String(decoding: text.utf8.dropFirst(cut), as: UTF8.self))
            #expect(run.answer(id) == "CONNECT 115200", "cut \(cut)")
            #expect(run.data == Array("\r\nOK\r\nNO CARRIER\r\n".utf8), "cut \(cut)")
            #expect(run.engine.isInDataMode)
        }
    }

    @Test func commandsAreRefusedInDataMode() {
        var run = inDataMode()
        let id = run.submit(ATEngineTests.attention)
        #expect(run.result(of: id) == .failure(.inDataMode))
        #expect(run.takeWritten().isEmpty)
    }

    @Test func leavingIsGuardedOnBothSidesAndProven() {
        var run = inDataMode()
        run.handle(.leave)
        run.receive("late data")
        run.pass(.milliseconds(1_099))
        #expect(run.takeWritten().isEmpty)
        run.pass(.milliseconds(1))
        #expect(run.takeWritten() == ["+++"])
        run.receive("more\r\nOK\r\nstill data")
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n\r\n+QIURC: \"recv\",0\r\n")
        #expect(run.takeWritten() == ["AT+CMEE?\r"])
        #expect(run.data == Array("late datamore\r\nOK\r\nstill data".utf8))
        #expect(run.published.map(\.text) == ["+QIURC: \"recv\",0"])
        #expect(run.left.isEmpty)
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.left == [nil])
        let next = run.submit(ATEngineTests.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test func noCarrierInPlaceOfOKIsLeftAsWell() {
        var run = inDataMode()
        run.handle(.leave)
        run.pass(.milliseconds(2_100))
        run.receive("\r\nNO CARRIER\r\n")
        run.receive("\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.left == [nil])
        #expect(run.data.isEmpty)
    }

    @Test func anOKWithinTheDataIsNotBelieved() {
        var run = inDataMode()
        run.handle(.leave)
        run.pass(.milliseconds(2_100))
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["+++", "AT+CMEE?\r"])
        // It was payload: three probes go unanswered, and the second escape works.
        run.pass(.milliseconds(4_500 + 1_100))
        #expect(run.takeWritten().last == "+++")
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n")
        run.answerLast()
        #expect(run.left == [nil])
    }

    @Test func aModemThatNeverLeavesIsGivenUpInBoundedTime() {
        var run = inDataMode()
        run.handle(.leave)
        run.pass(.seconds(20))
        #expect(run.left == [.outOfStep])
        #expect(run.takeWritten().count { $0 == "+++" } == 2)
        #expect(run.engine.deadline == nil)
        let next = run.submit(ATEngineTests.attention)
        #expect(run.result(of: next) == .failure(.outOfStep))
    }

    @Test func octetsUnderWayWhenTheModemLeftAreOutlived() {
        var run = inDataMode()
        run.handle(.markLeft)
        let next = run.submit(ATEngineTests.attention)
        run.receive("\r\nERROR\r\n")
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["\rAT+CMEE?\r"])
        run.receive("\r\nERROR\r\n")
        #expect(run.takeWritten() == ["\rAT+CMEE=?\r"])
        run.receive("\r\n+CMEE: (0-2)\r\n\r\nOK\r\n")
        #expect(run.left == [nil])
        #expect(run.takeWritten() == ["AT\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test func aMarkThatWasWrongEndsInAnEscape() {
        var run = inDataMode()
        run.handle(.markLeft)
        run.pass(.milliseconds(500 + 3 * 1_500 + 1_100))
        #expect(run.takeWritten().last == "+++")
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n")
        run.answerLast()
        #expect(run.left == [nil])
    }

    @Test func aDialWhoseCallerHasGoneIsLeftAtOnce() {
        var run = EngineRun()
        let id = run.submit(Self.dial)
        run.handle(.cancel(id))
        run.receive("\r\nCONNECT\r\n")
        run.pass(.milliseconds(1_100))
        #expect(run.takeWritten().last == "+++")
        #expect(run.finished.count == 1)
    }

    @Test(arguments: [0, 700, 2_000])
    func aConnectThatComesBehindTheLimitOfItsDialIsLeftAtOnce(late: Int64) {
        var run = EngineRun()
        let dial = run.submit(Self.dial)
        run.pass(.seconds(150) + .milliseconds(late))
        #expect(run.result(of: dial) == .failure(.timedOut(command: "AT+QIOPEN=1,0,2")))
        _ = run.takeWritten()
        run.receive("\r\nCONNECT\r\n~frames~")
        let hangUp = run.submit(Exchange(CommandText("ATH")))
        run.pass(.milliseconds(1_100))
        #expect(run.takeWritten() == ["+++"])
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n")
        run.answerLast()
        #expect(run.takeWritten().last == "ATH\r")
        run.receive("\r\nOK\r\n")
        #expect(run.answer(hangUp) == "OK")
    }

    @Test func whatWaitsBehindADialWhoseCallerHasGoneRunsOnceDataModeIsLeft() {
        var run = EngineRun()
        let dial = run.submit(Self.dial)
        run.handle(.cancel(dial))
        let close = run.submit(Exchange(CommandText("AT+QICLOSE=0")))
        run.receive("\r\nCONNECT\r\n")
        run.pass(.milliseconds(1_100))
        #expect(run.takeWritten().last == "+++")
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n")
        run.answerLast()
        #expect(run.takeWritten().last == "AT+QICLOSE=0\r")
        run.receive("\r\nOK\r\n")
        #expect(run.answer(close) == "OK")
    }

    @Test func aPortLostInDataModeEndsTheDeparture() {
        var run = inDataMode()
        run.handle(.leave)
        run.handle(.lost(.portGone("unplugged")))
        #expect(run.left == [.portGone("unplugged")])
    }
}
