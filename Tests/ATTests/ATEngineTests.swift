import AT
import NIOCore
import Support
import Testing

@Suite struct ATEngineTests {
    static let signal = Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"])
    static let attention = Exchange(CommandText("AT"))

    static func send(_ text: String = "abc", id: StaticString = "AT+QISEND=0,3") -> Exchange {
        Exchange(
            CommandText(id),
            payload: Exchange.Payload(
                goAhead: .prompt(UInt8(ascii: ">"), pause: .zero), octets: ByteBuffer(string: text)),
            completion: .lineInstead([.exactly("SEND OK")]), finals: [.init(.exactly("SEND FAIL"))])
    }

    static let open = Exchange(
        CommandText("AT+QIOPEN=1,0"),
        completion: .finalThenLine(.numbered(prefix: "+QIOPEN:", first: 0), limit: .seconds(150)))

    @Test func anAnswerHasItsLinesAndOthersArePublished() {
        var run = EngineRun()
        let id = run.submit(Self.signal)
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        run.receive("AT+CSQ\r\r\n+CREG: 1\r\n\r\n+CSQ: 20,99\r\n\r\n+QIURC: \"recv\",0\r\n\r\nOK\r\n\r\nRING\r\n")
        #expect(run.answer(id) == "+CSQ: 20,99|OK")
        #expect(run.published.map(\.text) == ["+CREG: 1", "+QIURC: \"recv\",0", "RING"])
    }

    @Test func exchangesRunOneAtATimeInOrder() {
        var run = EngineRun()
        let first = run.submit(Self.signal)
        let second = run.submit(Self.attention)
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        run.receive("\r\n+CME ERROR: 10\r\n")
        #expect(run.answer(first) == "+CME ERROR: 10 (SIM not inserted)")
        #expect(run.takeWritten() == ["AT\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.answer(second) == "OK")
        #expect(run.engine.deadline == nil)
    }

    @Test func aURCAtAnyLineGapLeavesTheAnswerAsItIs() throws {
        let pieces = ["AT+QISEND=0,3\r", "\r\n> ", "\r\nSEND OK\r\n"]
        for gap in 0...pieces.count {
            var run = EngineRun()
            let id = run.submit(Self.send())
            for (index, piece) in (pieces + [""]).enumerated() {
                if index == gap { run.receive("\r\n+QIURC: \"recv\",0\r\n\r\n+CREG: 2\r\n") }
                run.receive(piece)
            }
            #expect(run.takeWritten() == ["AT+QISEND=0,3\r", "abc"], "gap \(gap)")
            #expect(run.answer(id) == "OK", "gap \(gap)")
            #expect(run.published.count == 2, "gap \(gap)")
        }
    }

    @Test func everySplitOfADialogueGivesTheSameAnswers() {
        let texts = [
            "AT+QISEND=0,3\r\r\n> ", "\r\n+CREG: 1\r\n\r\nSEND OK\r\n", "AT+CSQ\r\r\n+CSQ: 1,2\r\n\r\nOK\r\n",
        ]
        for cut in 0...28 {
            var run = EngineRun()
            let send = run.submit(Self.send())
            let signal = run.submit(Self.signal)
            for text in texts {
                run.receive(String(decoding: text.utf8.prefix(cut), as: UTF8.self))
                run.receive(String(decoding: text.utf8.dropFirst(cut), as: UTF8.self))
            }
            #expect(run.answer(send) == "OK", "cut \(cut)")
            #expect(run.answer(signal) == "+CSQ: 1,2|OK", "cut \(cut)")
            #expect(run.published.map(\.text) == ["+CREG: 1"], "cut \(cut)")
        }
    }

    @Test func aLineThatCameBeforeTheCommandWasWrittenIsNotItsAnswer() {
        var run = EngineRun()
        let first = run.submit(Self.attention)
        let second = run.submit(Self.signal)
        run.receive("\r\nOK\r\n\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.answer(first) == "OK")
        #expect(run.answer(second) == nil)
    }

    @Test func anErrorInPlaceOfThePromptWritesNoPayload() {
        var run = EngineRun()
        let id = run.submit(Self.send())
        run.receive("\r\nERROR\r\n")
        #expect(run.takeWritten() == ["AT+QISEND=0,3\r"])
        guard case .success(let answer) = run.result(of: id) else { return #expect(Bool(false)) }
        #expect(answer.result == .error && answer.octetsWritten == 0)
        #expect(run.engine.deadline == nil)
    }

    @Test func theWriteCountsWhatWasWrittenAndAFailureIsTheModemsWord() {
        var run = EngineRun()
        let id = run.submit(Self.send())
        run.receive("\r\n> ")
        run.receive("\r\nSEND FAIL\r\n")
        guard case .success(let answer) = run.result(of: id) else { return #expect(Bool(false)) }
        #expect(answer == Exchange.Answer(result: .vendor("SEND FAIL"), octetsWritten: 3))
    }

    @Test func aPauseBehindThePromptIsKept() {
        var run = EngineRun()
        var exchange = Self.send()
        exchange.payload?.goAhead = .prompt(UInt8(ascii: "@"), pause: .milliseconds(50))
        run.submit(exchange)
        run.receive("\r\n@")
        #expect(run.takeWritten() == ["AT+QISEND=0,3\r"])
        run.pass(.milliseconds(49))
        #expect(run.takeWritten().isEmpty)
        run.pass(.milliseconds(1))
        #expect(run.takeWritten() == ["abc"])
    }

    @Test func goAheadsOfEveryKindLetThePayloadGo() {
        func run(_ goAhead: Exchange.GoAhead, _ word: String) -> ([String], Int?) {
            var run = EngineRun()
            let exchange = Exchange(
                CommandText("AT+X"), responsePrefixes: ["^SISW:"],
                payload: .init(goAhead: goAhead, octets: ByteBuffer(string: "abcdef"), trailer: []))
            let id = run.submit(exchange)
            run.receive(word)
            run.receive("\r\nOK\r\n")
            guard case .success(let answer) = run.result(of: id) else { return (run.written, nil) }
            return (run.written, answer.octetsWritten)
        }
        #expect(run(.none, "") == (["AT+X\r", "abcdef"], 6))
        #expect(run(.line("CONNECT"), "\r\nCONNECT\r\n") == (["AT+X\r", "abcdef"], 6))
        #expect(run(.line("CONNECT"), "\r\nCONNECT 1460\r\n") == (["AT+X\r", "abcdef"], 6))
        #expect(run(.line("OK"), "\r\nOK\r\n") == (["AT+X\r", "abcdef"], 6))
        #expect(run(.granted(prefix: "^SISW:", parameter: 1), "\r\n^SISW: 0,4,0\r\n") == (["AT+X\r", "abcd"], 4))
        #expect(run(.granted(prefix: "^SISW:", parameter: 1), "\r\n^SISW: 0,0,0\r\n") == (["AT+X\r"], 0))
        #expect(run(.granted(prefix: "^SISW:", parameter: 1), "\r\n^SISW: 0,99,0\r\n") == (["AT+X\r", "abcdef"], 6))
        #expect(run(.granted(prefix: "^SISW:", parameter: 1), "\r\n^SISW: 0,-5,0\r\n") == (["AT+X\r"], 0))
    }

    @Test func completionsOfEveryKindEndTheExchange() {
        func answer(_ completion: Exchange.Completion, _ text: String) -> String? {
            var run = EngineRun()
            let id = run.submit(Exchange(CommandText("AT+X"), completion: completion))
            run.receive(text)
            run.pass(.milliseconds(200))
            guard case .success(let answer) = run.result(of: id) else { return nil }
            return "\(answer.result) \(answer.completingLine?.text ?? "-")"
        }
        #expect(answer(.finalResultCode, "\r\nOK\r\n") == "OK -")
        #expect(answer(.lineInstead([.leading(0, suffix: "CLOSE OK")]), "\r\n0, CLOSE OK\r\n") == "OK 0, CLOSE OK")
        #expect(answer(.lineInstead([.exactly("SHUT OK")]), "\r\nERROR\r\n") == "ERROR -")
        let line = LinePattern.numbered(prefix: "+CAOPEN:", first: 0)
        #expect(answer(.finalAndLine(line, limit: .seconds(9)), "\r\nOK\r\n\r\n+CAOPEN: 0,0\r\n") == "OK +CAOPEN: 0,0")
        #expect(answer(.finalAndLine(line, limit: .seconds(9)), "\r\n+CAOPEN: 0,0\r\n\r\nOK\r\n") == "OK +CAOPEN: 0,0")
        #expect(answer(.finalAndLine(line, limit: .seconds(9)), "\r\nOK\r\n") == nil)
        #expect(answer(.finalThenLine(line, limit: .seconds(9)), "\r\n+CAOPEN: 0,0\r\n\r\nOK\r\n") == nil)
        #expect(answer(.bareLine, "\r\n+CREG: 1\r\n\r\n10.0.0.1\r\n") == "OK 10.0.0.1")
        #expect(answer(.dataMode, "\r\nOK\r\n\r\nCONNECT 115200\r\n") == "CONNECT 115200 -")
        #expect(answer(.dataMode, "\r\nNO CARRIER\r\n") == "NO CARRIER -")
    }

    @Test func anOKBehindABareLineDoesNotAnswerTheNextCommand() {
        var run = EngineRun()
        let first = run.submit(Exchange(CommandText("AT+QILOCIP"), completion: .bareLine))
        let second = run.submit(Self.attention)
        run.receive("\r\n10.0.0.1\r\n")
        run.receive("\r\nOK\r\n")
        #expect(run.answer(first) == "10.0.0.1|OK")
        #expect(run.answer(second) == nil)
        #expect(run.takeWritten() == ["AT+QILOCIP\r", "AT\r"])
    }

    @Test func othersRunWhileALineIsAwaited() {
        var run = EngineRun()
        let open = run.submit(Self.open)
        let signal = run.submit(Self.signal)
        run.receive("\r\nOK\r\n")
        run.receive("\r\n+CSQ: 1,2\r\n\r\n+QIOPEN: 1,0\r\n\r\n+QIOPEN: 0,566\r\n\r\nOK\r\n")
        #expect(run.answer(signal) == "+CSQ: 1,2|OK")
        guard case .success(let answer) = run.result(of: open) else { return #expect(Bool(false)) }
        #expect(answer.completingLine?.text == "+QIOPEN: 0,566")
        #expect(run.published.map(\.text) == ["+QIOPEN: 1,0"])
    }

    @Test func aLineThatIsAwaitedInVainTimesOutAndTaintsNothing() {
        var run = EngineRun()
        let open = run.submit(Self.open)
        run.receive("\r\nOK\r\n")
        run.pass(.seconds(149))
        #expect(run.answer(open) == nil)
        run.pass(.seconds(1))
        #expect(run.result(of: open) == .failure(.timedOut(command: "AT+QIOPEN=1,0")))
        #expect(run.takeWritten() == ["AT+QIOPEN=1,0\r"])
        let next = run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        #expect(run.answer(next) == "OK")
    }

    @Test(arguments: [
        ("+CREG: 0,1", true), ("+CREG: 2,1,\"00F1\",\"0A\",7", true), ("+CREG: 1", false),
        ("+CREG: 1,\"00F1\",\"0A\",7", false), ("+CREG: 5,00F1,0123ABCD,7", false), ("+CREG:2, 5", true),
    ]) func registrationReportsAreToldApartByForm(line: String, isSolicited: Bool) {
        var run = EngineRun()
        let id = run.submit(Exchange(CommandText("AT+CREG?"), responsePrefixes: ["+CREG:"]))
        run.receive("\r\n\(line)\r\n\r\nOK\r\n")
        #expect(run.answer(id) == (isSolicited ? "\(line)|OK" : "OK"))
        #expect(run.published.count == (isSolicited ? 0 : 1))
    }

    @Test func callResultsEndCallsAloneAndAreUnsolicitedElsewhere() {
        var run = EngineRun()
        let signal = run.submit(Self.signal)
        run.receive("\r\nNO CARRIER\r\n\r\nCONNECT\r\n\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.answer(signal) == "+CSQ: 1,2|OK")
        #expect(run.published.map(\.text) == ["NO CARRIER"])
        let dial = run.submit(Exchange(CommandText("ATD*99#"), completion: .dataMode))
        run.receive("\r\nBUSY\r\n")
        #expect(run.answer(dial) == "BUSY")
    }

    @Test func bareAnswersLeaveOutWhatIsKnownAsUnsolicited() {
        var run = EngineRun()
        run.engine.adopt(introducers: [], unsolicitedPrefixes: ["#XYZ: "])
        let id = run.submit(Exchange(CommandText("AT+CGMI"), answersBareLines: true))
        run.receive("\r\nQuectel\r\n\r\n+QIURC: \"closed\",0\r\n\r\n#XYZ:1\r\n\r\nEC25\r\n\r\nOK\r\n")
        #expect(run.answer(id) == "Quectel|EC25|OK")
        #expect(run.published.count == 2)
    }

    @Test func aGapIsKeptBetweenCommandsButNotWithinAStream() {
        var profile = LineProfile()
        profile.gap = .milliseconds(20)
        var run = EngineRun(profile: profile)
        run.submit(Self.attention)
        run.submit(Self.signal)
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT\r"])
        run.pass(.milliseconds(19))
        #expect(run.takeWritten().isEmpty)
        run.pass(.milliseconds(1))
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        var streaming = Self.attention
        streaming.isStreaming = true
        run.submit(streaming)
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT\r"])
    }

    @Test func aSleepingModemIsWokenBeforeTheFirstCommandAfterAPause() {
        var profile = LineProfile()
        profile.sleepsAfter = .seconds(5)
        var run = EngineRun(profile: profile)
        run.submit(Self.attention)
        run.receive("\r\nOK\r\n")
        run.pass(.seconds(6))
        #expect(run.takeWritten() == ["AT\r"])
        let id = run.submit(Self.signal)
        #expect(run.takeWritten() == ["AT\r"])
        run.receive("\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.answer(id) == "+CSQ: 1,2|OK")
        // And when the first AT is lost, a late OK for it cannot answer the command.
        run.pass(.seconds(6))
        let late = run.submit(Self.signal)
        run.pass(.milliseconds(1_500))
        #expect(run.takeWritten() == ["AT\r", "AT+CMEE?\r"])
        run.receive("\r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n")
        #expect(run.takeWritten() == ["AT+CSQ\r"])
        #expect(run.answer(late) == nil)
    }

    @Test func aTimeoutOfTheConfigurationReplacesTheCommands() {
        var profile = LineProfile()
        profile.timeouts = ["AT+C": .seconds(1), "AT+CSQ": .seconds(30)]
        var run = EngineRun(profile: profile)
        let id = run.submit(Self.signal)
        run.pass(.seconds(29))
        #expect(run.answer(id) == nil)
        run.pass(.seconds(1))
        #expect(run.result(of: id) == .failure(.timedOut(command: "AT+CSQ")))
    }

    @Test func theQueueIsBounded() {
        var profile = LineProfile()
        profile.queueLimit = 2
        var run = EngineRun(profile: profile)
        run.submit(Self.attention)
        let last = run.submit(Self.attention)
        #expect(run.answer(last) == nil)
        run.submit(Self.attention)
        let refused = run.submit(Self.attention)
        #expect(run.result(of: refused) == .failure(.queueFull))
    }

    @Test func anAnswerOfTheLimitIsAnAnswerAndOneLineMoreIsBabble() {
        var profile = LineProfile()
        profile.answerLineLimit = 3
        for count in [3, 4] {
            var run = EngineRun(profile: profile)
            let id = run.submit(Self.signal)
            run.receive(String(repeating: "\r\n+CSQ: 1,1\r\n", count: count) + "\r\nOK\r\n")
            if count == 3 {
                #expect(run.answer(id)?.hasSuffix("|OK") == true)
            } else {
                guard case .failure(.babbling) = run.result(of: id) else { return #expect(Bool(false)) }
            }
        }
    }

    @Test func numericResultCodesCountOnceTheLineWasFoundToHaveThem() {
        var run = EngineRun()
        run.handle(.synchronise(limit: .seconds(15)))
        let question = run.written.last ?? ""
        let answer = ProbeAnswers.answer(to: question).filter { $0 != "\r\n" }
        #expect(answer.hasSuffix("OK") && answer.utf8.count == 5 * 3 + 2)
        run.receive(question + stride(from: 0, to: 15, by: 3).map { answer.dropFirst($0).prefix(3) + "\r\n" }.joined())
        run.receive("0\r")
        #expect(run.synchronised == [.success(StartUpReport(echoes: true, isNumeric: true))])
        let signal = run.submit(Self.signal)
        run.receive("+CSQ: 1,2\r\n0\r")
        #expect(run.answer(signal) == "+CSQ: 1,2|OK")
        let dial = run.submit(Exchange(CommandText("ATD*99#"), completion: .dataMode))
        run.receive("1\r~\n")
        #expect(run.answer(dial) == "CONNECT")
        #expect(run.data == Array("~\n".utf8))
    }

    @Test func aLostPortEndsEverything() {
        var run = EngineRun()
        let ids = [run.submit(Self.open), run.submit(Self.signal), run.submit(Self.attention)]
        run.receive("\r\nOK\r\n")
        run.handle(.prove)
        run.handle(.lost(.portGone("end of file")))
        for id in ids { #expect(run.result(of: id) == .failure(.portGone("end of file"))) }
        #expect(run.proven == [.portGone("end of file")])
        let late = run.submit(Self.attention)
        #expect(run.result(of: late) == .failure(.portGone("end of file")))
        run.receive("\r\nOK\r\n")
        #expect(run.engine.deadline == nil)
    }
}
