import NIOCore
import Testing

@testable import PPP

/// IPCP and IPV6CP against peers that are not ready, or mistaken (RFC 1332, 1877, 5072).
@Suite struct AddressNegotiationTests {
    /// A modem whose context is not up knows neither address nor name servers.
    @Test func nameServersOf0000AreAskedForAgainUntilThereIsAnAddress() throws {
        var script = Script()
        let asked = try #require(script.openLink().last?.packet)
        let empty = address(3, 0, 0, 0, 0) + address(129, 0, 0, 0, 0) + address(131, 0, 0, 0, 0)
        let again = try #require(script.say(0x8021, 3, asked.identifier, empty).last)
        #expect(again.options == [3: [0, 0, 0, 0], 129: [0, 0, 0, 0], 131: [0, 0, 0, 0]])
        let known = address(3, 10, 1, 2, 3) + address(129, 9, 9, 9, 9) + address(131, 0, 0, 0, 0)
        let identifier = try #require(again.packet?.identifier)
        let last = try #require(script.say(0x8021, 3, identifier, known).last)
        #expect(last.options == [3: [10, 1, 2, 3], 129: [9, 9, 9, 9]])
    }

    /// RFC 1122 §3.2.1.3: addresses that no host has.
    @Test(arguments: [[127, 0, 0, 1], [224, 0, 0, 5], [255, 255, 255, 255], [0, 1, 2, 3]] as [[UInt8]])
    func anAddressThatNoHostHasIsNone(_ given: [UInt8]) throws {
        var script = Script()
        var asked = try #require(script.openLink().last)
        for _ in 0..<30 {
            guard let identifier = asked.packet?.identifier else { break }
            let next = script.say(0x8021, 3, identifier, [3, 6] + given)
            guard let following = (next.isEmpty ? script.pass(.seconds(3)) : next).first else { break }
            guard following.protocolNumber == 0x8021 else { break }
            #expect(following.options[3] == [0, 0, 0, 0])
            asked = following
        }
        _ = script.pass(.seconds(60))
        #expect(script.network == nil)
        #expect(script.end == .noNetwork(noAddress: true))
    }

    @Test func theIdentifierOfThePeerIsNotTaken() throws {
        var script = Script { configuration in
            configuration.ipv4 = nil
            configuration.ipv6 = .init()
        }
        let asked = try #require(script.openLink().last?.packet)
        #expect(script.say(0x8057, 1, 1, [1, 10, 0, 0, 0, 0, 0, 0, 0, 9]).first?.packet?.code == 2)
        let again = try #require(script.say(0x8057, 3, asked.identifier, [1, 10, 0, 0, 0, 0, 0, 0, 0, 9]).first)
        #expect(again.options[1] != [0, 0, 0, 0, 0, 0, 0, 9] && again.options[1] != asked.data.suffix(8))
    }

    /// RFC 5072 §4.1: a request with our own identifier is nakked with another, and one with zero too.
    @Test func anIdentifierThatCollidesIsNakked() throws {
        var script = Script { configuration in
            configuration.ipv4 = nil
            configuration.ipv6 = .init()
        }
        let asked = try #require(script.openLink().last?.packet)
        for wish in [asked.data, [1, 10] + [UInt8](repeating: 0, count: 8)] {
            let answer = try #require(script.say(0x8057, 1, 1, wish).first)
            let proposed = try #require(answer.options[1])
            #expect(answer.packet?.code == 3 && proposed.count == 8 && proposed != asked.data.suffix(8))
            // No universal identifier, and not zero.
            #expect(proposed[0] & 2 == 0 && proposed != [UInt8](repeating: 0, count: 8))
        }
    }

    @Test func bothEndsWithTheSameIdentifierComeToTerms() {
        for identifier in [1, 0xDEAD_BEEF] as [UInt64] {
            var pair = LinkPair(
                .client {
                    $0.ipv4 = nil
                    $0.ipv6?.interfaceIdentifier = identifier
                },
                .server {
                    $0.ipv4 = nil
                    $0.ipv6?.interfaceIdentifier = identifier
                })
            pair.open()
            #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv6 != nil } })
            let (first, second) = (pair.ends[0].network?.ipv6, pair.ends[1].network?.ipv6)
            #expect(first?.interfaceIdentifier != second?.interfaceIdentifier)
            #expect(first?.interfaceIdentifier == second?.peerInterfaceIdentifier)
            #expect(second?.interfaceIdentifier == first?.peerInterfaceIdentifier)
        }
    }
}
