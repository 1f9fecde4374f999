import NIOCore
import Testing

@testable import FakeModem

/// The SIM800's habits, as a bare host meets them (SIM800 V1.09 §8).
@Suite struct SIMComTests {
    private static let everything =
        [UInt8](0...255) + Array("OK\r\nERROR\r\n+++\r\n0, CLOSED\r\nSEND OK\r\n+CIPRXGET: 1,0\r\n".utf8)

    private static let start = "AT+CIPSTART=0,\"TCP\",\"mail.example.com\",465"

    private func bench(_ change: (inout FakeModemOptions) -> Void = { _ in }) -> Bench {
        Bench { options in
            options.profile = .simcomSIM800
            change(&options)
        }
    }

    /// Several connections, quick send and pull, with number 0 connected.
    private func connected(_ change: (inout FakeModemOptions) -> Void = { _ in }) -> Bench {
        var bench = bench(change)
        bench.bringUpSIMCom("CIPMUX=1", "CIPQSEND=1", "CIPRXGET=1")
        let limit = bench.machine.options.roundTrip * 3 + .milliseconds(50)
        #expect(bench.ask(Self.start, for: limit) == "\r\nOK\r\n\r\n0, CONNECT OK\r\n")
        return bench
    }

    private func shut(_ bench: inout Bench) {
        #expect(bench.ask("AT+CIPSHUT", for: .seconds(2)) == "\r\nSHUT OK\r\n")
        bench.feed(.hostClosed)
        #expect(bench.isBalanced)
    }

    @Test func itSaysWhoItIsAndLacksWhatItLacks() {
        var bench = bench()
        #expect(bench.ask("ATI") == "ATI\r\r\nSIM800 R14.18\r\n\r\nOK\r\n")
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+CGMI").contains("SIMCOM_Ltd"))
        #expect(bench.ask("AT+CGMM").contains("SIMCOM_SIM800L"))
        #expect(bench.ask("AT+CCID") == "\r\n8988211000000123459f\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+SPIC") == "\r\n+SPIC: 3,10,3,10\r\n\r\nOK\r\n")
        for command in ["+CEREG?", "+CPINR", "+CGAUTH=1,1,\"u\",\"p\"", "+QPINC?", "+QIACT?", "+QIOPEN=?"] {
            #expect(bench.ask("AT\(command)") == "\r\nERROR\r\n", "\(command)")
        }
        #expect(bench.ask("AT+CGDCONT=1,\"IPV4V6\",\"internet\"") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+CGACT?") == "\r\nOK\r\n")
    }

    @Test func theStatesFollowOneAnotherAndSettingsAreTakenInTheFirst() {
        var bench = bench()
        _ = bench.ask("ATE0")
        _ = bench.ask("AT+CMEE=1")
        func state() -> String {
            String(bench.ask("AT+CIPSTATUS").split(separator: "\r\n").first { $0.hasPrefix("STATE") } ?? "")
        }
        #expect(bench.ask("AT+CIPSTATUS") == "\r\nOK\r\n\r\nSTATE: IP INITIAL\r\n")
        #expect(bench.ask("AT+CIICR").contains("+CME ERROR: 3") && bench.ask("AT+CIFSR").contains("ERROR"))
        #expect(bench.ask("AT+CIPMUX=1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+CIPMODE=1").contains("ERROR"))  // not with several connections
        #expect(bench.ask("AT+CSTT=\"internet\",\"\",\"\"") == "\r\nOK\r\n")
        #expect(state() == "STATE: IP START")
        for setting in ["CIPMUX=0", "CIPMODE=0", "CIPRXGET=1", "CSTT=\"other\""] {
            #expect(bench.ask("AT+\(setting)").contains("+CME ERROR: 3"), "\(setting)")
        }
        #expect(bench.ask("AT+CIICR") == "\r\nOK\r\n")
        #expect(state() == "STATE: IP GPRSACT")
        #expect(bench.ask(Self.start).contains("ERROR"))  // not before +CIFSR
        #expect(bench.ask("AT+CIFSR") == "\r\n10.64.1.2\r\n")
        #expect(state() == "STATE: IP STATUS")
        #expect(bench.ask(Self.start).hasSuffix("0, CONNECT OK\r\n"))
        #expect(state() == "STATE: IP PROCESSING")
        #expect(
            bench.ask("AT+CIPSTATUS=0")
                == "\r\n+CIPSTATUS: 0,0,\"TCP\",\"198.18.0.1\",\"465\",\"CONNECTED\"\r\n\r\nOK\r\n")
        shut(&bench)
    }

    @Test func anUnknownAccessPointLeavesTheBearerDeactivatedUntilAShut() {
        var bench = bench()
        _ = bench.ask("ATE0")
        _ = bench.ask("AT+CSTT=\"wrong\",\"\",\"\"")
        #expect(bench.ask("AT+CIICR") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+CEER").contains("unknown APN"))
        #expect(bench.ask("AT+CIPSTATUS").contains("STATE: PDP DEACT"))
        #expect(bench.ask("AT+CSTT=\"internet\"").contains("ERROR"))
        shut(&bench)
    }

    @Test func anOpenIsAnsweredByALineWithItsNumber() {
        var bench = connected { $0.roundTrip = .milliseconds(100) }
        #expect(bench.ask(Self.start) == "\r\nOK\r\n\r\n0, ALREADY CONNECT\r\n")
        let unknown = "AT+CIPSTART=1,\"TCP\",\"nowhere.example\",465"
        #expect(bench.ask(unknown, for: .seconds(1)) == "\r\nOK\r\n\r\n1, CONNECT FAIL\r\n")
        // The number is free.
        #expect(bench.ask("AT+CIPCLOSE=1") == "\r\nERROR\r\n")
        for parameters in [
            "6,\"TCP\",\"h\",1", "0,\"SCTP\",\"h\",1", "\"TCP\",\"h\",1", "1,\"TCP\",\"h\",0", "1,\"TCP\",\"\",1",
        ] {
            #expect(bench.ask("AT+CIPSTART=\(parameters)") == "\r\nERROR\r\n", "\(parameters)")
        }
        shut(&bench)
    }

    // MARK: Sending

    @Test func aQuickSendSaysHowMuchWasQueued() {
        var bench = connected { $0.sendBuffer = 1_000 }
        bench.far = .ignore
        #expect(bench.ask("AT+CIPSEND=0,600") == "\r\n> ")
        bench.type([UInt8](repeating: 1, count: 600))
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "\r\nDATA ACCEPT:0,600\r\n")
        #expect(bench.ask("AT+CIPSEND?") == "\r\n+CIPSEND: 0,400\r\n\r\nOK\r\n")
        _ = bench.ask("AT+CIPSEND=0,600")
        bench.type([UInt8](repeating: 2, count: 600))
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "\r\nDATA ACCEPT:0,400\r\n")
        #expect(bench.ask("AT+CIPACK=0") == "\r\n+CIPACK: 1000,0,1000\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CIPSEND=0,1461") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+CIPSEND=1,5") == "\r\nERROR\r\n")
        shut(&bench)
    }

    @Test func everyOctetIsPayloadBehindThePromptAndEchoedWithEchoOn() {
        var bench = connected()
        _ = bench.ask("ATE1")
        _ = bench.ask("AT+CIPSEND=0,\(Self.everything.count)")
        bench.type(Self.everything)
        bench.pass(.milliseconds(50))
        #expect(Array(bench.output.prefix(Self.everything.count)) == Self.everything)
        #expect(bench.take().hasSuffix("\r\nDATA ACCEPT:0,\(Self.everything.count)\r\n"))
        #expect(bench.sent[bench.connections[0]] == Self.everything)
        _ = bench.ask("ATE0")
        shut(&bench)
    }

    @Test func sendOKComesWhenThePeerHasAcknowledged() {
        var bench = bench { $0.roundTrip = .milliseconds(200) }
        bench.bringUpSIMCom("CIPMUX=1", "CIPRXGET=1")
        _ = bench.ask(Self.start, for: .seconds(1))
        _ = bench.ask("AT+CIPSEND=0,3")
        bench.type("abc")
        bench.pass(.milliseconds(190))
        #expect(bench.take() == "")
        bench.pass(.milliseconds(20))
        #expect(bench.take() == "\r\n0, SEND OK\r\n")
        bench.far = .ignore
        _ = bench.ask("AT+CIPSEND=0,3")
        bench.type("abc")
        bench.pass(.seconds(60))
        #expect(bench.take() == "")
        bench.feed(.reset(bench.connections[0]))
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\n0, SEND FAIL\r\n\r\n0, CLOSED\r\n")
        shut(&bench)
    }

    // MARK: Receiving

    @Test func aNoticeComesOnceUntilEverythingWasFetched() {
        var bench = connected()
        let key = bench.connections[0]
        bench.feed(.received(key, ByteBuffer(bytes: Self.everything)))
        bench.feed(.received(key, ByteBuffer(string: "more")))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+CIPRXGET: 1,0\r\n")
        let all = Self.everything + Array("more".utf8)
        #expect(bench.ask("AT+CIPRXGET=4,0") == "\r\n+CIPRXGET: 4,0,\(all.count)\r\n\r\nOK\r\n")
        _ = bench.ask("AT+CIPRXGET=2,0,10")
        bench.feed(.received(key, ByteBuffer(string: "x")))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "")  // not emptied yet
        bench.type("AT+CIPRXGET=2,0,1460\r")
        bench.pass(.milliseconds(50))
        let rest = Array(all.dropFirst(10)) + Array("x".utf8)
        let header = Array("\r\n+CIPRXGET: 2,0,\(rest.count),0\r\n".utf8)
        #expect(bench.output == header + rest + Array("\r\nOK\r\n".utf8))
        #expect(bench.ask("AT+CIPRXGET=2,0,1460") == "\r\n+CIPRXGET: 2,0,0,0\r\n\r\nOK\r\n")
        bench.feed(.received(key, ByteBuffer(string: "AZ")))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+CIPRXGET: 1,0\r\n")
        #expect(bench.ask("AT+CIPRXGET=3,0,730") == "\r\n+CIPRXGET: 3,0,2,0\r\n415A\r\nOK\r\n")
        for bad in ["2,0,1461", "2,0,0", "3,0,731", "2,1,10", "5,0"] {
            #expect(bench.ask("AT+CIPRXGET=\(bad)").contains("ERROR"), "\(bad)")
        }
        shut(&bench)
    }

    @Test func withoutPullOctetsComeBehindTheirLine() {
        var bench = bench()
        bench.bringUpSIMCom("CIPMUX=1", "CIPQSEND=1")
        _ = bench.ask(Self.start)
        bench.feed(.received(bench.connections[0], ByteBuffer(string: "hello")))
        bench.feed(.ended(bench.connections[0]))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+RECEIVE,0,5:\r\nhello\r\n\r\n0, CLOSED\r\n")
        #expect(bench.ask("AT+CIPRXGET=2,0,10").contains("ERROR"))
        shut(&bench)
    }

    @Test func aCloseIsToldBeforeWhatWasNotFetchedWhichStaysReadable() {
        var bench = connected()
        bench.feed(.received(bench.connections[0], ByteBuffer(string: "last")))
        bench.feed(.ended(bench.connections[0]))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n")
        #expect(bench.ask("AT+CIPSEND=0,1").contains("ERROR"))
        #expect(bench.ask("AT+CIPRXGET=2,0,1460") == "\r\n+CIPRXGET: 2,0,4,0\r\nlast\r\nOK\r\n")
        #expect(bench.ask("AT+CIPRXGET=2,0,1460").contains("ERROR"))
        #expect(bench.ask("AT+CIPCLOSE=0") == "\r\nERROR\r\n")
        #expect(bench.ask(Self.start).hasSuffix("0, CONNECT OK\r\n"))
        shut(&bench)
    }

    // MARK: The end

    @Test func aSlowCloseWaitsForThePeerAndAQuickOneDoesNot() {
        var bench = connected { $0.roundTrip = .milliseconds(200) }
        bench.far = .ignore
        for mode in [0, 1] {
            _ = bench.ask("AT+CIPSEND=0,3")
            bench.type("abc")
            bench.pass(.milliseconds(50))
            _ = bench.take()
            #expect(bench.ask("AT+CIPCLOSE=0,\(mode)", for: .seconds(8)) == (mode == 0 ? "" : "\r\n0, CLOSE OK\r\n"))
            bench.pass(.seconds(2))
            #expect(bench.take() == (mode == 0 ? "\r\n0, CLOSE OK\r\n" : ""))
            _ = bench.ask(Self.start, for: .seconds(1))
        }
        shut(&bench)
    }

    @Test func aLostBearerTakesEverythingAndIsToldOnce() {
        var bench = connected()
        bench.feed(.inflict(.deactivate))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\n+PDP: DEACT\r\n")
        #expect(bench.ask("AT+CIPSTATUS").contains("STATE: PDP DEACT"))
        #expect(bench.ask("AT+CIPSEND=0,1").contains("ERROR") && bench.ask(Self.start).contains("ERROR"))
        shut(&bench)
    }

    @Test func theLineBecomesTheConnectionAndReturns() {
        var bench = bench { $0.prelude = [] }
        bench.bringUpSIMCom("CIPMUX=0", "CIPMODE=1")
        let answer = bench.ask("AT+CIPSTART=\"TCP\",\"mail.example.com\",465")
        #expect(answer == "\r\nOK\r\n\r\nCONNECT\r\n")
        let key = bench.connections[0]
        bench.pass(.seconds(2))
        bench.type(Self.everything)
        bench.feed(.received(key, ByteBuffer(bytes: Self.everything)))
        bench.pass(.seconds(2))
        #expect(bench.sent[key] == Self.everything)
        #expect(bench.output == Self.everything)
        _ = bench.take()
        bench.type("+++")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.ask("AT+CIPSTATUS").hasSuffix("STATE: CONNECT OK\r\n"))
        #expect(bench.ask("ATO") == "\r\nCONNECT\r\n")
        bench.feed(.received(key, ByteBuffer(string: "bye")))
        bench.feed(.ended(key))
        bench.pass(.milliseconds(50))
        #expect(bench.take() == "bye\r\nCLOSED\r\n")
        #expect(bench.ask("AT+CIPSTATUS").hasSuffix("STATE: TCP CLOSED\r\n"))
        #expect(bench.ask("ATO").contains("ERROR") && bench.ask("AT+CIPCLOSE").contains("ERROR"))
        shut(&bench)
    }

    @Test func aResetEndsEverythingAndSaysTheBootLines() {
        var bench = connected()
        #expect(bench.ask("AT+CFUN=1,1", for: .seconds(3)).hasSuffix("\r\nSMS Ready\r\n"))
        #expect(bench.ask("AT+CIPMUX?").contains("+CIPMUX: 0"))
        bench.feed(.hostClosed)
        #expect(bench.isBalanced)
    }

    @Test func powerDownIsSaidInPlaceOfOK() {
        var bench = bench()
        _ = bench.ask("ATE0")
        #expect(bench.ask("AT+CPOWD=1", for: .seconds(1)) == "\r\nNORMAL POWER DOWN\r\n")
        #expect(bench.ask("AT") == "")
    }
}
