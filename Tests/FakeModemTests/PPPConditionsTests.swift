import NIOCore
import PPP
import Scopes
import Testing

@testable import FakeModem

/// Every way in which the network behind a call can be made to behave.
@Suite struct PPPConditionsTests {
    /// A caller whose link is up under these conditions.
    private func caller(
        tune: (inout PPPConfiguration) -> Void = { _ in }, within limit: TimeAmount = .seconds(5),
        _ change: (inout PPPConditions) -> Void
    ) -> Caller {
        var caller = Caller({ change(&$0.ppp) }, tune: tune)
        _ = caller.dial()
        caller.pass(limit) { $0.isUp }
        #expect(caller.isUp, "\(String(describing: caller.end))")
        return caller
    }

    @Test func nameServersAreHandedOutAsManyAsThereAre() {
        #expect(caller { $0.nameServers = 0 }.network?.ipv4?.nameServers == [])
        #expect(caller { $0.nameServers = 1 }.network?.ipv4?.nameServers == [IPv4Address(10, 64, 0, 53)])
    }

    @Test func theLargestPacketIsTheModems() {
        #expect(caller { $0.mru = 600 }.network?.mtu == 600)
    }

    @Test func theControlCharactersThatItWantsEscapedAreEscaped() {
        var caller = caller { $0.accm = 1 << 0x11 }
        caller.written = []
        let packet = ByteBuffer(bytes: [0x45, 0, 0, 24] + [UInt8](repeating: 0x11, count: 20))
        caller.feed(.packet(packet))
        #expect(!caller.written.contains(0x11))
        caller.pass(.seconds(1)) { !$0.bench.packets.isEmpty }
        #expect(caller.bench.packets == [packet])
    }

    @Test(arguments: [true, false]) func headersAreCompressedWhereTheModemDoes(_ compresses: Bool) {
        let caller = caller(
            tune: { $0.ipv4?.headerCompression = HeaderCompression() }, { $0.compressesHeaders = compresses })
        #expect(caller.network?.ipv4?.compressesSent == compresses)
        #expect(caller.network?.ipv4?.compressesReceived == compresses)
    }

    @Test func refusedOptionsAreDoneWithout() {
        var caller = caller { $0.refusedOptions = [2, 5, 7, 8] }
        caller.written = []
        caller.feed(.packet(ByteBuffer(bytes: [0x45, 0, 0, 20] + [UInt8](repeating: 0x40, count: 16))))
        caller.pass(.seconds(1)) { !$0.bench.packets.isEmpty }
        #expect(caller.bench.packets.count == 1)
    }

    @Test func anAddressThatComesLateIsWaitedFor() {
        #expect(
            caller(within: .seconds(60)) { $0.emptyProposals = 9 }.network?.ipv4?.address == IPv4Address(10, 64, 1, 2))
    }

    @Test func echoesWithoutAnswerEndTheHostsLink() {
        var caller = caller(tune: { $0.echoInterval = .seconds(1) }, { $0.answersEcho = false })
        caller.pass(.seconds(10)) { $0.end != nil }
        #expect(caller.end == .echoLost(3))
    }

    @Test func aLineThatLosesAndDamagesComesUpAllTheSame() {
        _ = caller(within: .seconds(90)) {
            $0.lost = 20
            $0.damaged = 20
        }
    }

    @Test func theBannerIsToldAsText() {
        var caller = Caller { $0.ppp.banner = "\r\nWelcome to the network\r\n" }
        caller.bench.type("ATD*99#\r")
        caller.bench.pass(.milliseconds(200))
        let answer = caller.bench.output
        caller.bench.output = []
        #expect(String(decoding: answer, as: UTF8.self).contains("Welcome to the network"))
        caller.feed(.open)
        caller.feed(.received(ByteBuffer(bytes: answer)))
        caller.pass(.seconds(5)) { $0.isUp }
        #expect(caller.isUp)
        #expect(caller.texts.contains { $0.contains("Welcome") })
    }

    @Test func aModemThatNeverHangsUpWaitsForTheHost() {
        var caller = caller { $0.hangUp = nil }
        caller.feed(.close)
        caller.pass(.seconds(5)) { $0.end != nil }
        #expect(caller.end == .closedHere)
        caller.bench.pass(.seconds(2))
        caller.bench.output = []
        caller.bench.type("+++")
        caller.bench.pass(.milliseconds(1_100))
        #expect(caller.bench.take().hasSuffix("\r\nOK\r\n"))
        #expect(caller.bench.ask("ATH").contains("OK"))
    }

    @Test func aSlowModemHangsUpBehindItsTime() {
        var caller = caller { $0.hangUp = .seconds(3) }
        caller.feed(.close)
        caller.pass(.seconds(1)) { $0.end != nil }
        caller.bench.pass(.milliseconds(2_900))
        #expect(!caller.bench.take().contains("NO CARRIER"))
        caller.bench.pass(.milliseconds(200))
        #expect(caller.bench.take().contains("\r\nNO CARRIER\r\n"))
    }

    @Test func theNetworkEndsTheLinkInOrderOrAtOnce() {
        var first = caller { _ in }
        first.bench.feed(.inflict(.terminatePPP))
        first.pass(.seconds(5)) { $0.end != nil }
        #expect(first.end == .terminatedByPeer(words: ""))
        var second = caller { _ in }
        // Amid a frame of 1,500 octets, of which no more than these have left.
        second.bench.feed(.packet(ByteBuffer(bytes: [0x45, 0, 5, 0xDC] + [UInt8](repeating: 0x55, count: 1_496))))
        second.bench.feed(.inflict(.hangUp))
        second.pass(.seconds(5)) { $0.end != nil }
        #expect(second.end == .noCarrier)
        #expect(second.bench.ask("AT").contains("OK"))
    }

    @Test func anotherServerGetsTheOctetsAsTheyAre() {
        var bench = Bench {
            $0.ppp.server = PPPConditions.Server(address: "127.0.0.1", port: 7)
        }
        #expect(bench.ask("ATD*99#", for: .milliseconds(200)).contains("CONNECT 150000000"))
        #expect(bench.plans.isEmpty)
        bench.type([0x7E, 0xFF, 0x03])
        bench.pass(.milliseconds(10))
        guard let key = bench.connections.first else { return #expect(!bench.connections.isEmpty) }
        #expect(bench.sent[key] == [0x7E, 0xFF, 0x03])
        bench.feed(.received(key, ByteBuffer(bytes: [0x7E, 0x00])))
        bench.pass(.milliseconds(10))
        #expect(bench.output == [0x7E, 0x00])
        bench.output = []
        bench.feed(.ended(key))
        bench.pass(.milliseconds(10))
        #expect(bench.take() == "\r\nNO CARRIER\r\n")
    }

    @Test func aContextThatNobodyDefinedIsNoCarrier() {
        var bench = Bench()
        #expect(bench.ask("ATD*99***5#").hasSuffix("\r\nNO CARRIER\r\n"))
        #expect(bench.ask("AT+CEER").contains("Unknown PDP context"))
    }

    @Test(arguments: ["--ppp-auth", "--ppp-server", "--ppp-accm"])
    func wordsThatMeanNothingAreNamed(_ option: String) {
        var conditions = PPPConditions()
        let error = #expect(throws: FakeModemError.self) {
            switch option {
            case "--ppp-auth": try conditions.setAuthentication(["eap"])
            case "--ppp-server": try conditions.setServer("nowhere")
            default: try conditions.setACCM("xyz")
            }
        }
        #expect(error?.line.contains(option) == true)
    }
}
