import NIOCore
import Support
import Testing

@testable import FakeModem

@Suite struct SocketTests {
    private static let everything =
        [UInt8](0...255) + Array("OK\r\nERROR\r\n+++\r\nNO CARRIER\r\nSEND OK\r\n".utf8)
        + Array("\"--EOF--Pattern--\r\n+QIURC: \"closed\",0\r\n+QIURC: \"recv\",0\r\n> ".utf8)

    @Test func nothingOpensWithoutAContext() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,0") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIGETERROR") == "\r\n+QIGETERROR: 561,Open PDP context failed\r\n\r\nOK\r\n")
        #expect(bench.machine.ledger.balance.opened["socket"] == 0)
    }

    @Test(arguments: [
        "1,12,\"TCP\",\"h\",1", "17,0,\"TCP\",\"h\",1", "1,0,\"TCP\",\"h\",0", "1,0,\"TCP\",\"h\",65536",
        "1,0,\"SCTP\",\"h\",1", "1,0,TCP,\"h\",1", "1,0,\"TCP\",\"h\",1,0,3", "1,0", "1,0,\"TCP\",\"\",1",
    ])
    func badParametersAreRefused(_ parameters: String) {
        var bench = Bench()
        bench.bringUp()
        #expect(bench.ask("AT+QIOPEN=\(parameters)") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIGETERROR").contains(": 552,"))
    }

    @Test func anOpenIsConfirmedByALineBehindItsOK() {
        var bench = Bench { $0.roundTrip = .milliseconds(600) }
        bench.bringUp()
        bench.pass(.seconds(2))
        #expect(
            bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,0", for: .milliseconds(1_190)) == "\r\nOK\r\n")
        #expect(bench.ask("AT+QISTATE=1,0", for: .milliseconds(5)).contains(",465,49153,1,1,0,0,"))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+QIOPEN: 0,0\r\n")
        #expect(
            bench.ask("AT+QISTATE=1,0")
                == "\r\n+QISTATE: 0,\"TCP\",\"198.18.0.1\",465,49153,2,1,0,0,\"usbmodem\"\r\n\r\nOK\r\n")
    }

    @Test func anUnknownNameAndAClosedPortAndNowhereFailAsOnARealNetwork() {
        var bench = Bench { $0.roundTrip = .milliseconds(100) }
        bench.bringUp()
        #expect(
            bench.ask("AT+QIOPEN=1,0,\"TCP\",\"nowhere.example\",465", for: .seconds(1)).hasSuffix("+QIOPEN: 0,565\r\n")
        )
        #expect(bench.ask("AT+QIGETERROR").contains("565,DNS parse failed"))
        #expect(
            bench.ask("AT+QIOPEN=1,1,\"TCP\",\"mail.example.com\",25", for: .seconds(1)).hasSuffix("+QIOPEN: 1,566\r\n")
        )
        #expect(bench.ask("AT+QIOPEN=1,2,\"TCP\",\"192.0.2.1\",25", for: .seconds(74)) == "\r\nOK\r\n")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\n+QIOPEN: 2,566\r\n")
        bench.far = .refuse
        #expect(
            bench.ask("AT+QIOPEN=1,3,\"TCP\",\"mail.example.com\",465", for: .seconds(1)).hasSuffix(
                "+QIOPEN: 3,566\r\n"))
    }

    @Test func aFailedOpenKeepsItsNumberUntilItIsClosed() {
        var bench = Bench()
        bench.bringUp()
        let open = "AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465"
        bench.far = .refuse
        #expect(bench.ask(open) == "\r\nOK\r\n\r\n+QIOPEN: 0,566\r\n")
        bench.far = .keep
        #expect(bench.ask(open) == "\r\nOK\r\n\r\n+QIOPEN: 0,563\r\n")
        #expect(bench.machine.ledger.balance.open[.socket(0)] == 1)
        #expect(bench.ask("AT+QICLOSE=0") == "\r\nOK\r\n")
        #expect(bench.ask("AT+QICLOSE=0") == "\r\nERROR\r\n")
        #expect(bench.ask(open) == "\r\nOK\r\n\r\n+QIOPEN: 0,0\r\n")
    }

    @Test func namesResolveByTheRoutesAlone() {
        var bench = Bench { $0.roundTrip = .milliseconds(100) }
        bench.bringUp()
        #expect(
            bench.ask("AT+QIDNSGIP=1,\"MAIL.example.com\"", for: .seconds(1))
                == "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",0,1,600\r\n\r\n+QIURC: \"dnsgip\",\"198.18.0.1\"\r\n")
        #expect(
            bench.ask("AT+QIDNSGIP=1,\"x.example\"", for: .seconds(1)) == "\r\nOK\r\n\r\n+QIURC: \"dnsgip\",565\r\n")
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"198.18.0.1\",465", for: .seconds(1)).hasSuffix("+QIOPEN: 0,0\r\n"))
    }

    @Test func arrivalsAreToldOnceUntilEverythingWasRead() {
        var bench = Bench()
        let key = bench.connect()
        bench.feed(.received(key, ByteBuffer(string: "abcd")))
        #expect(bench.take() == "\r\n+QIURC: \"recv\",0\r\n")
        bench.feed(.received(key, ByteBuffer(string: "efgh")))
        #expect(bench.ask("AT+QIRD=0,0") == "\r\n+QIRD: 8,0,8\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIRD=0,6") == "\r\n+QIRD: 6\r\nabcdef\r\n\r\nOK\r\n")
        bench.feed(.received(key, ByteBuffer(string: "ij")))
        #expect(bench.take() == "")  // unread octets remain: no notice
        #expect(bench.ask("AT+QIRD=0,1500") == "\r\n+QIRD: 4\r\nghij\r\n\r\nOK\r\n")
        bench.feed(.received(key, ByteBuffer(string: "k")))
        #expect(bench.take() == "\r\n+QIURC: \"recv\",0\r\n")  // read to the end, without a read of nothing
        #expect(bench.ask("AT+QIRD=0") == "\r\n+QIRD: 1\r\nk\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIRD=0,1500") == "\r\n+QIRD: 0\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QIRD=0,1501") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIRD=1,100") == "\r\nERROR\r\n")
    }

    @Test func everyOctetPassesBothWays() {
        var bench = Bench()
        bench.far = .echo
        let key = bench.connect()
        _ = bench.ask("AT+QISEND=0,\(Self.everything.count)")
        bench.type(Self.everything)
        bench.pass(.milliseconds(50))
        #expect(bench.sent[key] == Self.everything)
        _ = bench.take()
        bench.type("AT+QIRD=0,1500\r")
        bench.pass(.milliseconds(50))
        let header = Array("\r\n+QIRD: \(Self.everything.count)\r\n".utf8)
        #expect(bench.output == header + Self.everything + Array("\r\n\r\nOK\r\n".utf8))
    }

    @Test func thePromptHasNoLineEndAndPayloadIsEchoedUntilTurnedOff() {
        var bench = Bench()
        _ = bench.ask("ATE0")
        _ = bench.ask("AT+QIACT=1")
        _ = bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465")
        #expect(bench.ask("AT+QISEND=0,2") == "\r\n> ")
        bench.type("ab")
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "ab\r\nSEND OK\r\n")
        #expect(bench.ask("AT+QISDE?") == "\r\n+QISDE: 1\r\n\r\nOK\r\n")
        _ = bench.ask("AT+QISDE=0")
        _ = bench.ask("AT+QISEND=0,2")
        bench.type("cd")
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\nSEND OK\r\n")
    }

    @Test func aLineFeedBehindTheCommandIsTheFirstOctetOfPayload() {
        var bench = Bench()
        let key = bench.connect()
        bench.type("AT+QISEND=0,3\r\n")
        bench.pass(.milliseconds(10))
        bench.type("abc")
        bench.pass(.milliseconds(10))
        #expect(bench.sent[key] == Array("\nab".utf8))
        #expect(!bench.notes("early").isEmpty)
    }

    @Test func sizesAndStatesOfASendAreChecked() {
        var bench = Bench()
        let key = bench.connect()
        #expect(bench.ask("AT+QISEND=0,1461") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QISEND=1,1") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QISEND=0,1460") == "\r\n> ")
        bench.type([UInt8](repeating: 0x1B, count: 1_460))  // ESC cancels no counted send
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\nSEND OK\r\n")
        #expect(bench.ask("AT+QISEND=0,0") == "\r\n+QISEND: 1460,1460,0\r\n\r\nOK\r\n")
        bench.feed(.ended(key))
        #expect(bench.take() == "\r\n+QIURC: \"closed\",0\r\n")
        #expect(bench.ask("AT+QISEND=0,1") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIGETERROR").contains(": 567,"))
    }

    @Test func anUncountedSendEndsWithControlZAndEscapeCancelsIt() {
        var bench = Bench()
        let key = bench.connect()
        #expect(bench.ask("AT+QISEND=0") == "\r\n> ")
        bench.type("hello\u{1A}")
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\nSEND OK\r\n")
        _ = bench.ask("AT+QISEND=0")
        bench.type("never\u{1B}")
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.sent[key] == Array("hello".utf8))
        #expect(bench.ask("AT+QISENDEX=0,\"68690D\"") == "\r\nSEND OK\r\n")
        #expect(bench.sent[key] == Array("hellohi\r".utf8))
        #expect(bench.ask("AT+QISENDEX=0,\"6\"") == "\r\nERROR\r\n")
    }

    @Test func aPromptWaitsFiveSecondsForItsPayload() {
        var bench = Bench()
        let key = bench.connect()
        _ = bench.ask("AT+QISEND=0,4", for: .milliseconds(3))
        bench.type("abc")
        bench.pass(.milliseconds(4_990))
        #expect(bench.text == "\r\n> " || bench.text == "")
        bench.pass(.milliseconds(20))
        #expect(bench.take().hasSuffix("\r\nERROR\r\n"))
        #expect(bench.ask("AT+QIGETERROR").contains(": 571,"))
        #expect(bench.sent[key] == nil)
        _ = bench.ask("AT+QICFG=\"qisend/timeout\",0")
        _ = bench.ask("AT+QISEND=0,4")
        bench.pass(.seconds(60))
        #expect(bench.take() == "")
    }

    @Test func aFullBufferRefusesTheChunkAndTakesTheSameOctetsLater() {
        var bench = Bench { $0.sendBuffer = 2_000 }
        bench.far = .ignore
        let key = bench.connect()
        let first = [UInt8](repeating: 1, count: 1_460)
        let second = [UInt8](repeating: 2, count: 600)
        #expect(send(first, &bench) == "\r\nSEND OK\r\n")
        #expect(send(second, &bench) == "\r\nSEND FAIL\r\n")
        #expect(bench.ask("AT+QISEND=0,0") == "\r\n+QISEND: 1460,0,1460\r\n\r\nOK\r\n")
        bench.feed(.delivered(key, 1_460))
        #expect(send(second, &bench) == "\r\nSEND OK\r\n")
        #expect(bench.sent[key] == first + second)
    }

    private func send(_ octets: [UInt8], _ bench: inout Bench) -> String {
        _ = bench.ask("AT+QISEND=0,\(octets.count)")
        bench.type(octets)
        bench.pass(.milliseconds(50))
        return bench.take()
    }

    @Test func theSeedLetsZeroOneAndAllButOneOctetsBeTakenAndNothingIsLost() {
        var seen: Set<String> = []
        for seed in UInt64(1)...10 {
            var bench = Bench {
                $0.partialWrites = 60
                $0.seed = seed
                $0.up = 100_000
            }
            let key = bench.connect()
            var expected: [UInt8] = []
            for chunk in 0..<20 {
                let octets = (0..<100).map { UInt8(truncatingIfNeeded: $0 + chunk) }
                var answer = ""
                repeat {
                    _ = bench.ask("AT+QISEND=0,100")
                    bench.type(octets)
                    bench.pass(.milliseconds(3))
                    answer = bench.take()
                    if answer.contains("FAIL") { seen.insert("0") }
                } while answer.contains("SEND FAIL")
                expected += octets
                bench.pass(.milliseconds(12))
                switch bench.machine.slots[0]?.unacknowledged {
                case 99: seen.insert("1")
                case 1: seen.insert("n-1")
                case _: break
                }
                bench.pass(.seconds(1))
            }
            #expect(bench.sent[key] == expected, "seed \(seed)")
        }
        #expect(seen.contains("0"))
        #expect(seen.contains("n-1") || seen.contains("1"), "\(seen)")
    }

    @Test func acknowledgementsTakeARoundTripAndAStalledCarrierGivesNone() {
        var bench = Bench { $0.roundTrip = .milliseconds(400) }
        bench.connect()
        bench.pass(.seconds(3))
        _ = send(Array("abc".utf8), &bench)
        #expect(bench.ask("AT+QISEND=0,0") == "\r\n+QISEND: 3,0,3\r\n\r\nOK\r\n")
        bench.pass(.milliseconds(400))
        #expect(bench.ask("AT+QISEND=0,0") == "\r\n+QISEND: 3,3,0\r\n\r\nOK\r\n")
        bench.feed(.inflict(.stall(nil)))
        _ = send(Array("de".utf8), &bench)
        bench.pass(.seconds(100))
        #expect(bench.ask("AT+QISEND=0,0") == "\r\n+QISEND: 5,3,2\r\n\r\nOK\r\n")
    }

    @Test func closingWaitsForAcknowledgementsUpToItsOwnLimit() {
        var bench = Bench()
        bench.far = .ignore
        let key = bench.connect()
        _ = send(Array("abc".utf8), &bench)
        #expect(bench.ask("AT+QICLOSE=0,3", for: .seconds(2)) == "")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.aborted == [key])
        bench.far = .ignore
        let other = bench.connect()
        _ = send(Array("abc".utf8), &bench)
        _ = bench.ask("AT+QICLOSE=0")
        bench.feed(.delivered(other, 3))
        bench.pass(.milliseconds(1))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.closed == [other])
        let third = bench.connect()
        _ = send(Array("abc".utf8), &bench)
        #expect(bench.ask("AT+QICLOSE=0,0") == "\r\nOK\r\n")
        #expect(bench.aborted == [key, third])
    }

    @Test func thePeersEndIsToldOnceWithUnreadOctetsKeptAndTheNumberTaken() {
        for wasReset in [false, true] {
            var bench = Bench()
            let key = bench.connect()
            bench.feed(.received(key, ByteBuffer(string: "bye")))
            bench.feed(wasReset ? .reset(key) : .ended(key))
            #expect(bench.take() == "\r\n+QIURC: \"recv\",0\r\n\r\n+QIURC: \"closed\",0\r\n")
            #expect(bench.ask("AT+QISTATE=1,0").contains(",4,1,0,0,"))
            #expect(bench.ask("AT+QIRD=0,1500") == "\r\n+QIRD: 3\r\nbye\r\n\r\nOK\r\n")
            #expect(bench.ask("AT+QIRD=0,1500") == "\r\n+QIRD: 0\r\n\r\nOK\r\n")
            #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465").hasSuffix("+QIOPEN: 0,563\r\n"))
            #expect(bench.ask("AT+QICLOSE=0") == "\r\nOK\r\n")
            #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465").hasSuffix("+QIOPEN: 0,0\r\n"))
        }
    }

    @Test func theHostsOwnCloseIsNotToldAsThePeers() {
        var bench = Bench { $0.roundTrip = .milliseconds(100) }
        let key = bench.connect()
        bench.pass(.seconds(1))
        _ = bench.take()
        _ = bench.ask("AT+QICLOSE=0", for: .milliseconds(20))
        bench.feed(.ended(key))
        bench.pass(.seconds(20))
        #expect(bench.take() == "\r\nOK\r\n")
    }

    @Test func anEndNeverOvertakesOctets() {
        var bench = Bench {
            $0.roundTrip = .milliseconds(100)
            $0.down = 40_000
        }
        let key = bench.connect()
        bench.pass(.seconds(1))
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(repeating: 65, count: 4_000)))
        bench.feed(.ended(key))
        bench.pass(.milliseconds(700))
        #expect(bench.take() == "\r\n+QIURC: \"recv\",0\r\n")
        bench.pass(.milliseconds(500))
        #expect(bench.take() == "\r\n+QIURC: \"closed\",0\r\n")
        #expect(bench.machine.slots[0]?.received.readableBytes == 4_000)
    }

    @Test func aLostBearerNeedsItsDeactivationBeforeItComesBack() {
        var bench = Bench()
        let key = bench.connect()
        _ = bench.ask("AT+QISEND=0,4")
        bench.type("ab")
        bench.feed(.inflict(.deactivate))
        bench.type("cd")
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "\r\nERROR\r\n\r\n+QIURC: \"pdpdeact\",1\r\n" || bench.text == "")
        #expect(bench.aborted == [key])
        #expect(bench.ask("AT+QIACT=1") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIOPEN=1,1,\"TCP\",\"mail.example.com\",465") == "\r\nERROR\r\n")
        #expect(bench.machine.ledger.balance.open[.bearer(1)] == 1)
        #expect(bench.ask("AT+QIDEACT=1") == "\r\nOK\r\n")
        #expect(bench.machine.ledger.balance.open == [.port: 1])  // its sockets went with it
        #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465").hasSuffix("+QIOPEN: 0,0\r\n"))
    }

    @Test func pushModeBringsOctetsByItselfAndTheEndBehindThem() {
        var bench = Bench()
        let key = bench.connect(mode: 1)
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "OK\r\n")))
        #expect(bench.take() == "\r\n+QIURC: \"recv\",0,4\r\nOK\r\n\r\n")
        #expect(bench.ask("AT+QIRD=0,100") == "\r\nERROR\r\n")
        bench.feed(.received(key, ByteBuffer(repeating: 66, count: 2_000)))
        bench.feed(.ended(key))
        let text = bench.take()
        #expect(text.hasPrefix("\r\n+QIURC: \"recv\",0,1500\r\nB"))
        #expect(text.contains("\r\n+QIURC: \"recv\",0,500\r\n"))
        #expect(text.hasSuffix("\r\n+QIURC: \"closed\",0\r\n"))
    }

    @Test func viewModePutsOctetsBehindAComma() {
        var bench = Bench()
        let key = bench.connect()
        _ = bench.ask("AT+QICFG=\"viewmode\",1")
        bench.feed(.received(key, ByteBuffer(string: "abc")))
        #expect(bench.ask("AT+QIRD=0,10") == "\r\n+QIRD: 3,abc\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+QICFG=\"viewmode\"") == "\r\n+QICFG: \"viewmode\",1\r\n\r\nOK\r\n")
    }

    @Test func theWindowBoundsWhatIsHeld() {
        var bench = Bench { $0.receiveBuffer = 1_000 }
        let key = bench.connect()
        #expect(bench.machine.window(of: key) == 1_000)
        bench.feed(.received(key, ByteBuffer(repeating: 1, count: 900)))
        #expect(bench.machine.window(of: key) == 100)
        _ = bench.ask("AT+QIRD=0,500")
        #expect(bench.machine.window(of: key) == 600)
    }

    @Test func aSecondMailFollowsAtOnceWithTheBearerKeptOrDropped() {
        var bench = Bench()
        bench.far = .echo
        bench.connect()
        for keeps in [true, false, true, false] {
            _ = send(Array("mail".utf8), &bench)
            #expect(bench.ask("AT+QICLOSE=0") == "\r\nOK\r\n")
            if !keeps {
                #expect(bench.ask("AT+QIDEACT=1") == "\r\nOK\r\n")
                #expect(bench.ask("AT+QIACT=1") == "\r\nOK\r\n")
            }
            #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465").hasSuffix("+QIOPEN: 0,0\r\n"))
        }
        _ = bench.ask("AT+QIDEACT=1")
        bench.feed(.hostClosed)
        #expect(bench.isBalanced)
        #expect(bench.entries.last?.event == .balanced(bench.machine.ledger.balance))
    }
}
