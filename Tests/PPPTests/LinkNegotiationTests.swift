import NIOCore
import Testing

@testable import PPP

/// What LCP owes to peers of all kinds, from RFC 1661, 1662 and 1570.
@Suite struct LinkNegotiationTests {
    /// RFC 1661 §5.3: a Configure-Nak may name options that were not asked for.
    @Test func anOfferToProveItselfIsNoRefusal() throws {
        var script = Script()
        let request = try #require(script.feed(.open).first?.packet)
        let again = try #require(script.say(0xC021, 3, request.identifier, [3, 4, 0xC0, 0x23]).first)
        #expect(again.packet?.code == 1 && again.options[3] == nil)
        #expect(script.link.phase == .establish)
    }

    /// Some peers insist once, and go on without.
    @Test func aDemandThatWasGivenUpExplainsNoLaterEnd() throws {
        var script = Script { $0.acceptedAuthentication = [.chapMD5] }
        let request = try #require(script.feed(.open).first?.packet)
        _ = script.say(0xC021, 2, request.identifier, request.data)
        let refusal = script.say(0xC021, 1, 1, [3, 4, 0xC0, 0x23])
        #expect(refusal.map { $0.packet?.code } == [3])
        #expect(script.say(0xC021, 1, 2).first?.packet?.code == 2)
        _ = script.say(0xC021, 5, 3, Array("bye".utf8))
        #expect(script.end == .terminatedByPeer(words: "bye"))
    }

    @Test func aDemandWhereNothingIsAcceptedIsToldAsSuch() throws {
        var script = Script { $0.acceptedAuthentication = [] }
        let request = try #require(script.feed(.open).first?.packet)
        _ = script.say(0xC021, 2, request.identifier, request.data)
        #expect(script.say(0xC021, 1, 1, [3, 4, 0xC0, 0x23]).first?.packet == ControlPacket(4, 1, [3, 4, 0xC0, 0x23]))
        _ = script.say(0xC021, 5, 3)
        #expect(script.end == .authenticationUnacceptable(demanded: "PAP"))
    }

    @Test func compressionThatIsNakkedIsNotAskedForAgain() throws {
        var script = Script()
        let request = try #require(script.feed(.open).first?.packet)
        let again = try #require(script.say(0xC021, 3, request.identifier, [7, 2, 8, 2]).first)
        #expect(again.options[7] == nil && again.options[8] == nil && again.options[5] != nil)
    }

    /// Every receiver takes 1,500 octets, so a peer that insists on them may have them.
    @Test func aPeerThatWantsToSendMoreIsLetUpToWhatEveryReceiverTakes() throws {
        var script = Script { $0.mru = 576 }
        var request = try #require(script.feed(.open).first)
        #expect(request.options[1] == [0x02, 0x40])
        for (proposal, expected) in [([0x04, 0x00], [0x04, 0x00]), ([0xFF, 0xFF], nil)] as [([UInt8], [UInt8]?)] {
            let identifier = try #require(request.packet?.identifier)
            request = try #require(script.say(0xC021, 3, identifier, [1, 4] + proposal).first)
            #expect(request.options[1] == expected)
        }
    }

    /// RFC 1661 §5.6 and §5.8: what is sent back must fit the peer's MRU.
    @Test(arguments: [128, 576] as [UInt16])
    func whatIsSentBackFitsThePeersMRU(_ mru: UInt16) throws {
        var script = Script()
        _ = script.openLink([1, 4, UInt8(mru >> 8), UInt8(mru & 0xFF)])
        let long = [UInt8](repeating: 0x55, count: 1_400)
        for (number, code) in [(0xC021, 9), (0xC021, 200), (0x8021, 77), (0x80FD, 1)] as [(UInt16, UInt8)] {
            let sent = try #require(script.say(number, code, 1, long).first?.packet)
            #expect(sent.octets.readableBytes <= Int(mru), "code \(code) of \(number)")
        }
    }

    @Test func theLinkOfAPeerThatTerminatesIsNotEstablishedAnew() {
        var script = Script()
        _ = script.openLink()
        script.actions = []
        _ = script.say(0xC021, 5, 3)
        #expect(script.actions == [.phase(.terminate), .ended(.terminatedByPeer(words: ""))])
    }

    @Test func aRejectOfAnotherMethodThanTheOneInUseChangesNothing() throws {
        var script = Script()
        let opened = script.openLink([3, 4, 0xC0, 0x23])
        let asked = try #require(opened.last?.packet)
        _ = script.say(0xC021, 8, 1, [0xC2, 0x23, 1, 1, 0, 4])
        #expect(script.end == nil)
        #expect(script.say(0xC023, 2, asked.identifier, [0]).map(\.protocolNumber) == [0x8021])
    }

    @Test func aRejectOfTheMethodInUseEndsTheLink() {
        var script = Script()
        _ = script.openLink([3, 4, 0xC0, 0x23])
        _ = script.say(0xC021, 8, 1, [0xC0, 0x23, 1, 1, 0, 4])
        _ = script.pass(.seconds(10))
        #expect(script.end == .authenticationUnanswered(.pap))
    }

    /// RFC 1662 §4.4.1: noise of a pause must not become part of the next frame.
    @Test func aFrameBehindAPauseHasItsOwnFlag() throws {
        var script = Script()
        func first(_ actions: [PPPLink.Action]) -> UInt8? {
            actions.lazy.compactMap { if case .write(let octets) = $0 { octets.readableBytesView.first } else { nil } }
                .first
        }
        #expect(first(script.link.handle(.open, now: script.now)) == 0x7E)
        let deadline = try #require(script.link.deadline)
        #expect(first(script.link.handle(.deadlinePassed, now: deadline)) == 0x7E)
        #expect(first(script.link.handle(.close, now: deadline + .milliseconds(20))) == 0xFF)
    }
}
