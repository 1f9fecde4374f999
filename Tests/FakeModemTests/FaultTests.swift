import NIOCore
import Support
import Testing

@testable import FakeModem

@Suite struct FaultTests {
    private func bench(_ script: String, _ change: (inout FakeModemOptions) -> Void = { _ in }) throws -> Bench {
        let faults = try FaultScript(parsing: script)
        return Bench {
            $0.faults = faults
            change(&$0)
        }
    }

    @Test func aScriptIsReadLineByLine() throws {
        let script = try FaultScript(
            parsing: """
                # comment

                at octet 5000 up: reset
                at line octet 20 down: unplug\r
                at command AT+QIOPEN=1,0,"TCP","::1",2 #2: late 3s
                  at command at+qisend: no-prompt
                at step bearer-opened #3: silence 500ms
                at time 2m: urc +QIND: "csq",1,99
                at time 0ms: error
                at time 1s: error 14
                at time 1s: babble 10
                at time 1s: stall
                """)
        #expect(
            script.faults == [
                Fault(at: .octet(5_000, .up), .reset), Fault(at: .lineOctet(20, .down), .unplug),
                Fault(at: .command("AT+QIOPEN=1,0,\"TCP\",\"::1\",2", nth: 2), .late(.seconds(3))),
                Fault(at: .command("at+qisend", nth: 1), .noPrompt),
                Fault(at: .step(.bearerOpened, nth: 3), .silence(.milliseconds(500))),
                Fault(at: .time(.minutes(2)), .urc("+QIND: \"csq\",1,99")), Fault(at: .time(.zero), .error(cme: nil)),
                Fault(at: .time(.seconds(1)), .error(cme: 14)), Fault(at: .time(.seconds(1)), .babble(10)),
                Fault(at: .time(.seconds(1)), .stall(nil)),
            ])
    }

    @Test(arguments: [
        "octet 5 up: reset", "at octet 5 up reset", "at octet x up: reset", "at octet 5 sideways: reset",
        "at octet 0 up: reset",
        "at step nowhere: reset", "at step prompt 2: reset", "at time 5: reset", "at time 5s:", "at time 5s: ",
        "at : reset",
        "at time 5s: explode", "at time 5s: late", "at time 5s: late soon", "at time 5s: error x", "at time 5s: urc",
        "at command: reset", "at time 5s: reset 3", "at time 5s: urc a\u{1}b", "at time 99999999999999999999s: reset",
        "at octet 99999999999999999999 up: reset",
    ])
    func whatIsNoFaultIsAnErrorWithItsLine(_ line: String) throws {
        let error = #expect(throws: FakeModemError.self) { try FaultScript(parsing: "# one\n\n\(line)\n") }
        guard case .badFault(let number, _) = try #require(error) else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(number == 3)
    }

    @Test func theParserIsTotal() {
        var random = SeededGenerator(seed: 3)
        let words = [
            "at", " ", ":", ": ", "octet", "5", "up", "#", "#2", "command", "AT+", "step", "prompt", "time", "3s",
            "urc", "\n", "\u{e9}",
        ]
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...9, using: &random)).compactMap { _ in words.randomElement(using: &random)
            }
            _ = try? FaultScript(parsing: text.joined(separator: Bool.random(using: &random) ? " " : ""))
        }
    }

    @Test func aCommandIsAnsweredLateOrRefusedAtItsNthTimeAlone() throws {
        var bench = try bench("at command AT+CSQ #2: late 3s\nat command AT+CIMI: error 14\nat command AT+CGMM: error")
        _ = bench.ask("ATE0+CMEE=1")
        #expect(bench.ask("AT+CSQ").contains("OK"))
        #expect(bench.ask("AT+CSQ", for: .milliseconds(2_900)) == "")
        bench.pass(.milliseconds(200))
        #expect(bench.take().contains("OK"))
        #expect(bench.ask("AT+CSQ").contains("OK"))
        #expect(bench.ask("AT+CIMI") == "\r\n+CME ERROR: 14\r\n")
        #expect(bench.ask("AT+CIMI").contains("OK"))
        #expect(bench.ask("AT+CGMM") == "\r\nERROR\r\n")
    }

    @Test func promptsFailInEachWay() throws {
        var bench = try bench(
            """
            at command AT+QISEND=0,1: error
            at command AT+QISEND=0,2: no-prompt
            at command AT+QISEND=0,3: prompt-then-error
            at command AT+QISEND=0,4: send-fail
            at command AT+QISEND=0,5: late 2s
            """)
        let key = bench.connect()
        #expect(bench.ask("AT+QISEND=0,1") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QISEND=0,2", for: .seconds(4)) == "")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\nERROR\r\n")
        for (count, answer) in [(3, "\r\nERROR\r\n"), (4, "\r\nSEND FAIL\r\n")] {
            #expect(bench.ask("AT+QISEND=0,\(count)") == "\r\n> ")
            bench.type(String(repeating: "x", count: count))
            bench.pass(.milliseconds(10))
            #expect(bench.take() == answer)
        }
        #expect(bench.sent[key] == nil)
        #expect(bench.ask("AT+QISEND=0,5", for: .seconds(1)) == "")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\n> ")
    }

    @Test func silenceTakesEverythingAndAnswersNothing() throws {
        var bench = try bench("at command AT+CSQ: silence 5s")
        #expect(bench.ask("AT+CSQ", for: .seconds(4)).hasPrefix("AT+CSQ\r"))
        #expect(bench.ask("AT", for: .milliseconds(500)) == "")
        bench.pass(.seconds(1))
        #expect(bench.ask("AT").hasSuffix("OK\r\n"))
        bench.feed(.inflict(.silence(nil)))
        #expect(bench.ask("AT", for: .minutes(10)) == "")
    }

    @Test func aModemThatStopsReadingFillsItsBufferAndGoesOnLater() throws {
        var bench = try bench("at time 1s: stop-reading 5s")
        bench.pass(.seconds(1))
        bench.type(String(repeating: "A", count: 8_000))
        #expect(bench.machine.lineRoom == SerialLine.inputLimit - 8_000)
        bench.pass(.seconds(4))
        #expect(bench.take() == "")
        bench.pass(.seconds(2))
        #expect(bench.take().count == 8_000)
        #expect(bench.machine.lineRoom == SerialLine.inputLimit)
    }

    @Test func aRebootEndsEverythingAndTellsItself() throws {
        var bench = try bench("at octet 3 up: reboot")
        let key = bench.connect()
        _ = bench.ask("AT+QISEND=0,6")
        bench.type("abcdef")
        bench.pass(.milliseconds(500))
        #expect(bench.sent[key] == Array("abc".utf8))
        #expect(bench.aborted == [key])
        #expect(bench.machine.ledger.balance.open == [.port: 1])
        #expect(bench.ask("AT", for: .milliseconds(200)) == "")
        bench.pass(.seconds(2))
        #expect(bench.take().contains("\r\nRDY\r\n"))
        #expect(bench.ask("ATE0").hasPrefix("ATE0\r\r\nOK"))
        #expect(bench.ask("AT+QIACT?") == "\r\nOK\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,1\r\n\r\nOK\r\n")
    }

    @Test func aRebootInDataModeLetsPayloadLandInTheCommandParser() throws {
        var bench = try bench("")
        bench.connect(mode: 2)
        bench.feed(.inflict(.reboot))
        bench.pass(.seconds(2))
        _ = bench.take()
        bench.type("payload\rAT\r")
        bench.pass(.milliseconds(50))
        #expect(bench.take().contains("payload\r"))
    }

    @Test func theLineBreaksAtTheVeryOctet() throws {
        var bench = try bench("at line octet 10 down: unplug")
        _ = bench.ask("ATI")
        #expect(bench.isUnplugged)
        var other = try self.bench("at line octet 10 down: unplug")
        other.type("ATI\r")
        var seen = 0
        for size in other.writes { seen += size }
        other.pass(.seconds(1))
        #expect(other.output.count == 10 && seen <= 10)
        #expect(other.isBalanced)
    }

    @Test func aLostCarrierEndsContextsAndIsTold() throws {
        var bench = try bench("at step sent: drop-carrier")
        bench.connect()
        _ = bench.ask("AT+CEREG=1")
        _ = bench.ask("AT+QISEND=0,2")
        bench.type("ab")
        bench.pass(.milliseconds(50))
        let text = bench.take()
        #expect(text.contains("\r\n+CEREG: 2\r\n") && text.contains("\r\n+QIURC: \"pdpdeact\",1\r\n"))
        #expect(text.contains("\r\nERROR\r\n"))
        #expect(bench.ask("AT+QIDEACT=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+QIACT=1") == "\r\nERROR\r\n")
    }

    @Test func aCutAtAnOctetLetsExactlyThatManyPass() throws {
        for effect in ["reset", "close", "stall"] {
            var bench = try bench("at octet 1000 up: \(effect)")
            let key = bench.connect()
            for _ in 0..<2 {
                _ = bench.ask("AT+QISEND=0,800")
                bench.type([UInt8](repeating: 5, count: 800))
                bench.pass(.milliseconds(50))
            }
            bench.pass(.seconds(5))
            #expect(bench.sent[key]?.count == 1_000, "\(effect)")
            #expect(bench.take().contains("\"closed\",0") == (effect != "stall"), "\(effect)")
        }
        var bench = try bench("at octet 5 down: stall 10s")
        let key = bench.connect()
        bench.feed(.received(key, ByteBuffer(string: "0123456789")))
        #expect(bench.ask("AT+QIRD=0,100").contains("\r\n01234\r\n"))
        bench.pass(.seconds(11))
        #expect(bench.ask("AT+QIRD=0,100").contains("\r\n56789\r\n"))
    }

    @Test func aBlackholeNeverAnswersAConnection() throws {
        var bench = try bench("at step bearer-opened: blackhole")
        bench.bringUp()
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465", for: .seconds(70)) == "\r\nOK\r\n")
        bench.pass(.seconds(10))
        #expect(bench.take() == "\r\n+QIOPEN: 0,566\r\n")
        #expect(bench.connections.isEmpty)
    }

    @Test func babbleHasNoLineEndAndIsBoundedByItsNumber() throws {
        var bench = try bench("at command AT+CSQ: babble 100000")
        _ = bench.ask("ATE0")
        _ = bench.take()
        bench.type("AT+CSQ\r")
        bench.pass(.seconds(1))
        let lineEnds = Array("\r\n+CSQ: 24,99\r\n\r\nOK\r\n".utf8)
        #expect(bench.output.count == 100_000 + lineEnds.count)
        #expect(bench.output.filter { $0 == 10 }.count == 4)
    }

    @Test func aBabbleOfAnySizeIsHeldBackWhileTheHostDoesNotRead() throws {
        var bench = try bench("")
        bench.feed(.writable(false))
        bench.feed(.inflict(.babble(10_000_000)))
        bench.pass(.seconds(10))
        #expect(bench.output.isEmpty)
        #expect(bench.machine.serial.output.readableBytes <= 2_048)
        bench.feed(.writable(true))
        #expect(bench.output.count <= 64 * 1_024)
    }

    @Test func halfALineAndWholeLinesCanBeForced() throws {
        var bench = try bench("at time 1s: half-urc\nat time 2s: urc RING")
        bench.pass(.milliseconds(1_500))
        #expect(bench.take() == "\r\n+QIURC: \"re")
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\nRING\r\n")
    }

    @Test func aPulledCardEndsRegistration() throws {
        var bench = try bench("at step connected: remove-sim")
        bench.bringUp()
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465").contains("+CPIN: NOT INSERTED"))
        _ = bench.ask("AT+CMEE=1")
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 10\r\n")
        #expect(bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,0\r\n\r\nOK\r\n")
    }

    @Test func aLongCommandHasNoOctetsForItsWholeTime() throws {
        var bench = try bench("at command AT+QIACT: late 2m")
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+QIACT=1", for: .seconds(119)) == "")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\nOK\r\n")
    }

    @Test func anyScriptLeavesAMachineThatGoesOn() throws {
        let effects: [Fault.Effect] = [
            .silence(.seconds(1)), .stopReading(.seconds(1)), .reboot, .dropDTR, .late(.seconds(1)), .error(cme: 3),
            .noPrompt,
            .promptThenError, .sendFail, .dropCarrier, .deactivate, .terminatePPP, .hangUp, .babble(100), .halfURC,
            .urc("X"), .reset, .close,
            .stall(.seconds(1)), .blackhole,
        ]
        for seed in UInt64(1)...60 {
            var random = SeededGenerator(seed: seed)
            var bench = Bench {
                $0.seed = seed
                $0.chatter = 20
                $0.partialWrites = 20
                $0.fragmentation = .random
                $0.roundTrip = .milliseconds(50)
            }
            bench.far = .echo
            for _ in 0..<40 {
                if Int.random(in: 0..<4, using: &random) == 0, let effect = effects.randomElement(using: &random) {
                    bench.feed(.inflict(effect))
                }
                let text = [
                    "AT+QIACT=1\r",
                    "AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,\(Int.random(in: 0...2, using: &random))\r",
                    "AT+QISEND=0,10\r", "0123456789", "AT+QIRD=0,1500\r", "AT+QICLOSE=0\r", "AT+QIDEACT=1\r", "+++",
                    "\u{1B}",
                ].randomElement(using: &random)
                bench.type(text ?? "")
                bench.pass(.milliseconds(Int64.random(in: 0...1_500, using: &random)))
            }
            bench.feed(.inflict(.reboot))
            bench.pass(.seconds(5))
            _ = bench.take()
            bench.type("\r")
            #expect(bench.ask("AT", for: .seconds(1)).contains("OK"), "seed \(seed)")
            #expect(bench.machine.ledger.balance.open == [.port: 1], "seed \(seed)")
        }
    }
}
