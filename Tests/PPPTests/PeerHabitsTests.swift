import Credentials
import NIOCore
import Scopes
import TLS
import Testing

@testable import PPP

@Suite struct PeerHabitsTests {
    /// What we ask for is worth its octets: no ACCM, a magic number, both compressions, and no MRU, which is the default.
    @Test func theFirstRequestAsksForTheCheapestFrames() {
        var script = Script()
        let sent = script.feed(.open)
        #expect(sent.map(\.protocolNumber) == [0xC021])
        #expect(sent[0].options[2] == [0, 0, 0, 0])
        #expect(sent[0].options[5]?.count == 4)
        #expect(sent[0].options[7] == [] && sent[0].options[8] == [])
        #expect(sent[0].options[1] == nil)
    }

    @Test func ipcpIsAskedForTogetherWithTheAckThatOpensTheLink() {
        var script = Script()
        let sent = script.openLink()
        #expect(sent.map(\.protocolNumber) == [0xC021, 0x8021])
        #expect(sent[0].packet?.code == 2)
        #expect(sent[1].options == [3: [0, 0, 0, 0], 129: [0, 0, 0, 0], 131: [0, 0, 0, 0]])
    }

    @Test func aPeerThatRefusesNameServersGivesItsAddressAllTheSame() {
        var script = Script()
        let asked = script.openLink()[1]
        let again = script.say(0x8021, 4, asked.packet!.identifier, address(129, 0, 0, 0, 0) + address(131, 0, 0, 0, 0))
        #expect(again[0].options == [3: [0, 0, 0, 0]])
        let third = script.say(0x8021, 3, again[0].packet!.identifier, address(3, 10, 1, 2, 3))
        #expect(third[0].options == [3: [10, 1, 2, 3]])
        _ = script.say(0x8021, 2, third[0].packet!.identifier, third[0].packet!.data)
        _ = script.say(0x8021, 1, 9, address(3, 10, 64, 64, 64))
        #expect(script.network?.ipv4?.address == IPv4Address(10, 1, 2, 3))
        #expect(script.network?.ipv4?.nameServers == [])
    }

    @Test func aSecondNameServerOf0000IsNone() {
        var script = Script()
        let asked = script.openLink()[1]
        let again = script.say(
            0x8021, 3, asked.packet!.identifier,
            address(3, 10, 1, 2, 3) + address(129, 9, 9, 9, 9) + address(131, 0, 0, 0, 0))
        #expect(again[0].options == [3: [10, 1, 2, 3], 129: [9, 9, 9, 9]])
        _ = script.say(0x8021, 2, again[0].packet!.identifier, again[0].packet!.data)
        _ = script.say(0x8021, 1, 9, [])
        #expect(script.network?.ipv4?.nameServers == [IPv4Address(9, 9, 9, 9)])
    }

    /// Modems whose context is still coming up nak with placeholders, or with nothing, until the network has answered.
    @Test func aPeerThatNaksFromPatienceIsAskedUntilItHasAnAddress() {
        var script = Script()
        var asked = script.openLink()[1]
        var count = 0
        for _ in 0..<30 {
            var next = script.say(
                0x8021, 3, asked.packet!.identifier, address(3, 0, 0, 0, 0) + address(129, 10, 11, 12, 13))
            if next.isEmpty { next = script.pass(.seconds(3)) }
            guard let following = next.first(where: { $0.protocolNumber == 0x8021 }) else { break }
            asked = following
            count += 1
            if count == 12 { break }
        }
        #expect(count == 12)
        let last = script.say(0x8021, 3, asked.packet!.identifier, address(3, 10, 1, 2, 3) + address(129, 8, 8, 4, 4))
        let final = last.first ?? script.pass(.seconds(3))[0]
        #expect(final.options[3] == [10, 1, 2, 3] && final.options[129] == [8, 8, 4, 4])
    }

    @Test func requestsToAPeerThatOnlyNaksAreSpacedOut() {
        var script = Script()
        var asked = script.openLink()[1]
        var atOnce = 0
        while true {
            let next = script.say(0x8021, 3, asked.packet!.identifier, address(3, 0, 0, 0, 0))
            guard let following = next.first else { break }
            asked = following
            atOnce += 1
            if atOnce > 50 { break }
        }
        #expect(atOnce < 10)
        // And in the end the time of the phase is over.
        _ = script.pass(.seconds(60))
        #expect(script.end == .noNetwork(noAddress: true))
    }

    @Test func anAddressOf0000ThatIsAcknowledgedIsAskedForAgain() {
        var script = Script()
        let asked = script.openLink()[1]
        _ = script.say(0x8021, 1, 9, address(3, 10, 64, 64, 64))
        #expect(script.say(0x8021, 2, asked.packet!.identifier, asked.packet!.data).isEmpty)
        #expect(script.network == nil)
        let again = script.pass(.seconds(3))
        #expect(again.map(\.protocolNumber) == [0x8021])
        let third = script.say(0x8021, 3, again[0].packet!.identifier, address(3, 10, 1, 2, 3))
        let asked3 = third.first ?? script.pass(.seconds(3))[0]
        _ = script.say(0x8021, 2, asked3.packet!.identifier, asked3.packet!.data)
        #expect(script.network?.ipv4?.address == IPv4Address(10, 1, 2, 3))
    }

    @Test func ccpIsRefusedByProtocolReject() {
        var script = Script()
        _ = script.openLink()
        let sent = script.say(0x80FD, 1, 1, [26, 4, 0x78, 0])
        #expect(sent.map(\.protocolNumber) == [0xC021])
        #expect(sent[0].packet?.code == 8)
        #expect(sent[0].packet?.data == [0x80, 0xFD, 1, 1, 0, 8, 26, 4, 0x78, 0])
    }

    @Test func unknownProtocolsAreLeftAloneBeforeTheLinkIsOpen() {
        var script = Script()
        _ = script.feed(.open)
        #expect(script.say(0x80FD, 1, 1).isEmpty)
    }

    @Test func theNetworksWordsBehindTerminateAreTold() {
        var script = Script()
        _ = script.openLink()
        let sent = script.say(0xC021, 5, 3, Array("No network\u{1b}[31m".utf8))
        #expect(sent.map { $0.packet?.code } == [6])
        #expect(script.end == .terminatedByPeer(words: "No network\\x1b[31m"))
    }

    @Test func eapIsNakkedToChap() {
        var script = Script()
        let request = script.feed(.open)
        _ = script.say(0xC021, 2, request[0].packet!.identifier, request[0].packet!.data)
        let sent = script.say(0xC021, 1, 1, [3, 4, 0xC2, 0x27])
        #expect(sent[0].packet == ControlPacket(3, 1, [3, 5, 0xC2, 0x23, 5]))
    }

    @Test func identificationIsNotAnswered() {
        var script = Script()
        _ = script.openLink()
        #expect(script.say(0xC021, 12, 1, [0, 0, 0, 0] + Array("modem 1.0".utf8)).isEmpty)
    }

    @Test func unknownCodesAreRejected() {
        var script = Script()
        _ = script.openLink()
        let sent = script.say(0xC021, 200, 5, [1, 2, 3])
        #expect(sent[0].packet?.code == 7 && sent[0].packet?.data == [200, 5, 0, 7, 1, 2, 3])
    }

    /// RFC 1994 §4.1, with the digest of RFC 1321 over identifier, secret and challenge.
    @Test func aChallengeIsAnsweredWithTheDigestOfTheRFC() {
        var script = Script { $0.account = PPPAccount(name: "gw", password: Secret("secret")) }
        _ = script.openLink([3, 5, 0xC2, 0x23, 5])
        let challenge: [UInt8] = Array(1...16)
        let sent = script.say(0xC223, 1, 0x2A, [16] + challenge + Array("peer".utf8))
        let digest = Digests.openSSL.md5([0x2A] + Array("secret".utf8) + challenge)!
        #expect(sent[0].packet == ControlPacket(2, 0x2A, [16] + digest + Array("gw".utf8)))
    }

    @Test func theWordsOfARefusedPasswordAreTold() {
        var script = Script()
        _ = script.openLink([3, 4, 0xC0, 0x23])
        let sent = script.say(0xC023, 3, 0, [])
        #expect(sent.isEmpty)  // of no request of ours
        var other = Script { $0.account = PPPAccount(name: "u", password: Secret("p")) }
        let opened = other.openLink([3, 4, 0xC0, 0x23])
        #expect(opened[1].packet?.data == [1, UInt8(ascii: "u"), 1, UInt8(ascii: "p")])
        let end = other.say(0xC023, 3, opened[1].packet!.identifier, [7] + Array("go away".utf8))
        #expect(end.map { $0.packet?.code } == [5])
        _ = other.say(0xC021, 6, end[0].packet!.identifier)
        #expect(other.end == .authenticationRefused(.pap, words: "go away"))
    }

    @Test(arguments: [0, 1, 3, 200] as [UInt8])
    func optionsOfImpossibleLengthAreDroppedInSilence(_ length: UInt8) {
        for number: UInt16 in [0xC021, 0x8021] {
            var script = Script()
            _ = script.openLink()
            #expect(script.say(number, 1, 5, [3, length]).isEmpty)
        }
    }

    @Test func wellKnownOptionsOfAWrongLengthAreRejected() {
        var script = Script()
        let request = script.feed(.open)
        _ = script.say(0xC021, 2, request[0].packet!.identifier, request[0].packet!.data)
        for option: [UInt8] in [
            [1, 3, 5], [2, 3, 0], [5, 5, 1, 2, 3], [7, 3, 0], [8, 4, 0, 0], [3, 3, 0xC0], [13, 3, 6],
        ] {
            let sent = script.say(0xC021, 1, 5, option)
            #expect(sent[0].packet == ControlPacket(4, 5, option))
        }
    }

    @Test func aPeerThatNaksForEverEndsTheLink() {
        var script = Script()
        var asked = script.feed(.open)[0]
        for _ in 0..<2_000 where script.end == nil {
            let next = script.say(0xC021, 3, asked.packet!.identifier, [5, 6, 1, 2, 3, 4])
            guard let following = (next.isEmpty ? script.pass(.seconds(3)) : next).first else { break }
            asked = following
        }
        _ = script.pass(.seconds(60))
        #expect(script.end != nil)
    }
}
