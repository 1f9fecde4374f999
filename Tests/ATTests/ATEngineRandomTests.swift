import AT
import NIOCore
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct ATEngineRandomTests {
    static let words = [
        "\r\nOK\r\n", "\r\nERROR\r\n", "\r\n> ", "\r\n+CSQ: 1,2\r\n", "\r\nCONNECT\r\n", "\r\nNO CARRIER\r\n",
        "\r\nRDY\r\n",
        "\r\n+CMEE: 1\r\n", "\r\n+CMEE: (0-2)\r\n", "\r\n+QIOPEN: 0,0\r\n", "\r\nSEND OK\r\n", "\r\n+QIRD: 9\r\n123",
        "0\r", "\r\n^SISR: 3,1\r\n", "\r\n^SISR: 3,4\r\nabcd\r\n", "\r\nCONNECT\r\nabc--EOF--\r\n", "--EOF--",
        "AT+CSQ\r", "~~~", "\u{0}\u{1A}", "\r", "\n", "013\r\n", "\r\n@", "\r\n+CME ERROR: 14\r\n", "abcdefghij",
    ]

    static let exchanges = [
        ATEngineTests.signal, ATEngineTests.attention, ATEngineTests.send(), ATEngineTests.open,
        ATEngineDataModeTests.dial, Exchange(CommandText("AT+CGMI"), answersBareLines: true, isAbortable: true),
        Exchange(CommandText("AT+CIFSR"), completion: .bareLine), AnswerPayloadTests.counted,
        AnswerPayloadTests.ended(3),
        Exchange(
            CommandText("AT+CIFSR"), answerPayload: .announced(prefix: "+CSQ:", parameter: 1), completion: .bareLine),
        Exchange(
            CommandText("AT+X"), payload: .init(goAhead: .none, octets: ByteBuffer(string: "abc"), trailer: [0x1A]),
            completion: .finalAndLine(.exactly("DONE"), limit: .seconds(2))),
    ]

    /// Whatever comes, in whatever order: nothing traps, nothing hangs, and each exchange is finished exactly once.
    @Test func everyExchangeIsFinishedExactlyOnce() {
        for seed in UInt64(0)..<150 {
            var random = SeededGenerator(seed: seed)
            var run = EngineRun(isRecording: true)
            run.engine.adopt(introducers: [LineFramerTests.reader], unsolicitedPrefixes: ["+QIURC:"])
            var ids: [ATEngine.ID] = []
            for _ in 0..<120 {
                step(&run, &ids, &random)
            }
            run.handle(.lost(.portGone("end")))
            let finished = run.finished.map(\.0)
            #expect(finished.count == ids.count, "seed \(seed)")
            #expect(Set(finished) == Set(ids), "seed \(seed)")
            #expect(run.engine.deadline == nil, "seed \(seed)")
        }
    }

    /// Nothing but time ends everything, too: no exchange waits for ever.
    @Test func silenceFinishesEveryExchange() {
        for seed in UInt64(0)..<100 {
            var random = SeededGenerator(seed: seed)
            var run = EngineRun()
            var ids: [ATEngine.ID] = []
            for _ in 0..<60 { step(&run, &ids, &random) }
            run.pass(.minutes(60))
            #expect(Set(run.finished.map(\.0)) == Set(ids), "seed \(seed)")
        }
    }

    private func step(_ run: inout EngineRun, _ ids: inout [ATEngine.ID], _ random: inout SeededGenerator) {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: ids.append(run.submit(Self.exchanges.randomElement(using: &random) ?? ATEngineTests.signal))
        case 6..<13:
            let word = Self.words.randomElement(using: &random) ?? ""
            let cut = Int.random(in: 0...word.utf8.count, using: &random)
            run.receive(String(decoding: word.utf8.prefix(cut), as: UTF8.self))
            run.receive(String(decoding: word.utf8.dropFirst(cut), as: UTF8.self))
        case 13..<16: run.pass(.milliseconds(Int64.random(in: 0..<4_000, using: &random)))
        case 16: if let id = ids.randomElement(using: &random) { run.handle(.cancel(id)) }
        case 17: run.handle(.deadlinePassed)
        case 18:
            let wishes: [ATEngine.Event] = [.prove, .leave, .markLeft]
            run.handle(wishes.randomElement(using: &random) ?? .prove)
        default:
            if Int.random(in: 0..<4, using: &random) == 0 { run.handle(.synchronise(limit: .seconds(15))) }
        }
    }
}
