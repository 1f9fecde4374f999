import AT
import NIOCore
import Testing

@Suite struct ATEngineRecordTests {
    @Test func theTranscriptShowsWhatWentByAndNoSecret() throws {
        var run = EngineRun(isRecording: true)
        run.engine.adopt(introducers: [LineFramerTests.reader], unsolicitedPrefixes: [])
        run.submit(Exchange(try CommandText("AT+CPIN=").quoted("4711", name: "PIN", isSecret: true)))
        run.receive("AT+CPIN=\"4711\"\r\r\nOK\r\n")
        run.submit(Exchange(CommandText("AT+CIMI"), answersBareLines: true, answerIsSecret: true))
        run.receive("\r\n26201\r\n\r\nOK\r\n")
        run.submit(Exchange(CommandText("AT+QCCID"), responsePrefixes: ["+QCCID:"], answerIsSecret: true))
        run.receive("\r\n+QCCID: 8949\r\n\r\nOK\r\n")
        run.submit(ATEngineTests.send())
        run.receive("\r\n> ")
        run.receive("\r\nSEND OK\r\n\r\n+X: 89490200001234567890F\r\n")
        run.submit(Exchange(CommandText("AT+QIRD=0,1500"), responsePrefixes: ["+QIRD:"]))
        run.receive("\r\n+QIRD: 4\r\nabcd\r\n\r\nOK\r\n\u{1B}]0;x\u{7}\r\n")
        #expect(
            run.records == [
                "> AT+CPIN=\"<redacted>\"", "< OK", "> AT+CIMI", "< <redacted>", "< OK", "> AT+QCCID",
                "< +QCCID: <redacted>", "< OK", "> AT+QISEND=0,3", "< >", "> (3 octets)", "< SEND OK",
                "< +X: <redacted>",
                "> AT+QIRD=0,1500", "< +QIRD: 4 (4 octets)", "< OK", "< ]0;x",
            ])
    }

    @Test func aGarbledEchoOfASecretIsNeitherShownNorPublished() throws {
        var run = EngineRun(isRecording: true)
        run.submit(Exchange(try CommandText("AT+CPIN=").quoted("4711", name: "PIN", isSecret: true)))
        run.receive("AT+CP=\"4711\"\r\r\nERROR\r\n")
        #expect(run.records == ["> AT+CPIN=\"<redacted>\"", "< <redacted>", "< ERROR"])
        #expect(run.published.isEmpty)
    }

    @Test func withoutAnObserverNothingIsRecorded() {
        var run = EngineRun()
        run.submit(ATEngineTests.signal)
        run.receive("\r\nOK\r\n")
        #expect(run.records.isEmpty)
    }
}
