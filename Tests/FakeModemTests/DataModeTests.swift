import NIOCore
import Support
import Testing

@testable import FakeModem

@Suite struct DataModeTests {
    /// In data mode, one second after it began.
    private func online(_ change: (inout FakeModemOptions) -> Void = { _ in }) -> (Bench, SocketKey) {
        var bench = Bench(change)
        let key = bench.connect(mode: 2)
        bench.pass(.seconds(1))
        return (bench, key)
    }

    @Test func aTransparentOpenAnswersConnectAndEverythingBehindIsPayload() {
        var bench = Bench()
        bench.bringUp()
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,2") == "\r\nCONNECT\r\n")
        let key = bench.connections[0]
        bench.pass(.seconds(1))
        let octets = [UInt8](0...255) + Array("AT\rOK\r\nNO CARRIER\r\n~}".utf8)
        bench.type(octets)
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == octets)
        #expect(bench.take() == "")
        bench.feed(.received(key, ByteBuffer(bytes: octets)))
        #expect(bench.output == octets)
        #expect(bench.machine.ledger.balance.open[.dataMode] == 1)
    }

    @Test func aFailedTransparentOpenIsAnErrorWithoutAnUnsolicitedLine() {
        var bench = Bench()
        bench.far = .refuse
        bench.bringUp()
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,2", for: .seconds(1)) == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIGETERROR").contains(": 566,"))
        #expect(bench.ask("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,2") == "\r\nERROR\r\n")
        #expect(bench.ask("AT+QIGETERROR").contains(": 563,"))
        #expect(bench.ask("AT+QICLOSE=0") == "\r\nOK\r\n")
    }

    @Test func theGuardedEscapeLeadsToCommandModeAndTheSocketStays() {
        var (bench, key) = online()
        bench.type("abc")
        bench.pass(.milliseconds(1_100))
        _ = bench.take()
        bench.type("+++")
        bench.pass(.milliseconds(990))
        #expect(bench.take() == "")
        bench.pass(.milliseconds(20))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.sent[key] == Array("abc".utf8))
        #expect(bench.machine.ledger.balance.open[.dataMode] == nil)
        bench.feed(.received(key, ByteBuffer(string: "xyz")))
        #expect(bench.take() == "\r\n+QIURC: \"recv\",0\r\n")  // now as in buffer mode
        #expect(bench.ask("AT+QIRD=0,10") == "\r\n+QIRD: 3\r\nxyz\r\n\r\nOK\r\n")
        #expect(bench.ask("ATO") == "\r\nCONNECT\r\n")
        bench.type("more")
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Array("abcmore".utf8))
    }

    @Test(arguments: [0, 500, 990])
    func withoutSilenceBeforeItTheEscapeIsPayload(_ silence: Int64) {
        var (bench, key) = online()
        _ = bench.take()
        bench.type("x")
        bench.pass(.milliseconds(silence))
        bench.type("+++")
        bench.pass(.seconds(3))
        #expect(bench.take() == "")
        #expect(bench.sent[key] == Array("x+++".utf8))
    }

    @Test(arguments: [0, 500, 990])
    func withoutSilenceBehindItTheEscapeIsPayload(_ silence: Int64) {
        var (bench, key) = online()
        _ = bench.take()
        bench.type("+++")
        bench.pass(.milliseconds(silence))
        bench.type("x")
        bench.pass(.seconds(3))
        #expect(bench.take() == "")
        #expect(bench.sent[key] == Array("+++x".utf8))
    }

    @Test func moreOrSlowerOrOtherCharactersAreNoEscape() {
        for (text, pause) in [("++++", Int64(0)), ("++a", 0), ("+", 1_100)] {
            var (bench, key) = online()
            _ = bench.take()
            bench.type(text)
            if pause > 0 {
                bench.pass(.milliseconds(pause))
                bench.type("++")
            }
            bench.pass(.seconds(3))
            #expect(bench.take() == "", "\(text)")
            bench.type("z")
            bench.pass(.seconds(3))
            #expect(bench.sent[key] == Array((text + (pause > 0 ? "++" : "") + "z").utf8), "\(text)")
        }
    }

    @Test func theGuardTimeIsRegisterTwelve() {
        var bench = Bench()
        bench.bringUp()
        _ = bench.ask("ATS12=100")
        bench.connect(mode: 2)
        bench.pass(.milliseconds(1_500))
        bench.type("+++")
        bench.pass(.seconds(5))
        #expect(!bench.take().contains("OK\r\n\r\nOK"))
        bench.type("+++")
        bench.pass(.milliseconds(1_900))
        #expect(!bench.take().contains("OK"))
        bench.pass(.milliseconds(200))
        #expect(bench.take() == "\r\nOK\r\n")
    }

    @Test func payloadStillComesDuringTheGuardTimeAndTheAnswerIsBehindIt() {
        var (bench, key) = online()
        _ = bench.take()
        bench.type("+++")
        bench.pass(.milliseconds(500))
        bench.feed(.received(key, ByteBuffer(string: "late")))
        bench.pass(.seconds(1))
        #expect(bench.take() == "late\r\nOK\r\n")
    }

    @Test func unsolicitedLinesWaitForTheEndOfDataMode() {
        var (bench, _) = online { $0.chatter = 100 }
        _ = bench.take()
        bench.feed(.inflict(.urc("+TEST: 1")))
        bench.type("x")
        bench.pass(.seconds(2))
        #expect(bench.take() == "")
        bench.type("+++")
        bench.pass(.seconds(2))
        #expect(bench.take().contains("\r\n+TEST: 1\r\n"))
    }

    @Test func thePeersEndIsNoCarrierBehindItsLastOctetAndWhatIsInFlightIsACommand() {
        var (bench, key) = online()
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "bye")))
        bench.feed(.ended(key))
        #expect(bench.take() == "bye\r\nNO CARRIER\r\n")
        bench.type("AT+CGMM\roctets in flight\rAT\r")
        bench.pass(.milliseconds(100))
        #expect(bench.take() == "\r\nEC25\r\n\r\nOK\r\n\r\nOK\r\n")
        #expect(bench.ask("ATO") == "\r\nNO CARRIER\r\n")
        #expect(bench.ask("AT+QICLOSE=0") == "\r\nOK\r\n")
    }

    @Test func theDropOfDTRDoesWhatWasSet() {
        for (setting, isOnline, isConnected) in [(0, true, true), (1, false, true), (2, false, false)] {
            var bench = Bench()
            bench.bringUp()
            _ = bench.ask("AT&D\(setting)")
            let key = bench.connect(mode: 2)
            bench.pass(.seconds(1))
            bench.feed(.hostClosed)
            #expect(bench.machine.isOnline(0) == isOnline, "&D\(setting)")
            #expect(bench.aborted == (isConnected ? [] : [key]), "&D\(setting)")
            bench.feed(.hostOpened)
            if isOnline {
                bench.pass(.seconds(2))
                bench.type("+++")
                bench.pass(.seconds(2))
                #expect(bench.take().hasSuffix("\r\nOK\r\n"))
            }
            #expect(bench.ask("AT+CGMM") == "\r\nEC25\r\n\r\nOK\r\n")
        }
    }

    @Test func switchingAccessModesIsObeyed() {
        var bench = Bench()
        let key = bench.connect()
        #expect(bench.ask("AT+QISWTMD=0,2") == "\r\nCONNECT\r\n")
        bench.type("raw")
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Array("raw".utf8))
        bench.pass(.seconds(1))
        bench.type("+++")
        bench.pass(.seconds(2))
        #expect(bench.take() == "\r\nOK\r\n")
        #expect(bench.ask("AT+QISWTMD=0,0") == "\r\nOK\r\n")
        #expect(bench.ask("ATO") == "\r\nNO CARRIER\r\n")
        #expect(bench.ask("AT+QISWTMD=3,2") == "\r\nERROR\r\n")
    }

    @Test func aPacketLeavesWhenItIsFullOrItsWaitIsOver() {
        var bench = Bench()
        bench.bringUp()
        _ = bench.ask("AT+QICFG=\"transpktsize\",100;+QICFG=\"transwaittm\",5")
        let key = bench.connect(mode: 2)
        bench.type([UInt8](repeating: 7, count: 99))
        bench.pass(.milliseconds(450))
        #expect(bench.sent[key] == nil)
        bench.type([8])
        bench.pass(.milliseconds(1))
        #expect(bench.sent[key]?.count == 100)
        bench.type([9])
        bench.pass(.milliseconds(490))
        #expect(bench.sent[key]?.count == 100)
        bench.pass(.milliseconds(20))
        #expect(bench.sent[key]?.count == 101)
    }

    @Test func aFullSendBufferStopsTheLineAndLosesNothing() {
        var (bench, key) = online { $0.sendBuffer = 3_000 }
        bench.far = .ignore
        let octets = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        var offered = 0
        for _ in 0..<200 where offered < octets.count {
            let room = min(bench.machine.lineRoom, octets.count - offered)
            if room > 0 {
                bench.type(Array(octets[offered..<(offered + room)]))
                offered += room
            }
            bench.pass(.milliseconds(300))
            let sent = bench.sent[key]?.count ?? 0
            if offered < octets.count, bench.machine.lineRoom == 0 {
                #expect(sent <= 3_000 + 20_000)
                bench.feed(.delivered(key, bench.machine.slots[0]?.unacknowledged ?? 0))
            }
        }
        bench.feed(.delivered(key, bench.machine.slots[0]?.unacknowledged ?? 0))
        for _ in 0..<20 {
            bench.pass(.seconds(1))
            bench.feed(.delivered(key, bench.machine.slots[0]?.unacknowledged ?? 0))
        }
        #expect(offered == octets.count)
        #expect(bench.sent[key] == octets)
    }

    @Test func dataThatTheHostDoesNotReadIsKeptBack() {
        var (bench, key) = online()
        bench.feed(.writable(false))
        bench.feed(.received(key, ByteBuffer(repeating: 3, count: 10_000)))
        #expect(bench.machine.serial.output.readableBytes <= ModemMachine.onlineBacklog + 1_460)
        _ = bench.take()
        bench.feed(.writable(true))
        #expect(bench.output.count == 10_000)
    }
}
