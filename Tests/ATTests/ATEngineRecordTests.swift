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
                "< +X: <21 digits>",
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

    /// Whatever a modem sends, and whenever: what a user types in a terminal, identities unasked, an earlier run's echo.
    @Test(arguments: [
        ("\r\n+CIMI: 262011234567890\r\n", "+CIMI: <15 digits>"), ("\r\n262011234567890\r\n", "<15 digits>"),
        ("\r\n^SYSINFO:1,\"8949020000123456789F\"\r\n", "^SYSINFO:1,\"<20 digits>\""),
        ("\r\nAT+CPIN=\"4711\"\r\n", "AT+CPIN=<redacted>"), ("\r\nat+cpin=4711\r\n", "at+cpin=<redacted>"),
        ("\r\nxAT+CLCK=\"SC\",1,\"4711\"\r\n", "xAT+CLCK=<redacted>"),
        ("\r\nAT+CPWD=\"SC\",\"4711\",\"4712\"\r\n", "AT+CPWD=<redacted>"),
        ("\r\n+CGAUTH: 1,2,\"me\",\"hunter2\"\r\n", "+CGAUTH: 1,2,\"<redacted>\",\"<redacted>\""),
        ("\r\n+CGAUTH: 1,1,me,hunter2\r\n", "+CGAUTH: 1,1,\"<redacted>\",\"<redacted>\""),
        (
            "\r\n+QICSGP: 1,\"internet\",\"me\",\"hunter2\",1\r\n",
            "+QICSGP: 1,\"<redacted>\",\"<redacted>\",\"<redacted>\",1"
        ),
        ("\r\n+CSTT: \"internet\",\"\",\"hunter2\"\r\n", "+CSTT:\"<redacted>\",\"\",\"<redacted>\""),
        ("\r\n+WIPBR: 4,6,1,\"hunter2\"\r\n", "+WIPBR: 4,6,1,\"<redacted>\""),
        ("\r\n+CPIN: READY\r\n", "+CPIN: READY"), ("\r\n+CLCK: (\"SC\")\r\n", "+CLCK: (\"SC\")"),
        ("\r\n+QIOPEN: 0,0\r\n", "+QIOPEN: 0,0"),
    ])
    func whatComesUnaskedShowsNoSecret(line: String, shown: String) {
        var run = EngineRun(isRecording: true)
        run.receive(line)
        #expect(run.records == ["< " + shown])
    }

    @Test func anEchoThatAnEarlierRunLeftIsNotShown() {
        var run = EngineRun(isRecording: true)
        run.handle(.synchronise(limit: .seconds(5)))
        run.receive("N=\"4711\"\r\n")
        #expect(run.records.contains("< <redacted>"))
        #expect(!run.records.contains { $0.contains("4711") })
    }

    @Test func aPieceOfAnEchoIsNotShownWhileItsCommandRuns() throws {
        var run = EngineRun(isRecording: true)
        run.submit(Exchange(try CommandText("AT+CPIN=").quoted("4711", name: "PIN", isSecret: true)))
        run.receive("AT+CPIN=\"47\r\n+CREG: 1\r\n11\"\r\r\nOK\r\n")
        #expect(
            run.records == ["> AT+CPIN=\"<redacted>\"", "< <redacted>", "< +CREG: 1", "< <redacted>", "< OK"])
    }

    @Test(arguments: [
        ("AT+CPIN=4711", "AT+CPIN=<redacted>", "4711"), ("AT+CPIN=\"4711\"", "AT+CPIN=\"<redacted>\"", "4711"),
        ("AT+CSQ;+CPIN=4711", "AT+CSQ;+CPIN=<redacted>", "4711"),
        ("AT+CLCK=\"SC\",2", "AT+CLCK=\"<redacted>\",2", "SC"),
        ("AT+CSTT=internet,me,hunter2", "AT+CSTT=<redacted>", "hunter2"), ("AT+CPIN?", "AT+CPIN?", "nothing"),
        ("AT+CGAUTH=?", "AT+CGAUTH=?", "nothing"),
    ])
    func whatAUserTypesIsShownWithoutItsSecrets(line: String, shown: String, secret: String) throws {
        let text = try CommandText(configured: line)
        #expect(text.redacted == shown)
        var run = EngineRun(isRecording: true)
        run.submit(Exchange(text))
        run.receive("\r\n+X: \(secret)\r\n\r\nOK\r\n")
        #expect(run.records == ["> " + shown, secret == "nothing" ? "< +X: nothing" : "< <redacted>", "< OK"])
    }

    @Test func withoutAnObserverNothingIsRecorded() {
        var run = EngineRun()
        run.submit(ATEngineTests.signal)
        run.receive("\r\nOK\r\n")
        #expect(run.records.isEmpty)
    }
}
