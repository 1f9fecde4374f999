import NIOCore
import Support
import Testing

@testable import FakeModem

@Suite struct ResultCodeTests {
    @Test func echoIsOnAtTheStartOctetByOctetAsReceived() {
        var bench = Bench()
        bench.type("at")
        #expect(bench.take() == "at")
        bench.type("i0\r")
        bench.pass(.milliseconds(50))
        #expect(bench.take().hasPrefix("i0\r\r\nQuectel\r\n"))
        #expect(bench.ask("ATE0") == "ATE0\r\r\nOK\r\n")
        #expect(bench.ask("AT") == "\r\nOK\r\n")
    }

    @Test func echoIsOnAgainAfterAReset() {
        var bench = Bench()
        #expect(bench.ask("ATE0;+CFUN=1,1") == "ATE0;+CFUN=1,1\r\r\nOK\r\n")
        bench.pass(.seconds(2))
        #expect(bench.take().hasPrefix("\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"))
        #expect(bench.ask("AT") == "AT\r\r\nOK\r\n")
    }

    @Test func onlyCarriageReturnEndsALine() {
        var bench = Bench()
        bench.type("ATE0\n")
        bench.pass(.seconds(1))
        #expect(bench.take() == "ATE0\n")
        bench.type("\r")
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\r\nOK\r\n")
    }

    @Test func oneResultEndsALineOfCommandsAndTheFirstFailureEndsItEarly() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+CGMI;+CGMM") == "\r\nQuectel\r\n\r\nEC25\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CGMI;+NOSUCH;+CGMM") == "\r\nQuectel\r\n\r\nERROR\r\n")
        #expect(bench.ask("AT+CMEE=1;!") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+CMEE?") == "\r\n+CMEE: 0\r\n\r\nOK\r\n")
    }

    @Test func numbersAndQuietAreObeyed() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("ATV0") == "0\r")
        #expect(bench.ask("AT+CGMM") == "EC25\r\n0\r")
        #expect(bench.ask("AT+NOSUCH") == "4\r")
        #expect(bench.ask("ATV1Q1") == "")
        #expect(bench.ask("AT+CGMM") == "\r\nEC25\r\n")
        #expect(bench.ask("ATQ0") == "\r\nOK\r\n")
    }

    @Test func errorsTakeTheFormThatWasAskedFor() {
        var bench = Bench { $0.sim = .absent }
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+CPIN?") == "\r\nERROR\r\n")
        _ = bench.ask("AT+CMEE=1")
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 10\r\n")
        _ = bench.ask("AT+CMEE=2")
        #expect(bench.ask("AT+CPIN?") == "\r\n+CME ERROR: SIM not inserted\r\n")
        #expect(bench.ask("AT+NOSUCH") == "\r\nERROR\r\n")
    }

    @Test func aLineThatIsTooLongIsAnErrorAndNothingOfItRuns() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        let long = "AT+CMEE=1;" + String(repeating: "E", count: CommandLineReader.bodyLimit)
        #expect(bench.ask(long) == "\r\nERROR\r\n")
        #expect(bench.ask("AT+CMEE?") == "\r\n+CMEE: 0\r\n\r\nOK\r\n")
    }

    @Test func factoryDefaultsRestoreEchoAndErrorForm() {
        var bench = Bench()
        _ = bench.ask("ATE0+CMEE=2")
        #expect(bench.ask("AT&F") == "\r\nOK\r\n")
        #expect(bench.ask("AT+CMEE?") == "AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n")
    }

    @Test func lineEndAndLineFeedRegistersAreObeyed() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("ATS3=33;S4=35") == "!#OK!#")
        bench.type("AT!")
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "!#OK!#")
    }

    @Test func anOctetAbortsASearchAndNothingElse() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+COPS=?", for: .seconds(5)) == "")
        bench.type("x")
        #expect(bench.take() == "\r\nERROR\r\n")
        #expect(bench.ask("AT+COPS=?", for: .seconds(21)).hasPrefix("\r\n+COPS: (2,\""))
        bench.type("AT+CGMI\rAT+CGMM\r")
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\nQuectel\r\n\r\nOK\r\n\r\nEC25\r\n\r\nOK\r\n")
        #expect(bench.notes("early").count == 1)
    }

    @Test func outputIsCutByTheSeedAndLosesNothing() {
        var whole = Bench()
        let expected = whole.ask("ATI;+CSQ;+CREG?", for: .seconds(1))
        for seed in UInt64(1)...20 {
            var bench = Bench {
                $0.fragmentation = .random
                $0.seed = seed
            }
            #expect(bench.ask("ATI;+CSQ;+CREG?", for: .seconds(1)) == expected, "seed \(seed)")
            #expect(bench.writes.allSatisfy { $0 <= 9 })
        }
        var bench = Bench { $0.fragmentation = .octets }
        #expect(bench.ask("ATI;+CSQ;+CREG?", for: .seconds(1)) == expected)
        #expect(bench.writes.allSatisfy { $0 == 1 })
    }

    @Test func severalLinesCanLeaveInOneWrite() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        bench.writes = []
        _ = bench.ask("ATI")
        #expect(bench.writes == ["\r\nQuectel\r\nEC25\r\nRevision: EC25EFAR06A06M4G\r\n\r\nOK\r\n".utf8.count])
    }

    @Test func unsolicitedLinesComeInEveryGap() {
        var gaps = (beforeEcho: 0, beforeResult: 0, afterPrompt: 0)
        for seed in UInt64(1)...60 {
            var bench = Bench {
                $0.chatter = 40
                $0.seed = seed
            }
            let answer = bench.ask("AT+CGMM")
            if answer.hasPrefix("\r\n"), answer.contains("AT+CGMM\r") { gaps.beforeEcho += 1 }
            if answer.contains("EC25\r\n\r\n+"), answer.hasSuffix("\r\nOK\r\n") { gaps.beforeResult += 1 }
            bench.connect()
            let prompt = bench.ask("AT+QISEND=0,4")
            if prompt.contains("> \r\n+"), prompt.hasSuffix("\r\n") { gaps.afterPrompt += 1 }
            bench.type("ab")
            bench.feed(.inflict(.urc("+TEST: 1")))
            #expect(!bench.take().contains("+TEST"), "within payload, seed \(seed)")
            bench.type("cd")
            bench.pass(.milliseconds(50))
            #expect(bench.take().contains("SEND OK"), "seed \(seed)")
        }
        #expect(gaps.beforeEcho > 3 && gaps.beforeResult > 3 && gaps.afterPrompt > 3, "\(gaps)")
    }

    @Test func theLineIsPacedByItsBaudRateBothWays() {
        var bench = Bench { $0.baud = 9_600 }
        bench.type("ATI\r")  // 4 octets at 960 a second: 4.2 ms until the line is complete
        bench.pass(.milliseconds(4))
        #expect(bench.take().hasPrefix("AT"))
        bench.pass(.milliseconds(30))
        let early = bench.text
        #expect(!early.contains("OK"))
        bench.pass(.milliseconds(60))
        #expect(bench.text.hasSuffix("OK\r\n"))
    }

    @Test func anotherSpeedThanTheHostsMakesGarbageBothWays() {
        var bench = Bench { $0.baud = 115_200 }
        bench.feed(.hostSpeed(9_600))
        #expect(!bench.ask("AT").contains("OK"))
        bench.feed(.hostSpeed(115_200))
        bench.pass(.seconds(1))
        bench.output = []
        #expect(bench.ask("AT").hasSuffix("\r\nOK\r\n"))
        #expect(bench.ask("AT+IPR=9600", for: .milliseconds(20)).hasSuffix("\r\nOK\r\n"))
        bench.pass(.seconds(1))
        #expect(!bench.ask("AT").contains("OK"))
        bench.feed(.hostSpeed(9_600))
        _ = bench.ask("AT")
        #expect(bench.ask("AT").hasSuffix("\r\nOK\r\n"))
    }
}
