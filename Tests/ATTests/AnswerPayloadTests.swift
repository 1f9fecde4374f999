import AT
import NIOCore
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct AnswerPayloadTests {
    static let counted = Exchange(
        CommandText("AT^SISR=3,1500"), responsePrefixes: ["^SISR: 3,"],
        answerPayload: .announced(prefix: "^SISR: 3,", parameter: 1))

    static func ended(_ octets: Int, trailer: String = "--EOF--") -> Exchange {
        Exchange(
            CommandText("AT+KTCPRCV=1,4"),
            answerPayload: .behind(line: "CONNECT", octets: octets, trailer: Array(trailer.utf8)))
    }

    /// Octets that look like everything else on the line, and not like the trailer's end.
    static let tricky = "\r\nOK\r\n^SISR: 3,1\r\nCONNECT\r\n\0\u{1A}--EOF--\r\n0\r\n> +CME ERROR: 3\r\n--EOF-"

    /// The run of one exchange over what the modem says, in pieces of the given sizes and the rest whole.
    private func run(_ exchange: Exchange, _ text: String, cutting cuts: [Int] = [], profile: LineProfile = .standard)
        -> (run: EngineRun, id: ATEngine.ID)
    {
        var run = EngineRun(profile: profile)
        let id = run.submit(exchange)
        var rest = Array(text.utf8)[...]
        for size in cuts + [rest.count] where !rest.isEmpty {
            run.handle(.received(ByteBuffer(bytes: rest.prefix(size))))
            rest = rest.dropFirst(size)
        }
        return (run, id)
    }

    private func answer(_ run: (run: EngineRun, id: ATEngine.ID)) -> Exchange.Answer? {
        try? run.run.result(of: run.id)?.get()
    }

    private func line(_ text: String, _ payload: String? = nil) -> ATLine {
        ATLine(text, payload: payload.map { ByteBuffer(string: $0) })
    }

    @Test(arguments: ["abcd", "\r", "\n", "\r\n", tricky])
    func octetsAreOpaqueInEverySplit(_ payload: String) {
        let count = payload.utf8.count
        let dialogues = [
            (
                Self.counted, "^SISR: 3,\(count)",
                "AT^SISR=3,1500\r\r\n^SISR: 3,\(count)\r\n\(payload)\r\n\r\nOK\r\n\r\n^SISR: 3,1\r\n"
            ),
            (
                Self.ended(count), "CONNECT",
                "AT+KTCPRCV=1,4\r\r\nCONNECT\r\n\(payload)--EOF--\r\nOK\r\n\r\n^SISR: 3,1\r\n"
            ),
            (
                Self.ended(count, trailer: ""), "CONNECT",
                "AT+KTCPRCV=1,4\r\r\nCONNECT\r\n\(payload)\r\nOK\r\n\r\n^SISR: 3,1\r\n"
            ),
        ]
        for (exchange, header, text) in dialogues {
            let octets = text.utf8.count
            var cuttings = (0...octets).map { [$0] } + [Array(repeating: 1, count: octets)]
            for seed in UInt64(0)..<100 {
                var random = SeededGenerator(seed: seed)
                cuttings.append((0..<12).map { _ in Int.random(in: 0...12, using: &random) })
            }
            for cuts in cuttings {
                let seen = run(exchange, text, cutting: cuts)
                #expect(answer(seen) == Exchange.Answer(lines: [line(header, payload)]), "\(header) cut \(cuts)")
                #expect(seen.run.published == [line("^SISR: 3,1")], "\(header) cut \(cuts)")
            }
        }
    }

    @Test func theSameFormIsALineWhileNoSuchExchangeRuns() {
        var run = EngineRun()
        run.receive("\r\n^SISR: 3,1\r\n")
        let other = run.submit(ATEngineTests.signal)
        run.receive("\r\n^SISR: 3,4\r\n\r\nCONNECT\r\n\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(run.answer(other) == "+CSQ: 1,2|OK")
        let read = run.submit(Self.counted)
        run.receive("\r\n^SISR: 3,1\r\nx\r\n\r\nOK\r\n\r\n^SISR: 3,4\r\nabcd\r\n")
        #expect(run.answer(read) == "^SISR: 3,1|OK")
        #expect(run.published.map(\.text) == ["^SISR: 3,1", "^SISR: 3,4", "^SISR: 3,4", "abcd"])
    }

    /// The unsolicited line crosses the read, in front of its answer and behind.
    @Test(arguments: ["^SISR: 3,1", "^SISR: 3,2", "^SISR: 4,1", "^SISR: 3,1500"], ["\r\n", ""])
    func theUnsolicitedLineOfTheSameFormIsPublished(_ unsolicited: String, _ lead: String) {
        let text = "\(lead)\(unsolicited)\r\n\(lead)^SISR: 3,4\r\nabcd\r\n\(lead)\(unsolicited)\r\n\r\nOK\r\n"
        guard !unsolicited.hasSuffix("1500") else {
            // More than ever comes is waited for; the timeout ends it, and what follows is in step.
            var seen = run(Self.counted, text)
            seen.run.pass(.seconds(10))
            #expect(seen.run.answer(seen.id) == "\(ATError.timedOut(command: "AT^SISR=3,1500"))")
            return
        }
        for cuts in [[], Array(repeating: 1, count: text.utf8.count)] {
            let seen = run(Self.counted, text, cutting: cuts)
            #expect(answer(seen) == Exchange.Answer(lines: [line("^SISR: 3,4", "abcd")]))
            #expect(seen.run.published == [line(unsolicited), line(unsolicited)])
        }
    }

    @Test(arguments: [
        "^SISR: 3,0", "^SISR: 3,-2", "^SISR: 3,", "^SISR: 3,x", "^SISR: 3,99999999999999999999999",
    ])
    func noCountAboveZeroIsAnOrdinaryLine(_ text: String) {
        let seen = run(Self.counted, "\r\n\(text)\r\n\r\nOK\r\n")
        #expect(answer(seen) == Exchange.Answer(lines: [line(text)]))
    }

    @Test func theTrailerInFrontOfTheFinalOKEndsFewerOctets() {
        for payload in ["", "a", "--EOF--", "ab--EOF--\r\nO", "abc"] {
            let text = "\r\nCONNECT\r\n\(payload)--EOF--\r\nOK\r\n"
            for cut in 0...text.utf8.count {
                let seen = run(Self.ended(1_500), text, cutting: [cut])
                #expect(answer(seen) == Exchange.Answer(lines: [line("CONNECT", payload)]), "\(payload) cut \(cut)")
            }
        }
    }

    @Test func withoutItsTrailerItIsBabbleAndTheLineComesInStepAgain() {
        var seen = run(Self.ended(4), "\r\nCONNECT\r\nabcdefghijklmnop\r\nOK\r\n")
        #expect(seen.run.answer(seen.id) == "\(ATError.babbling("other octets than the trailer behind 4"))")
        let next = seen.run.submit(ATEngineTests.signal)
        seen.run.pass(.seconds(1))
        seen.run.answerLast()
        #expect(seen.run.takeWritten().last == "AT+CSQ\r")
        seen.run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
        #expect(seen.run.answer(next) == "+CSQ: 1,2|OK")
    }

    @Test func whatNeverComesEndsWithTheTimeoutAndSwallowsNoLaterAnswer() {
        for (exchange, text) in [
            (Self.counted, "\r\n^SISR: 3,100\r\nab"), (Self.ended(100), "\r\nCONNECT\r\nab"),
            (Self.ended(100, trailer: ""), "\r\nCONNECT\r\nab\r\nOK\r\n"),
        ] {
            var seen = run(exchange, text)
            let next = seen.run.submit(ATEngineTests.signal)
            seen.run.pass(.seconds(6))
            #expect(seen.run.answer(seen.id) == "\(ATError.timedOut(command: exchange.text.wire))")
            seen.run.answerLast()
            seen.run.receive("\r\n^SISR: 3,4\r\n\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
            #expect(seen.run.answer(next) == "+CSQ: 1,2|OK")
            #expect(seen.run.published.map(\.text).last == "^SISR: 3,4")
        }
    }

    @Test func aPayloadOfTheLimitIsTakenAndOneMoreIsBabble() {
        var profile = LineProfile()
        profile.payloadLimit = 4
        for (exchange, text) in [
            (Self.counted, "\r\n^SISR: 3,4\r\nabcd\r\n\r\nOK\r\n"),
            (Self.ended(4), "\r\nCONNECT\r\nabcd--EOF--\r\nOK\r\n"),
        ] {
            #expect(answer(run(exchange, text, profile: profile))?.lines.first?.payload == ByteBuffer(string: "abcd"))
        }
        for (exchange, text) in [
            (Self.counted, "\r\n^SISR: 3,5\r\nabcde\r\n\r\nOK\r\n"),
            (Self.ended(5), "\r\nCONNECT\r\nabcde--EOF--\r\nOK\r\n"),
            (Self.ended(.max), "\r\nCONNECT\r\n"),
            (Self.ended(1, trailer: String(repeating: "-", count: 65)), "\r\nCONNECT\r\n"),
        ] {
            let seen = run(exchange, text, profile: profile)
            #expect(seen.run.answer(seen.id) == "\(ATError.babbling("an announcement of more than 4 octets"))")
        }
    }

    @Test func aNegativeNumberLeavesTheLineALine() {
        #expect(answer(run(Self.ended(-1), "\r\nCONNECT\r\n\r\nOK\r\n")) == Exchange.Answer())
    }

    @Test func takenBackWhatIsUnfinishedIsLinesAgain() {
        var framer = LineFramer()
        framer.answerPayload = Self.counted.answerPayload
        framer.append(ByteBuffer(string: "\r\n^SISR: 3,40\r\nRING\r\n"))
        #expect(framer.next() == nil)
        framer.answerPayload = nil
        #expect(framer.next() == .line(line("^SISR: 3,40")))
        #expect(framer.next() == .line(line("RING")))
    }
}
