import Credentials
import NIOCore
import Testing

@testable import FakeModem

/// The profile `sierra-wip` before a host that types (at-dialects 3.10).
@Suite struct WIPStackTests {
    private func bench(_ change: (inout FakeModemOptions) -> Void = { _ in }) -> Bench {
        var bench = Bench { options in
            options.profile = .sierraWIP
            change(&options)
        }
        _ = bench.ask("ATE0")
        _ = bench.ask("AT+CMEE=1")
        return bench
    }

    /// With the session up.
    private func ready(_ change: (inout FakeModemOptions) -> Void = { _ in }) -> Bench {
        var bench = bench(change)
        bench.pass(.seconds(1))
        for command in ["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"internet\"", "AT+WIPBR=4,6,0"] {
            #expect(bench.ask(command, for: .seconds(1)) == "\r\nOK\r\n", "\(command)")
        }
        return bench
    }

    private func create(_ bench: inout Bench, _ index: Int = 1, host: String = "mail.example.com") -> String {
        bench.ask("AT+WIPCREATE=2,\(index),\"\(host)\",465", for: .seconds(1))
    }

    /// In data mode, one second after it began.
    private func online(_ mode: Int) -> (Bench, SocketKey) {
        var bench = ready()
        #expect(create(&bench) == "\r\nOK\r\n\r\n+WIPREADY: 2,1\r\n")
        #expect(bench.ask("AT+WIPDATA=2,1,\(mode)") == "\r\nCONNECT\r\n")
        bench.pass(.seconds(1))
        return (bench, bench.connections.last ?? SocketKey(number: -1))
    }

    private func escape(_ bench: inout Bench) -> String {
        bench.pass(.milliseconds(1_100))
        _ = bench.take()
        bench.type("+++")
        bench.pass(.milliseconds(1_100))
        return bench.take()
    }

    // MARK: Start and layers

    @Test func itStartsWithItsOwnIndicationsAndTakesTheStackBehindTheFourth() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        #expect(bench.ask("AT+CPIN?") == "\r\n+CPIN: SIM PIN\r\n")
        #expect(bench.ask("AT+WIPCFG=1") == "\r\n+CME ERROR: 11\r\n")
        #expect(bench.ask("AT+CPIN=\"1234\"", for: .milliseconds(10)) == "\r\nOK\r\n")
        #expect(bench.ask("AT+WIPCFG=1", for: .milliseconds(10)).contains("+CME ERROR: 803"))
        bench.pass(.seconds(1))
        #expect(bench.take().contains("\r\n+WIND: 4\r\n"))
        #expect(bench.ask("AT+WIPCFG=1") == "\r\nOK\r\n")
        _ = bench.ask("AT+CFUN=1,1", for: .seconds(20))
        #expect(bench.ask("AT+WIPCFG?").contains("ERROR"))
    }

    @Test func aRestartSaysItInOrder() {
        var bench = bench()
        let said = bench.ask("AT+CFUN=1,1", for: .seconds(20))
        let places = ["+WIND: 3", "+WIND: 1", "+WIND: 7", "+WIND: 4"].map { said.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap { $0 }.sorted() == places.compactMap { $0 })
    }

    @Test func noLayerComesBeforeTheOneBelowItNorGoesBeforeTheOneAbove() {
        var bench = bench()
        bench.pass(.seconds(1))
        let dialogue = [
            ("AT+WIPBR=1,6", "+CME ERROR: 803"), ("AT+WIPCREATE=2,1,\"mail.example.com\",465", "+CME ERROR: 803"),
            ("AT+WIPCFG=1", "OK"), ("AT+WIPCFG=1", "+CME ERROR: 844"), ("AT+WIPBR=4,6,0", "+CME ERROR: 803"),
            ("AT+WIPBR=1,6", "OK"), ("AT+WIPBR=1,6", "+CME ERROR: 804"), ("AT+WIPBR?", "+WIPBR: 6,0"),
            ("AT+WIPBR=2,6,11,\"internet\"", "OK"), ("AT+WIPBR=2,6,99,\"x\"", "+CME ERROR: 800"),
            ("AT+WIPBR=2,6,11,5", "+CME ERROR: 801"), ("AT+WIPBR=4,6,0", "OK"), ("AT+WIPBR=4,6,0", "+CME ERROR: 803"),
            ("AT+WIPBR?", "+WIPBR: 6,1"), ("AT+WIPBR=3,6,15", "+WIPBR: 6,15,\"10.64.1.2\""),
            ("AT+WIPCFG=0", "+CME ERROR: 803"), ("AT+WIPBR=0,6", "+CME ERROR: 803"), ("AT+WIPBR=5,6", "OK"),
            ("AT+WIPCFG=0", "+CME ERROR: 803"), ("AT+WIPBR=0,6", "OK"), ("AT+WIPCFG=0", "OK"),
            ("AT+WIPCFG=0", "+CME ERROR: 803"),
        ]
        for (command, answer) in dialogue {
            #expect(bench.ask(command, for: .seconds(1)).contains(answer), "\(command)")
        }
        bench.feed(.hostClosed)
        #expect(bench.isBalanced)
    }

    @Test func aLayerThatIsLeftUpStandsInTheLedger() {
        var bench = ready()
        bench.feed(.hostClosed)
        #expect(bench.machine.ledger.balance.open == [.layer("stack"): 1, .layer("device"): 1, .bearer(1): 1])
    }

    @Test func anUnknownAccessPointIsABearersErrorAndItsCauseIsInTheReport() {
        var bench = bench()
        bench.pass(.seconds(1))
        for command in ["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"wrong\""] { _ = bench.ask(command) }
        #expect(bench.ask("AT+WIPBR=4,6,0", for: .seconds(1)) == "\r\n+CME ERROR: 814\r\n")
        #expect(bench.ask("AT+CEER").contains("Missing or unknown APN"))
    }

    // MARK: Channels

    @Test func anIndexStaysUsedUntilItIsClosedWhoeverClosedFirst() {
        var bench = ready()
        _ = create(&bench)
        let key = bench.connections[0]
        #expect(create(&bench) == "\r\n+CME ERROR: 840\r\n")
        bench.feed(.ended(key))
        bench.pass(.seconds(1))
        #expect(bench.take() == "\r\n+WIPPEERCLOSE: 2,1\r\n")
        #expect(create(&bench) == "\r\n+CME ERROR: 840\r\n")
        #expect(bench.ask("AT+WIPCLOSE=2,1") == "\r\nOK\r\n")
        #expect(bench.ask("AT+WIPCLOSE=2,1") == "\r\n+CME ERROR: 831\r\n")
        #expect(create(&bench).contains("+WIPREADY: 2,1"))
    }

    @Test func aFailedOpenIsSaidBehindTheOKAndKeepsItsIndex() {
        var bench = ready()
        #expect(create(&bench, host: "nowhere.example") == "\r\nOK\r\n\r\n+WIPERROR: 2,1,833\r\n")
        #expect(create(&bench) == "\r\n+CME ERROR: 840\r\n")
        bench.far = .refuse
        #expect(create(&bench, 2) == "\r\nOK\r\n\r\n+WIPERROR: 2,2,842\r\n")
        #expect(bench.ask("AT+WIPDATA=2,2,1") == "\r\n+CME ERROR: 831\r\n")
        for index in [1, 2] { #expect(bench.ask("AT+WIPCLOSE=2,\(index)") == "\r\nOK\r\n") }
    }

    @Test func whatIsNoChannelIsRefusedByNumber() {
        var bench = ready()
        let dialogue = [
            ("AT+WIPCREATE=2,0,\"mail.example.com\",465", 830), ("AT+WIPCREATE=2,9,\"mail.example.com\",465", 830),
            ("AT+WIPCREATE=7,1,\"mail.example.com\",465", 837), ("AT+WIPCREATE=4,1,\"mail.example.com\",21", 834),
            ("AT+WIPCREATE=2,1,\"mail.example.com\",0", 832), ("AT+WIPDATA=2,1,1", 831), ("AT+WIPCLOSE=2,9", 830),
            ("AT+WIPDATA=2,1,3", 801), ("AT+WIPBR=5,6", 0),
        ]
        for (command, number) in dialogue {
            let answer = bench.ask(command, for: .seconds(1))
            #expect(answer == (number == 0 ? "\r\nOK\r\n" : "\r\n+CME ERROR: \(number)\r\n"), "\(command)")
        }
    }

    @Test func dataIsAnnouncedOnceUntilItWasRead() {
        var bench = ready()
        _ = create(&bench)
        let key = bench.connections[0]
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "abc")))
        #expect(bench.take() == "\r\n+WIPDATA: 2,1,3\r\n")
        bench.feed(.received(key, ByteBuffer(string: "def")))
        #expect(bench.take() == "")
        #expect(bench.ask("AT+WIPDATA=2,1,1") == "\r\nCONNECT\r\nabcdef")
        #expect(escape(&bench) == "\r\nOK\r\n")
        bench.feed(.received(key, ByteBuffer(string: "g")))
        #expect(bench.take() == "\r\n+WIPDATA: 2,1,1\r\n")
    }

    @Test func otherChannelsLiveWhileOneHasTheLine() {
        var bench = ready()
        _ = create(&bench, 1)
        _ = create(&bench, 8)
        #expect(bench.connections.count == 2)
        #expect(bench.ask("AT+WIPDATA=2,1,2") == "\r\nCONNECT\r\n")
        bench.feed(.received(bench.connections[1], ByteBuffer(string: "other")))
        #expect(bench.take() == "")
        #expect(escape(&bench).contains("\r\nOK\r\n"))
        #expect(bench.ask("AT+WIPDATA?").contains("+WIPDATA: 2,8,5"))
        #expect(bench.ask("AT+WIPDATA=2,8,2") == "\r\nCONNECT\r\nother")
    }

    // MARK: Data mode

    private static let hostile: [UInt8] =
        [UInt8](0...255) + Array("\u{3}\u{10}\u{10}\u{3}+++\r\nSHUTDOWN\r\nNO CARRIER\r\nOK\r\n".utf8)

    @Test func continuousModeMarksBothWays() {
        var (bench, key) = online(1)
        bench.type(Self.hostile.flatMap { $0 == 3 || $0 == 16 ? [16, $0] : [$0] })
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Self.hostile)
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(bytes: Self.hostile)))
        bench.pass(.seconds(1))
        #expect(bench.output == Self.hostile.flatMap { $0 == 3 || $0 == 16 ? [16, $0] : [$0] })
    }

    @Test func transparentModeMarksNothing() {
        var (bench, key) = online(2)
        bench.type(Self.hostile)
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Self.hostile)
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(bytes: Self.hostile)))
        bench.pass(.seconds(1))
        #expect(bench.output == Self.hostile)
        #expect(bench.finished.isEmpty)
    }

    @Test func aBareETXEndsTheHostsDirectionAlone() {
        var (bench, key) = online(1)
        bench.type(Array("last".utf8) + [3] + Array("ignored".utf8))
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Array("last".utf8))
        #expect(bench.finished == [key])
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "answer")))
        #expect(bench.take() == "answer")
    }

    @Test func thePeersEndIsSaidInContinuousModeAndThePortStays() {
        var (bench, key) = online(1)
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "bye")))
        bench.feed(.ended(key))
        #expect(bench.take() == "bye\r\nSHUTDOWN\r\n")
        bench.type("still")
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Array("still".utf8))
        #expect(escape(&bench) == "\r\nOK\r\n\r\n+WIPPEERCLOSE: 2,1\r\n")
        #expect(bench.ask("AT+WIPDATA=2,1,1") == "\r\nCONNECT\r\n")
        bench.type("more")
        bench.pass(.seconds(1))
        #expect(bench.sent[key] == Array("stillmore".utf8))
    }

    @Test func thePeersEndIsNotSaidInTransparentModeBeforeTheEscape() {
        var (bench, key) = online(2)
        _ = bench.take()
        bench.feed(.ended(key))
        bench.pass(.seconds(5))
        #expect(bench.take() == "")
        #expect(escape(&bench) == "\r\nOK\r\n\r\n+WIPPEERCLOSE: 2,1\r\n")
    }

    @Test func aResetIsABareETXThenCommandModeAndItsNumber() {
        var (bench, key) = online(1)
        _ = bench.take()
        bench.feed(.received(key, ByteBuffer(string: "x")))
        bench.feed(.reset(key))
        #expect(bench.take() == "x\u{3}\r\n+CME ERROR: 843\r\n")
        #expect(bench.ask("AT") == "\r\nOK\r\n")
        #expect(bench.ask("AT+WIPDATA=2,1,1") == "\r\n+CME ERROR: 843\r\n")
        #expect(bench.ask("AT+WIPCLOSE=2,1") == "\r\nOK\r\n")
    }

    @Test func aLostBearerBreaksChannelsAndIsSaid() {
        var bench = ready()
        _ = create(&bench)
        _ = bench.take()
        bench.feed(.inflict(.deactivate))
        let said = bench.take()
        #expect(said.contains("+WIPERROR: 2,1,843") && said.contains("+WIPBR: 6,0"))
        for command in ["AT+WIPCLOSE=2,1", "AT+WIPBR=5,6", "AT+WIPBR=0,6", "AT+WIPCFG=0"] {
            #expect(bench.ask(command, for: .seconds(1)) == "\r\nOK\r\n", "\(command)")
        }
        bench.feed(.hostClosed)
        #expect(bench.isBalanced)
    }

    @Test func theTriesLeftAndTheCardsNumberHaveItsForms() {
        var bench = bench { $0.sim = .locked(pin: Secret("1234")) }
        #expect(bench.ask("AT+CPINC?") == "\r\n+CPINC: 3,3,10,10\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CPIN=\"9999\"") == "\r\n+CME ERROR: 16\r\n")
        #expect(bench.ask("AT+CPINC") == "\r\n+CPINC: 2,3,10,10\r\n\r\nOK\r\n")
        #expect(bench.ask("AT+CCID").contains("+CCID: \"8933201012345678901\""))
        #expect(bench.ask("AT+CPINR").contains("ERROR"))
        #expect(bench.ask("AT+CGDCONT=1,\"IPV4V6\",\"internet\"").contains("ERROR"))
        #expect(bench.ask("AT+CGDCONT=1,\"IP\",\"internet\"").contains("OK"))
    }
}
