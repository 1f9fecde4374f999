import AT
import NIOCore
import Support
import Testing

@Suite struct LineFramerTests {
    /// The items of `text` in pieces of the given sizes, then whole.
    private func items(
        _ octets: [UInt8], framer: LineFramer = LineFramer(), cutting cuts: [Int] = []
    ) -> [LineFramer.Item] {
        var framer = framer
        var rest = octets[...]
        var items: [LineFramer.Item] = []
        for size in cuts + [octets.count] {
            framer.append(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
            while let item = framer.next() { items.append(item) }
        }
        return items
    }

    private func line(_ text: String, payload: String? = nil) -> LineFramer.Item {
        .line(ATLine(text, payload: payload.map { ByteBuffer(string: $0) }))
    }

    static let reader = Introducer(prefix: "+QIRD:") { view in
        guard let end = view.firstIndex(of: 0x0A) else { return .needMore }
        let digits = view[..<end].dropFirst(6).filter { (0x30...0x39).contains($0) }
        guard let count = Int(String(decoding: digits, as: UTF8.self)), count > 0 else { return .line }
        return .payload(header: view.distance(from: view.startIndex, to: end) + 1, octets: count, trailer: 0)
    }

    static let inline = Introducer(prefix: "+USORD:") { view in
        guard let quote = view.firstIndex(of: 0x22) else { return .needMore }
        let digits = view[..<quote].split(separator: UInt8(ascii: ",")).dropFirst().first ?? view[..<view.startIndex]
        guard let count = Int(String(decoding: digits, as: UTF8.self)) else { return .line }
        return .payload(header: view.distance(from: view.startIndex, to: quote) + 1, octets: count, trailer: 1)
    }

    @Test func linesAreCutWithAndWithoutLeadingLineEnds() {
        #expect(items(Array("\r\nOK\r\n".utf8)) == [line("OK")])
        #expect(items(Array("+CSQ: 1,2\r\n0\r".utf8)) == [line("+CSQ: 1,2"), line("0")])
        #expect(items(Array("\r\n\r\n\r\r\nRING\n".utf8)) == [line("RING")])
        #expect(items(Array("\0\0\r\n\u{1}OK\0\r\n".utf8)) == [line("OK")])
        #expect(items(Array("OK".utf8)).isEmpty)
    }

    @Test func anEchoIsDroppedWhereverItStands() {
        var framer = LineFramer()
        framer.expectEcho(of: "AT+USORD=0,4")
        let seen = items(Array("\r\n+UUSORD: 0,5\r\nAT+USORD=0,4\r\r\nOK\r\n".utf8), framer: framer)
        #expect(seen == [line("+UUSORD: 0,5"), .echo(isWhole: true), line("OK")])
        #expect(
            items(Array("AT+USAT+USORD=0,4\r\r\nERROR\r\n".utf8), framer: framer)
                == [.echo(isWhole: false), line("ERROR")])
        framer.forgetEchoes()
        #expect(items(Array("AT+USORD=0,4\r".utf8), framer: framer) == [line("AT+USORD=0,4")])
    }

    @Test func aPromptNeedsNoLineEndAndItsBlankIsNotWaitedFor() {
        var framer = LineFramer()
        framer.expectation = .prompt(UInt8(ascii: ">"))
        #expect(items(Array("\r\n> \r\nOK\r\n".utf8), framer: framer) == [.prompt, line("OK")])
        #expect(items(Array("\r\n>\r\nSEND OK\r\n".utf8), framer: framer) == [.prompt, line("SEND OK")])
        #expect(items(Array("\r\n>".utf8), framer: framer) == [.prompt])
        #expect(items(Array("\r\n+A: >\r\n".utf8), framer: framer) == [line("+A: >")])
        #expect(items(Array("\r\n> \r\nOK\r\n".utf8)) == [line("> "), line("OK")])
    }

    @Test func countedOctetsAreOpaque() {
        var framer = LineFramer()
        framer.introducers = [Self.reader, Self.inline]
        let payload = "OK\r\n\0\u{1A}+QIRD: 9\r\n"
        let text = "\r\n+QIRD: \(payload.utf8.count)\r\n\(payload)\r\n\r\nOK\r\n"
        let expected = [line("+QIRD: \(payload.utf8.count)", payload: payload), line("OK")]
        #expect(items(Array(text.utf8), framer: framer) == expected)
        #expect(
            items(Array("\r\n+USORD: 0,4,\"a\"\rb\"\r\n".utf8), framer: framer)
                == [line("+USORD: 0,4,\"", payload: "a\"\rb")])
        #expect(items(Array("\r\n+QIRD: 0\r\n\r\nOK\r\n".utf8), framer: framer) == [line("+QIRD: 0"), line("OK")])
    }

    @Test func everySplitGivesTheSameItems() {
        var framer = LineFramer()
        framer.introducers = [Self.reader, Self.inline]
        framer.expectation = .prompt(UInt8(ascii: ">"))
        framer.expectEcho(of: "AT+QIRD=0,1500")
        let text =
            "AT+QIRD=0,1500\r\r\n+QIRD: 6\r\nab\r\n> \r\n\r\nOK\r\n\r\n> +QIURC: \"recv\",0\r\n+USORD: 1,3,\"\"\"\"\"\r\n0\r"
        let octets = Array(text.utf8)
        let whole = items(octets, framer: framer)
        #expect(whole.count == 7)
        #expect(items(octets, framer: framer, cutting: Array(repeating: 1, count: octets.count)) == whole)
        for first in 0...octets.count {
            #expect(items(octets, framer: framer, cutting: [first]) == whole, "cut at \(first)")
        }
        for seed in UInt64(0)..<200 {
            var random = SeededGenerator(seed: seed)
            let cuts = (0..<8).map { _ in Int.random(in: 0...12, using: &random) }
            #expect(items(octets, framer: framer, cutting: cuts) == whole, "seed \(seed)")
        }
    }

    @Test func dataModeBeginsBehindTheLineEndOfConnect() {
        for cut in 0...11 {
            var framer = LineFramer()
            var data: [UInt8] = []
            for piece in [
                Array("\r\nCONNECT\r\n".utf8.prefix(cut)), Array("\r\nCONNECT\r\n\n~\r\n".utf8.dropFirst(cut)),
            ] {
                framer.append(ByteBuffer(bytes: piece))
                while let item = framer.next() {
                    switch item {
                    case .line(ATLine("CONNECT")): framer.expectation = .data
                    case .octets(let octets): data += Array(octets.readableBytesView)
                    case .line, .prompt, .echo, .babble: Issue.record("unexpected \(item)")
                    }
                }
            }
            #expect(data == Array("\n~\r\n".utf8), "cut at \(cut)")
        }
    }

    @Test func dataBehindANumericResultCodeKeepsItsLineFeed() {
        var framer = LineFramer()
        framer.append(ByteBuffer(string: "1\r\nabc"))
        #expect(framer.next() == line("1"))
        framer.expectation = .data
        #expect(framer.next() == .octets(ByteBuffer(string: "\nabc")))
    }

    @Test func aLineOfTheLimitIsALineAndOneMoreIsBabble() {
        let framer = LineFramer(lineLimit: 10)
        #expect(items(Array("\r\n0123456789\r\nOK\r\n".utf8), framer: framer) == [line("0123456789"), line("OK")])
        let babble = items(Array("\r\n0123456789a\r\nOK\r\n".utf8), framer: framer)
        #expect(babble == [.babble("a line of more than 10 octets"), line("OK")])
        let endless = items(
            Array(repeating: 0x55, count: 5_000) + Array("\r\nOK\r\n".utf8), framer: framer, cutting: [1_000, 1_000])
        #expect(endless == [.babble("a line of more than 10 octets"), line("OK")])
    }

    @Test func aPayloadBeyondTheLimitIsBabble() {
        var framer = LineFramer(payloadLimit: 4)
        framer.introducers = [Self.reader]
        #expect(
            items(Array("+QIRD: 4\r\nabcd\r\nOK\r\n".utf8), framer: framer)
                == [line("+QIRD: 4", payload: "abcd"), line("OK")])
        let seen = items(Array("+QIRD: 5\r\nabcde\r\nOK\r\n".utf8), framer: framer)
        #expect(seen.first == .babble("an announcement of more than 4 octets"))
        #expect(seen.last == line("OK"))
    }

    @Test func hostileAnnouncementsAreBabbleAndNeverTrap() {
        for announcement in [
            Introduction.payload(header: -1, octets: 1, trailer: 0), .payload(header: 99, octets: 1, trailer: 0),
            .payload(header: 2, octets: -1, trailer: 0), .payload(header: 2, octets: 1, trailer: -1),
            .payload(header: 0, octets: 0, trailer: 0), .payload(header: 1, octets: .max, trailer: .max),
        ] {
            var framer = LineFramer()
            framer.introducers = [Introducer(prefix: "+X:") { _ in announcement }]
            let seen = items(Array("+X: 1\r\nOK\r\n".utf8), framer: framer)
            #expect(seen.count == 2, "\(announcement)")
        }
    }

    @Test func anAbandonedPayloadSwallowsNoAnswer() {
        var framer = LineFramer()
        framer.introducers = [Self.reader]
        framer.append(ByteBuffer(string: "+QIRD: 100\r\nabc"))
        #expect(framer.next() == nil)
        framer.abandon()
        framer.append(ByteBuffer(string: "\r\nOK\r\n"))
        #expect(framer.next() == line("OK"))
    }

    @Test func randomOctetsNeverTrapAndNeverPileUp() {
        for seed in UInt64(0)..<60 {
            var random = SeededGenerator(seed: seed)
            var framer = LineFramer(lineLimit: 64, payloadLimit: 64)
            framer.introducers = [Self.reader, Self.inline]
            let alphabet = Array("+QIRD: 19\r\n>\",USO".utf8) + [0, 0x7E, 0xFF]
            for _ in 0..<200 {
                framer.expectation = [.lines, .prompt(0x3E), .data].randomElement(using: &random) ?? .lines
                let count = Int.random(in: 0...20, using: &random)
                framer.append(ByteBuffer(bytes: (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }))
                while framer.next() != nil {}
                #expect(framer.bufferedOctets <= 64 + 64 + 64 + 20, "seed \(seed)")
            }
        }
    }
}
