import Credentials
import NIOCore
import TLS
import Testing

@testable import PPP

/// Proofs on a line that loses, from RFC 1334 and 1994.
@Suite struct ProofTests {
    /// RFC 1334 §2.2.1: another identifier each time. The answer to an earlier one is an answer all the same.
    @Test func everyRequestOfPAPHasItsIdentifierAndAnyAnswerCounts() throws {
        var script = Script()
        let first = try #require(script.openLink([3, 4, 0xC0, 0x23]).last?.packet)
        let second = try #require(script.pass(.seconds(3)).last?.packet)
        let third = try #require(script.pass(.seconds(3)).last?.packet)
        #expect(Set([first, second, third].map(\.identifier)).count == 3)
        #expect(first.data == third.data)
        #expect(script.say(0xC023, 2, third.identifier &+ 1, [0]).isEmpty)
        #expect(script.say(0xC023, 2, first.identifier &- 1, [0]).isEmpty)
        #expect(script.say(0xC023, 2, second.identifier, [0]).map(\.protocolNumber) == [0x8021])
    }

    /// RFC 1994 §4.2: the authenticator takes a response again, because its Success may be lost.
    @Test func aResponseWhoseSuccessIsLostIsRepeated() throws {
        var script = Script()
        _ = script.openLink([3, 5, 0xC2, 0x23, 5])
        let response = try #require(script.say(0xC223, 1, 9, [4, 1, 2, 3, 4]).first)
        #expect(script.pass(.seconds(3)) == [response])
        #expect(script.say(0xC223, 3, 9).map(\.protocolNumber) == [0x8021])
        #expect(script.pass(.seconds(2)).allSatisfy { $0.protocolNumber != 0xC223 })
    }

    @Test func aSuccessBeforeAnyResponseProvesNothing() {
        var script = Script()
        _ = script.openLink([3, 5, 0xC2, 0x23, 5])
        for identifier in UInt8.min ... .max { #expect(script.say(0xC223, 3, identifier).isEmpty) }
        #expect(script.link.phase == .authenticate)
    }

    @Test func aChallengeOnTheOpenLinkIsAnsweredAndItsFailureEndsTheLink() throws {
        var script = Script { $0.account = PPPAccount(name: "gw", password: Secret("secret")) }
        _ = script.openLink([3, 5, 0xC2, 0x23, 5])
        _ = script.say(0xC223, 1, 9, [1, 7])
        let asked = try #require(script.say(0xC223, 3, 9).last?.packet)
        _ = script.say(0x8021, 3, asked.identifier, address(3, 10, 1, 2, 3))
        let again = try #require(script.say(0xC223, 1, 10, [2, 5, 6]).first?.packet)
        let digest = try #require(Digests.openSSL.md5([10] + Array("secret".utf8) + [5, 6]))
        #expect(again == ControlPacket(2, 10, [16] + digest + Array("gw".utf8)))
        #expect(script.say(0xC223, 3, 10).isEmpty)
        _ = script.say(0xC223, 1, 11, [1, 1])
        let end = try #require(script.say(0xC223, 4, 11, Array("expired".utf8)).first?.packet)
        _ = script.say(0xC021, 6, end.identifier)
        #expect(script.end == .authenticationRefused(.chapMD5, words: "expired"))
    }

    @Test(arguments: [[], [0], [1], [5, 1, 2], [255, 1]] as [[UInt8]])
    func aChallengeOfImpossibleLengthIsDropped(_ data: [UInt8]) {
        var script = Script()
        _ = script.openLink([3, 5, 0xC2, 0x23, 5])
        #expect(script.say(0xC223, 1, 9, data).isEmpty)
    }

    @Test(arguments: [[], [0], [1], [1, 65], [1, 65, 1], [0, 9, 65], [255, 255]] as [[UInt8]])
    func aRequestOfImpossibleLengthProvesNothing(_ data: [UInt8]) throws {
        var script = Script {
            $0.demandedAuthentication = [.pap]
            $0.guests = [PPPAccount(name: "A", password: Secret("B"))]
        }
        _ = script.openLink()
        #expect(script.say(0xC023, 1, 9, data).isEmpty)
        #expect(script.say(0xC023, 1, 9, [1, 65, 1, 66]).first?.packet?.code == 2)
    }

    @Test(arguments: [[], [0], [3, 1, 2], [255, 1]] as [[UInt8]])
    func aResponseOfImpossibleLengthProvesNothing(_ data: [UInt8]) throws {
        var script = Script {
            $0.demandedAuthentication = [.chapMD5]
            $0.guests = [PPPAccount(name: "A", password: Secret("B"))]
        }
        let challenge = try #require(script.openLink().last?.packet)
        let sent = script.say(0xC223, 2, challenge.identifier, data)
        #expect(sent.allSatisfy { $0.packet?.code != 3 })
        #expect(script.link.phase != .network)
    }
}
