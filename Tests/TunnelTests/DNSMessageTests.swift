import NIOCore
import Support
import Testing

@testable import Tunnel

@Suite struct DNSMessageTests {
    private let name = DNSName("mail.example.com")!
    private let query = Array(
        DNSMessage.query(DNSName("mail.example.com")!, .v4, identifier: 0x1234).readableBytesView)

    private func read(_ octets: [UInt8], _ family: IPAddress.Family = .v4) -> DNSMessage.Reading {
        DNSMessage.read(octets, asked: name, family, identifier: 0x1234)
    }

    private func addresses(_ octets: [UInt8], _ family: IPAddress.Family = .v4) -> [String]? {
        guard case .answer(let message) = read(octets, family) else { return nil }
        return message.addresses(of: name)?.map(\.description)
    }

    @Test func aQueryIsAsTheStandardSays() {
        let wanted: [UInt8] =
            [0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 4] + Array("mail".utf8) + [7] + Array("example".utf8) + [3]
            + Array("com".utf8) + [0, 0, 1, 0, 1]
        #expect(query == wanted)
        let six = DNSMessage.query(name, .v6, identifier: 0).readableBytesView
        #expect(Array(six.suffix(4)) == [0, 28, 0, 1])
    }

    @Test func addressesAreFoundThroughAliasesAndPointers() {
        let answer = DNSAnswer(
            to: query,
            [
                .raw(DNSAnswer.pointer, 5, DNSAnswer.name("MX.example.net")),
                .a("mx.EXAMPLE.net", [192, 0, 2, 1]), .a("mx.example.net", [192, 0, 2, 2]),
                .a("mx.example.net", [192, 0, 2, 1]), .a("other.example", [203, 0, 113, 9]),
            ])
        #expect(addresses(answer.octets) == ["192.0.2.1", "192.0.2.2"])
        let six = Array(DNSMessage.query(name, .v6, identifier: 0x1234).readableBytesView)
        let address: [UInt8] = [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        #expect(addresses(DNSAnswer(to: six, [.aaaa("mail.example.com", address)]).octets, .v6) == ["2001:db8::1"])
    }

    @Test func whatIsNotTheQuestionIsForeign() {
        var other = query
        other[1] ^= 1
        #expect(read(DNSAnswer(to: other).octets) == .foreign)
        #expect(read(query) == .foreign, "a query is no answer")
        let name = Array(DNSMessage.query(DNSName("mail.example.org")!, .v4, identifier: 0x1234).readableBytesView)
        #expect(read(DNSAnswer(to: name).octets) == .foreign)
        #expect(read(DNSAnswer(to: query).octets, .v6) == .foreign)
        #expect(read([]) == .foreign)
    }

    @Test func pointersThatGoRoundEnd() {
        let position = query.count
        let own: [UInt8] = [0xC0, UInt8(position)]
        let forward: [UInt8] = [0xC0, UInt8(position + 2)]
        let far: [UInt8] = [0xFF, 0xFF]
        for owner in [own, forward, far, [3, 0x61], [0x40, 0x61, 0], [0x80, 0x61, 0]] as [[UInt8]] {
            #expect(read(DNSAnswer(to: query, [.raw(owner, 1, [192, 0, 2, 1])]).octets) == .malformed)
        }
        // A chain of pointers, each back to the one before: it ends, and takes no more than a name may have.
        var chain = DNSAnswer(to: query, [])
        chain.records = (0..<60).map { .raw(DNSAnswer.pointer, 16, [0xC0, UInt8(12 + ($0 > 0 ? 1 : 0))]) }
        #expect(addresses(chain.octets) == [])
    }

    @Test func aliasesThatGoRoundAreNoAnswer() {
        let loop = DNSAnswer(
            to: query, [.cname("mail.example.com", "a.example"), .cname("a.example", "mail.example.com")])
        guard case .answer(let message) = read(loop.octets) else {
            Issue.record("not read")
            return
        }
        #expect(message.addresses(of: name) == nil)
    }

    @Test(arguments: [3, 5, 16]) func anAddressOfAnotherLengthIsMalformed(count: Int) {
        let answer = DNSAnswer(to: query, [.a("mail.example.com", [UInt8](repeating: 1, count: count))])
        #expect(read(answer.octets) == .malformed)
    }

    @Test func everyCutIsMalformedOrForeign() {
        let whole = DNSAnswer(
            to: query, [.cname("mail.example.com", "a.example"), .a("a.example", [192, 0, 2, 1])]
        ).octets
        for count in 0..<whole.count {
            switch read(Array(whole.prefix(count))) {
            case .foreign, .malformed: break
            case .answer: Issue.record("\(count) octets of \(whole.count)")
            }
        }
    }

    @Test(arguments: 0..<50) func changedOctetsNeverBreakTheReader(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let whole = DNSAnswer(
            to: query, [.raw(DNSAnswer.pointer, 5, [1, 0x61, 0xC0, 17]), .a("a.example.com", [192, 0, 2, 1])]
        ).octets
        for _ in 0..<200 {
            var octets = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                octets[Int.random(in: 12..<octets.count, using: &generator)] = .random(in: 0...255, using: &generator)
            }
            if case .answer(let message) = read(octets) { _ = message.addresses(of: name) }
        }
    }

    @Test func onlyHostNamesAreAskedFor() {
        #expect(DNSName("a.b.") == DNSName("A.B"))
        #expect(DNSName("_mta-sts.example.com") != nil)
        let label = String(repeating: "a", count: 63)
        #expect(DNSName("\(label).example") != nil)
        let longest = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
        #expect(DNSName(longest)?.wire.count == 255)
        for text in ["", ".", "a..b", "\(label)a", longest + "a", "a b", "ä.example", "a\0b", "a/b", ".a"] {
            #expect(DNSName(text) == nil, "\(text)")
        }
    }
}
