import NIOCore
import PPP
import Support
import Testing

@Suite struct HDLCTextTests {
    private let frame = FrameOfTheLine(protocolField: [0x00, 0x21], information: [0x45, 0x00, 0x01])
    private var taken: HDLCDecoder.Output { .frame(0x0021, [0x45, 0x00, 0x01]) }

    private func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// The same whole and octet by octet.
    private func outputs(of octets: [UInt8], accm: UInt32 = 0) -> [HDLCDecoder.Output] {
        var whole = HDLCDecoder(accm: accm)
        var single = HDLCDecoder(accm: accm)
        let outputs = whole.outputs(of: octets)
        #expect(single.outputs(of: octets, cutting: octets.map { _ in 1 }) == outputs)
        return outputs
    }

    @Test func whatStandsBeforeTheFirstFlagIsText() {
        #expect(
            outputs(of: octets("\r\nWelcome\r\nPPP session") + frame.flagged)
                == [.text("Welcome"), .text("PPP session"), taken])
        #expect(outputs(of: octets("\u{0}\u{1}NO CARRIER\r\n")) == [.text("NO CARRIER")])
    }

    @Test func aLineOfTextIsCutAtItsLimit() {
        for count in [255, 256, 257, 100_000] {
            let text = String(repeating: "x", count: count)
            #expect(outputs(of: octets(text + "\r\n")) == [.text(String(text.prefix(256)))])
        }
    }

    @Test func theModemsWordsBetweenFramesAreText() {
        for accm: UInt32 in [0, 0xFFFF_FFFF] {
            let frame = FrameOfTheLine(protocolField: [0x00, 0x21], information: [0x45, 0x00, 0x01], accm: accm)
            let outputs = outputs(of: frame.flagged + octets("\r\nNO CARRIER\r\n\r\n+CREG: 0\r\n"), accm: accm)
            #expect(outputs == [taken, .text("NO CARRIER"), .text("+CREG: 0")])
            let more = self.outputs(of: frame.flagged + octets("\r\nRING\r\n") + frame.flagged, accm: accm)
            #expect(more == [taken, .text("RING"), taken])
        }
    }

    @Test func theWordsAmidAFrameAreSuspectedAsLongAsTheyAreTheEnd() {
        var decoder = HDLCDecoder(accm: 0)
        let start = [0x7E] + frame.octets.prefix(5)
        #expect(decoder.outputs(of: start + octets("\r\nNO CARRIER\r")).isEmpty)
        #expect(!decoder.isLineEndSuspected)
        #expect(decoder.outputs(of: octets("\n")).isEmpty)
        #expect(decoder.isLineEndSuspected)
        #expect(decoder.outputs(of: octets("\r\n+CGEV: NW DETACH\r\n")).isEmpty)
        #expect(decoder.isLineEndSuspected)
        #expect(decoder.outputs(of: [0x80]).isEmpty)
        #expect(!decoder.isLineEndSuspected)
    }

    @Test func manyOctetsBehindTheWordsAreNoTextOfTheModem() {
        for (count, isSuspected) in [(160, true), (161, false)] {
            let line = [0x7E, 0x45] + octets("\r\nNO CARRIER\r\n" + String(repeating: "x", count: count))
            var whole = HDLCDecoder(accm: 0)
            _ = whole.outputs(of: line)
            #expect(whole.isLineEndSuspected == isSuspected)
            var single = HDLCDecoder(accm: 0)
            _ = single.outputs(of: line, cutting: line.map { _ in 1 })
            #expect(single.isLineEndSuspected == isSuspected)
        }
    }

    @Test func theWordsInAGoodFrameArePayload() {
        let mail = FrameOfTheLine(
            protocolField: [0x00, 0x21], information: [0x45] + octets("\r\nNO CARRIER\r\n"))
        var decoder = HDLCDecoder(accm: 0)
        #expect(decoder.outputs(of: [0x7E] + mail.octets.dropLast(2)).isEmpty)
        #expect(decoder.isLineEndSuspected)
        #expect(decoder.outputs(of: mail.octets.suffix(2) + [0x7E]) == [.frame(0x0021, mail.information)])
        #expect(!decoder.isLineEndSuspected)
    }

    @Test func whereLineEndsAreEscapedTheWordsAmidAFrameAreCertain() {
        let start =
            [0x7E] + FrameOfTheLine(protocolField: [0, 0x21], information: [1, 2], accm: 0xFFFF_FFFF).octets.prefix(6)
        let line = start + octets("\r\nNO CARRIER\r\n")
        #expect(outputs(of: line, accm: 0xFFFF_FFFF) == [.text("NO CARRIER")])
        #expect(outputs(of: line + [0x7E], accm: 0xFFFF_FFFF) == [.text("NO CARRIER"), .damaged(.badFCS)])
        #expect(outputs(of: line, accm: 0x000A_0000).isEmpty)
    }

    @Test func wordsLikeItAreNotIt() {
        for words in ["\r\nNO CARRIERS\r\n", "\r\nNO\r\nCARRIER\r\n", "NO CARRIER\r\n", "\r\n NO CARRIER\r\n"] {
            #expect(outputs(of: [0x7E, 0x45] + octets(words), accm: 0xFFFF_FFFF).isEmpty)
        }
        #expect(
            outputs(of: [0x7E, 0x45] + octets("\r\nNO CAR\r\nNO CARRIER\r\n"), accm: 0xFFFF_FFFF) == [
                .text("NO CARRIER")
            ])
        #expect(
            outputs(of: [0x7E, 0x45] + octets("\r\r\nNO CARRIER\r\n"), accm: 0xFFFF_FFFF) == [.text("NO CARRIER")])
    }
}
