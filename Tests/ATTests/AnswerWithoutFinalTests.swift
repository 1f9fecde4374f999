import AT
import NIOCore
import Testing

/// Wavecom's answer to `+CPIN?` (Multi-Tech S000437C p. 5, "does not return the OK string").
@Suite(.timeLimit(.minutes(5))) struct AnswerWithoutFinalTests {
    private static let query = Exchange(PINStateQuery(lacksFinal: true))

    @Test func theLineAloneIsTheAnswer() {
        var run = EngineRun()
        let id = run.submit(Self.query)
        let next = run.submit(Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"]))
        run.receive("AT+CPIN?\r\r\n+CPIN: READY\r\n")
        #expect(run.answer(id) == nil)
        run.pass(.milliseconds(200))
        #expect(run.answer(id) == "+CPIN: READY|OK")
        run.receive("\r\n+CSQ: 17,99\r\n\r\nOK\r\n")
        #expect(run.answer(next) == "+CSQ: 17,99|OK")
    }

    @Test func anOKBehindItIsItsOwn() {
        var run = EngineRun()
        let id = run.submit(Self.query)
        let next = run.submit(Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"]))
        run.receive("\r\n+CPIN: READY\r\n\r\nOK\r\n")
        #expect(run.answer(id) == "+CPIN: READY|OK")
        #expect(run.answer(next) == nil)
        run.receive("\r\n+CSQ: 17,99\r\n\r\nOK\r\n")
        #expect(run.answer(next) == "+CSQ: 17,99|OK")
    }

    @Test func anErrorEndsIt() {
        var run = EngineRun()
        let id = run.submit(Self.query)
        run.receive("\r\n+CME ERROR: 10\r\n")
        #expect(run.answer(id) == "+CME ERROR: 10 (SIM not inserted)")
    }
}
