import Credentials
import NIOCore
import Scopes
import TLS
import Testing

@testable import PPP

@Suite struct LinkTests {
    @Test func clientAndServerAgreeOnAddressesAndNameServers() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil && $0.network?.ipv6 != nil } })
        #expect(
            pair.ends[0].network?.ipv4
                == PPPNetwork.IPv4(
                    address: IPv4Address(10, 20, 30, 40), peerAddress: IPv4Address(10, 64, 64, 64),
                    nameServers: [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)]))
        #expect(
            pair.ends[0].network?.ipv6?.interfaceIdentifier == pair.ends[1].network?.ipv6?.peerInterfaceIdentifier)
        #expect(pair.ends[0].network?.mtu == 1_500)
        #expect(pair.ends[0].phases == [.establish, .network, .running])
    }

    /// Both ends ask at once, so LCP takes one round trip, and IPCP two: the first answer brings the address.
    @Test func theLinkIsOpenAfterThreeRoundTripsOfTheLine() {
        var pair = LinkPair(.client { $0.ipv6 = nil }, .server { $0.ipv6 = nil })
        pair.open()
        let begin = pair.now
        #expect(pair.run { $0.ends[0].isRunning })
        #expect(pair.now - begin <= .milliseconds(30))
    }

    @Test func packetsGoBothWaysOctetByOctet() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil && $0.network?.ipv6 != nil } })
        let packets = [ByteBuffer.ipv4(1_500), .ipv4(20), .ipv6(1_280), .ipv6(40), .ipv4(777, filledWith: 0x7D)]
        for packet in packets {
            pair.feed(0, .packet(packet))
            pair.feed(1, .packet(packet))
        }
        #expect(pair.run { $0.ends.allSatisfy { $0.delivered == packets } })
        let counters = pair.ends[0].link.counters
        #expect(counters.packetOctetsOut == packets.reduce(0) { $0 + $1.readableBytes })
        #expect(counters.packetOctetsIn == counters.packetOctetsOut)
        #expect(counters.lineOctetsOut == pair.ends[0].writes.reduce(0) { $0 + $1.readableBytes })
    }

    @Test func whatThePeerDoesNotTakeIsDroppedAndCounted() {
        var pair = LinkPair(.client(), .server { $0.mru = 600 })
        pair.open()
        #expect(pair.run { $0.ends[0].network?.ipv4 != nil })
        #expect(pair.ends[0].network?.mtu == 600)
        pair.feed(0, .packet(.ipv4(601)))
        pair.feed(0, .packet(ByteBuffer(bytes: [0x00, 0x01])))
        pair.feed(0, .packet(ByteBuffer()))
        #expect(pair.ends[0].link.counters.packetsDroppedOut == 3)
        pair.feed(0, .packet(.ipv4(600)))
        #expect(pair.run { $0.ends[1].delivered.count == 1 })
    }

    @Test(arguments: [AuthenticationProtocol.pap, .chapMD5])
    func aGoodAccountIsLetIn(_ method: AuthenticationProtocol) {
        let account = PPPAccount(name: "gateway", password: Secret("open sesame"))
        var pair = LinkPair(
            .client { $0.account = account },
            .server {
                $0.demandedAuthentication = [method]
                $0.guests = [account]
            })
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy(\.isRunning) })
        #expect(pair.ends[0].phases == [.establish, .authenticate, .network, .running])
    }

    @Test(arguments: [AuthenticationProtocol.pap, .chapMD5])
    func aWrongPasswordIsToldAsSuch(_ method: AuthenticationProtocol) {
        var pair = LinkPair(
            .client { $0.account = PPPAccount(name: "gateway", password: Secret("wrong")) },
            .server {
                $0.demandedAuthentication = [method]
                $0.guests = [PPPAccount(name: "gateway", password: Secret("open sesame"))]
            })
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.end != nil } })
        #expect(pair.ends[0].end == .authenticationRefused(method, words: ""))
        #expect(pair.ends[0].end?.exitStatus == .credentialsRefused)
        #expect(pair.ends[1].end == .peerUnproven)
    }

    @Test func nothingWeakerThanConfiguredIsAccepted() {
        var pair = LinkPair(
            .client { $0.acceptedAuthentication = [.chapMD5] },
            .server { $0.demandedAuthentication = [.pap] })
        pair.open()
        #expect(pair.run { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .authenticationUnacceptable(demanded: "PAP"))
        for octets in pair.ends[0].writes {
            var decoder = HDLCDecoder()
            var octets = octets
            var outputs: [HDLCDecoder.Output] = []
            while octets.readableBytes > 0 { decoder.decode(&octets, into: &outputs) }
            for case .frame(let frame) in outputs { #expect(frame.protocolNumber != PPPProtocol.pap) }
        }
    }

    @Test func anotherMethodIsNakkedToOneThatBothHave() {
        let account = PPPAccount(name: "g", password: Secret("p"))
        var pair = LinkPair(
            .client {
                $0.acceptedAuthentication = [.pap]
                $0.account = account
            },
            .server {
                $0.demandedAuthentication = [.chapMD5, .pap]
                $0.guests = [account]
            })
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy(\.isRunning) })
    }

    @Test func aLoopedLineIsFoundOut() {
        var pair = LinkPair(.client(), .server(), line: .init(isLooped: true))
        pair.feed(0, .open)
        #expect(pair.run(for: .seconds(30)) { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .loopedBack)
    }

    @Test func aSilentLineEndsInBoundedTime() {
        var pair = LinkPair(.client(), .server(), line: .init(lost: 100))
        pair.feed(0, .open)
        #expect(pair.run(for: .seconds(60)) { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .noAnswer)
    }

    @Test func closingTellsThePeerAndEndsBothSides() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy(\.isRunning) })
        let begin = pair.now
        pair.feed(0, .close)
        #expect(pair.run { $0.ends.allSatisfy { $0.end != nil } })
        #expect(pair.ends[0].end == .closedHere)
        #expect(pair.ends[1].end == .terminatedByPeer(words: ""))
        #expect(pair.now - begin <= .milliseconds(20))
    }

    @Test func closingADeadLineIsBounded() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy(\.isRunning) })
        pair.line.lost = 100
        let begin = pair.now
        pair.feed(0, .close)
        #expect(pair.run { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .closedHere)
        #expect(pair.now - begin <= .seconds(6))
    }

    @Test func aDeadPeerIsNoticedByItsSilence() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy(\.isRunning) })
        #expect(!pair.run(for: .seconds(300)) { $0.ends[0].end != nil })
        pair.line.lost = 100
        let begin = pair.now
        #expect(pair.run(for: .seconds(100)) { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .echoLost(3))
        #expect(pair.now - begin <= .seconds(60))
    }

    @Test func bothFamiliesNeedNotBeThere() {
        for (client, server) in [(true, false), (false, true)] {
            var pair = LinkPair(
                .client { if !client { $0.ipv6 = nil } }, .server { if !server { $0.ipv6 = nil } })
            pair.open()
            #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil } })
            #expect(!pair.run(for: .seconds(60)) { $0.ends.contains { $0.end != nil } })
            #expect(pair.ends.allSatisfy { $0.network?.ipv6 == nil })
        }
        var pair = LinkPair(.client(), .server { $0.ipv4 = nil })
        pair.open()
        #expect(pair.run { $0.ends[0].network?.ipv6 != nil })
        #expect(pair.ends[0].network?.ipv4 == nil)
    }

    @Test func aFamilyThatIsRefusedSettlesTheNetwork() {
        var pair = LinkPair(.client(), .server { $0.ipv6 = nil })
        pair.open()
        #expect(pair.run { $0.ends[0].network?.isSettled == true })
        #expect(pair.ends[0].network?.ipv4 != nil && pair.ends[0].network?.ipv6 == nil)
    }

    @Test func noCommonNetworkIsAnEnd() {
        var pair = LinkPair(.client { $0.ipv6 = nil }, .server { $0.ipv4 = nil })
        pair.open()
        #expect(pair.run(for: .seconds(100)) { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .noNetwork(noAddress: false))
    }

    @Test func aLineThatLosesDoublesAndDamagesOpensOrEndsClearly() {
        for seed in UInt64(0)..<200 {
            let account = PPPAccount(name: "g", password: Secret("p"))
            var pair = LinkPair(
                .client { $0.account = account },
                .server {
                    $0.demandedAuthentication = seed % 2 == 0 ? [.chapMD5] : [.pap]
                    $0.guests = [account]
                },
                line: .init(lost: Int(seed % 30), doubled: 10, damaged: Int(seed / 2 % 20)), seed: seed)
            pair.open()
            let isSettled = pair.run(for: .seconds(600)) { pair in
                pair.ends.allSatisfy { $0.isRunning || $0.end != nil }
            }
            #expect(isSettled, "seed \(seed)")
        }
    }

    @Test func deliveredPacketsAreNeverDamaged() {
        var pair = LinkPair(.client(), .server(), line: .init(lost: 10, damaged: 20), seed: 7)
        pair.open()
        #expect(pair.run(for: .seconds(600)) { $0.ends.allSatisfy { $0.network?.ipv4 != nil } })
        var count = 0
        for size in 20..<220 {
            pair.feed(0, .packet(.ipv4(size, filledWith: UInt8(size))))
            pair.run(for: .milliseconds(10))
            for packet in pair.ends[1].delivered {
                #expect(packet == .ipv4(packet.readableBytes, filledWith: UInt8(packet.readableBytes)))
            }
            count += pair.ends[1].delivered.count
            pair.ends[1].delivered = []
        }
        #expect(count > 100)
    }

    @Test func noCarrierBetweenFramesEndsTheLinkAtOnce() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil } })
        pair.feed(0, .received(ByteBuffer(string: "\r\nNO CARRIER\r\n")))
        #expect(pair.ends[0].end == .noCarrier)
    }

    /// The modem hangs up once the link is over, and its words may come with the last frame.
    @Test func whatTheModemSaysBehindTheEndIsTold() throws {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil } })
        pair.feed(0, .close)
        pair.feed(1, .received(try #require(pair.ends[0].writes.last)))
        var last = try #require(pair.ends[1].writes.last)
        last.writeString("\r\nNO CARRIER\r\n")
        pair.feed(0, .received(last))
        #expect(pair.ends[0].end == .closedHere && pair.ends[0].texts == ["NO CARRIER"])
        pair.feed(0, .received(ByteBuffer(string: "\r\n+CREG: 0\r\n")))
        #expect(pair.ends[0].texts == ["NO CARRIER", "+CREG: 0"] && pair.ends[0].link.deadline == nil)
    }

    /// The modem stops in the middle of a frame, whose octets may be anything where none is escaped.
    @Test func noCarrierAmidAFrameEndsTheLinkBehindASilence() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil && $0.network?.ipv6 != nil } })
        var line = ByteBuffer(bytes: [0x7E, 0x21, 0x45, 0, 5, 0xDC])
        line.writeString("\r\nNO CARRIER\r\n")
        pair.feed(0, .received(line))
        #expect(pair.ends[0].end == nil)
        let begin = pair.now
        #expect(pair.run { $0.ends[0].end != nil })
        #expect(pair.ends[0].end == .noCarrier)
        #expect(pair.now - begin == .seconds(1))
    }

    @Test func noCarrierInAPacketIsPayload() {
        var pair = LinkPair(.client(), .server())
        pair.open()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil && $0.network?.ipv6 != nil } })
        var packet = ByteBuffer.ipv4(100)
        packet.setString("\r\nNO CARRIER\r\n", at: 100 - 14)
        pair.feed(1, .packet(packet))
        #expect(pair.run { $0.ends[0].delivered == [packet] })
        #expect(!pair.run(for: .seconds(30)) { $0.ends[0].end != nil })
    }
}
