import AT
import NIOCore
import Support
import Testing

/// What an earlier run asked is answered in this one, and passes for nothing.
@Suite(.timeLimit(.minutes(5))) struct StartUpStaleTests {
    /// A modem that answers one line after the other, and is busy at first.
    private struct SlowModem {
        var free: NIODeadline
        /// Between two answers.
        var pace: TimeAmount
        var registers = true
        var pending: [String] = []
        var answered: [String] = []

        /// The answer that is due, if any.
        mutating func next(_ now: NIODeadline) -> String? {
            guard now >= free, !pending.isEmpty else { return nil }
            let line = pending.removeFirst()
            free = now + pace
            answered.append(line)
            if line.hasPrefix("\r\n") { return line }
            return line.hasPrefix("ATS") && !registers ? "\r\nERROR\r\n" : ProbeAnswers.answer(to: line)
        }

        /// What the host wrote, as command lines.
        mutating func take(_ written: [String]) {
            pending += written.flatMap { $0.split(separator: "\r").map(String.init) }.filter { $0.hasPrefix("AT") }
        }
    }

    static let late = "\r\n+CGDCONT: 1,\"IP\",\"internet\"\r\n\r\nOK\r\n"
    static let signal = Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"])

    /// Runs the start-up against the modem until it ends, in steps of time, and each answer cut at random.
    private func startUp(
        _ run: inout EngineRun, _ modem: inout SlowModem, _ random: inout SeededGenerator
    ) {
        run.handle(.synchronise(limit: .seconds(15)))
        modem.take(run.takeWritten())
        for _ in 0..<3_000 where run.synchronised.isEmpty {
            if let answer = modem.next(run.now) {
                let cut = Int.random(in: 0...answer.utf8.count, using: &random)
                run.receive(String(decoding: answer.utf8.prefix(cut), as: UTF8.self))
                modem.take(run.takeWritten())
                run.receive(String(decoding: answer.utf8.dropFirst(cut), as: UTF8.self))
            } else {
                run.pass(.milliseconds(5))
            }
            modem.take(run.takeWritten())
        }
    }

    /// The questions of an engine that was answered nothing.
    private func questions(seed: UInt64) -> [String] {
        var run = EngineRun(seed: seed)
        run.handle(.synchronise(limit: .seconds(15)))
        run.pass(.seconds(9))
        return run.written.compactMap { $0.filter { $0 != "\r" } }.filter { $0.hasPrefix("AT") }
    }

    /// All that an earlier run may have left is answered in front, whenever: when the start-up says that the line is in step,
    /// nothing is owed.
    @Test(arguments: [true, false]) func lateAnswersOfAnEarlierRunPassForNothing(registers: Bool) {
        let probes = [["AT+CMEE?", "AT+CMEE=?", "ATS3?", "AT"], questions(seed: 4_711)]
        for seed in UInt64(0)..<80 {
            var random = SeededGenerator(seed: seed)
            var run = EngineRun(seed: random.next())
            let pace = Int64.random(in: 0..<(seed % 2 == 0 ? 700 : 200), using: &random)
            var modem = SlowModem(free: run.now, pace: .milliseconds(pace))
            modem.registers = registers
            modem.free = run.now + .milliseconds(Int64.random(in: 0..<9_000, using: &random) * Int64(seed % 2))
            if seed % 3 != 0 { modem.pending.append(Self.late) }
            modem.pending += probes[Int(seed % 4) / 2].prefix(Int.random(in: 0...4, using: &random))
            startUp(&run, &modem, &random)
            guard case .success(let report)? = run.synchronised.first else {
                Issue.record("\(run.synchronised), seed \(seed), \(pace) ms, \(modem.pending) behind \(modem.answered)")
                continue
            }
            #expect(modem.pending.isEmpty, "seed \(seed)")
            #expect(!report.findings.contains(.dataMode) && !report.findings.contains(.halfTypedLine), "seed \(seed)")
            let id = run.submit(Self.signal)
            run.receive("\r\n+CSQ: 1,2\r\n\r\nOK\r\n")
            #expect(run.answer(id) == "+CSQ: 1,2|OK", "seed \(seed)")
        }
    }

    @Test func oneLateAnswerToTheSameProbeIsNoProof() {
        var run = EngineRun(seed: 1)
        run.handle(.synchronise(limit: .seconds(15)))
        let question = run.takeWritten()
        for stale in questions(seed: 2).prefix(4) where stale + "\r" != question[0] {
            run.receive(ProbeAnswers.answer(to: stale))
            #expect(run.synchronised.isEmpty && run.written.isEmpty)
        }
        run.receive(ProbeAnswers.answer(to: question[0]))
        // Something was late: one more is asked.
        #expect(run.synchronised.isEmpty && run.written.count == 1)
        run.answerLast()
        #expect(run.synchronised.count == 1)
        #expect(run.published.isEmpty)
    }

    @Test func whatAnEarlierStartUpOfTheSamePortAskedIsNoProof() {
        var run = EngineRun(seed: 3)
        run.handle(.synchronise(limit: .seconds(3)))
        run.pass(.seconds(3))
        let earlier = run.takeWritten().filter { $0.contains("ATS") }
        run.handle(.synchronise(limit: .seconds(3)))
        #expect(!earlier.contains(run.written.last ?? ""))
        for question in earlier { run.receive(ProbeAnswers.answer(to: question)) }
        #expect(run.synchronised == [.failure(.silent)])
    }

    @Test func aModemWithoutRegistersIsAskedTwiceWithASilenceBetween() {
        var run = EngineRun()
        run.handle(.synchronise(limit: .seconds(15)))
        run.receive("\r\nERROR\r\n")
        run.receive("\r\nERROR\r\n")
        #expect(run.takeWritten().last == "AT+CMEE?\r")
        run.receive(ProbeAnswers.answer(to: "AT+CMEE?"))
        #expect(run.written.isEmpty)
        run.pass(.milliseconds(300))
        #expect(run.written == ["AT+CMEE=?\r"])
        run.answerLast()
        #expect(run.synchronised.count == 1)
    }

    @Test func aModemThatOnlyKnowsATIsFound() {
        var run = EngineRun()
        run.handle(.synchronise(limit: .seconds(15)))
        for _ in 0..<400 where run.synchronised.isEmpty {
            for command in run.takeWritten() { run.receive(command == "AT\r" ? "\r\nOK\r\n" : "\r\nERROR\r\n") }
            if run.written.isEmpty { run.pass(.milliseconds(10)) }
        }
        guard case .success(let report)? = run.synchronised.first else { return #expect(Bool(false)) }
        #expect(report.commands == 6)
    }

    /// `013` in another form, and registers that somebody changed.
    @Test(arguments: ["\r\nS: 13\r\n\r\nOK\r\n", "\r\nOK\r\n", "013\r\n010\r\n127\r\n013\r\n127\r\n\r\nOK\r\n"])
    func registersThatAreNotUnderstoodAreDoneWithout(answer: String) {
        var run = EngineRun()
        run.handle(.synchronise(limit: .seconds(15)))
        let begun = run.now
        for _ in 0..<400 where run.synchronised.isEmpty {
            for command in run.takeWritten() {
                run.receive(command.contains("ATS") ? answer : ProbeAnswers.answer(to: command))
            }
            if run.written.isEmpty { run.pass(.milliseconds(10)) }
        }
        guard case .success? = run.synchronised.first else { return #expect(Bool(false)) }
        #expect(run.now - begun < .seconds(5))
    }

    @Test func suppressedResultCodesAreTurnedOn() {
        var run = EngineRun()
        run.handle(.synchronise(limit: .seconds(15)))
        let answer = ProbeAnswers.answer(to: run.takeWritten()[0])
        run.receive(String(answer.dropLast(4)))
        run.pass(.milliseconds(500))
        #expect(run.takeWritten() == ["ATQ0V1\r"])
        run.receive("\r\nOK\r\n")
        run.pass(.milliseconds(300))
        run.answerLast()
        guard case .success(let report)? = run.synchronised.first else { return #expect(Bool(false)) }
        #expect(report.findings == [.suppressedResultCodes])
    }

    /// Within one run, too, a probe that was asked in vain is not asked again.
    @Test func aProbeThatWasAskedInVainIsNoProofOfDataModeLeft() {
        var run = EngineRun()
        run.submit(ATEngineDataModeTests.dial)
        run.receive("\r\nCONNECT\r\n")
        run.handle(.markLeft)
        run.pass(.milliseconds(500 + 3 * 1_500 + 1_100))
        #expect(run.takeWritten().last == "+++")
        run.pass(.milliseconds(1_000))
        run.receive("\r\nOK\r\n")
        let question = run.takeWritten()
        #expect(question.count == 1 && question[0].hasPrefix("ATS"))
        for late in ["AT+CMEE?", "AT+CMEE=?", "ATS3?"] { run.receive(ProbeAnswers.answer(to: late)) }
        #expect(run.left.isEmpty)
        run.receive(ProbeAnswers.answer(to: question[0]))
        #expect(run.left == [nil])
    }
}
