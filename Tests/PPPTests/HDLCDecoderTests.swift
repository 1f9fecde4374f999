import NIOCore
import PPP
import Support
import Testing

@Suite struct HDLCDecoderTests {
    private let hello = FrameOfTheLine(protocolField: [0x00, 0x21], information: Array("hello".utf8))

    @Test func aFrameIsWhatStandsBetweenTwoFlags() {
        var decoder = HDLCDecoder(accm: 0)
        #expect(decoder.outputs(of: hello.flagged) == [.frame(0x0021, Array("hello".utf8))])
        #expect(decoder.counters.good == 1)
        #expect(decoder.bufferedOctets == 0)
    }

    @Test func framesShareAFlagAndEmptyOnesMeanNothing() {
        var decoder = HDLCDecoder(accm: 0)
        let line = [0x7E, 0x7E] + hello.octets + [0x7E] + hello.octets + [0x7E, 0x7E, 0x7E] + hello.octets + [0x7E]
        #expect(
            decoder.outputs(of: line) == Array(repeating: .frame(0x0021, Array("hello".utf8)), count: 3))
        #expect(decoder.counters.damaged == 0)
    }

    @Test func headersAreTakenWholeAndCompressed() {
        for header in [[0xFF, 0x03], []] as [[UInt8]] {
            for field in [[0x00, 0x21], [0x21]] as [[UInt8]] {
                var decoder = HDLCDecoder(accm: 0)
                let frame = FrameOfTheLine(header: header, protocolField: field, information: [0x45, 0x00])
                #expect(decoder.outputs(of: frame.flagged) == [.frame(0x0021, [0x45, 0x00])])
            }
        }
    }

    @Test func aProtocolNumberThatBreaksTheRuleIsKept() {
        var decoder = HDLCDecoder(accm: 0)
        let even = FrameOfTheLine(protocolField: [0x00, 0x20], information: [1])
        #expect(decoder.outputs(of: even.flagged) == [.frame(0x0020, [1])])
    }

    @Test func damageIsToldByKind() {
        var decoder = HDLCDecoder(accm: 0, informationLimit: 8)
        var flipped = hello.flagged
        flipped[5] ^= 0x10
        #expect(decoder.outputs(of: flipped) == [.damaged(.badFCS)])
        #expect(decoder.outputs(of: [0xFF, 0x03, 0x7D, 0x7E]) == [.damaged(.aborted)])
        #expect(decoder.outputs(of: [0x21, 0x45, 0x00, 0x7E]) == [.damaged(.tooShort)])
        let noProtocol = FrameOfTheLine(protocolField: [], information: [])
        #expect(decoder.outputs(of: noProtocol.flagged) == [.damaged(.tooShort)])
        let halfProtocol = FrameOfTheLine(protocolField: [0x00], information: [])
        #expect(decoder.outputs(of: halfProtocol.flagged) == [.damaged(.tooShort)])
        let otherControl = FrameOfTheLine(header: [0xFF, 0x13], protocolField: [0x00, 0x21], information: [1])
        #expect(decoder.outputs(of: otherControl.flagged) == [.damaged(.unknownControl)])
        #expect(decoder.outputs(of: Array(repeating: 0x55, count: 15) + [0x7E]) == [.damaged(.tooLong)])
        #expect(decoder.outputs(of: hello.flagged) == [.frame(0x0021, Array("hello".utf8))])
        var expected = FrameDamage.allCases.map { _ in 1 }
        expected[2] = 3
        let counters = decoder.counters
        #expect(
            [counters.aborted, counters.badFCS, counters.tooShort, counters.tooLong, counters.unknownControl]
                == expected)
        #expect(counters.good == 1)
        #expect(counters.damaged == 7)
    }

    @Test(arguments: [1, 8, 1_500]) func theInformationMayHaveTheLimitAndNoMore(limit: Int) {
        for header in [[0xFF, 0x03], []] as [[UInt8]] {
            for field in [[0x00, 0x21], [0x21]] as [[UInt8]] {
                for (count, isTaken) in [(limit, true), (limit + 1, false), (limit + 10_000, false)] {
                    let information = [UInt8](repeating: 0x7D, count: count)
                    let frame = FrameOfTheLine(header: header, protocolField: field, information: information)
                    var decoder = HDLCDecoder(accm: 0, informationLimit: limit)
                    let outputs = decoder.outputs(of: frame.flagged)
                    let isShort = frame.plain.count < 4
                    let expected: HDLCDecoder.Output =
                        isShort ? .damaged(.tooShort) : isTaken ? .frame(0x0021, information) : .damaged(.tooLong)
                    #expect(outputs == [expected])
                }
            }
        }
    }

    @Test func aFrameWithoutEndIsNotKept() {
        var decoder = HDLCDecoder(accm: 0, informationLimit: 100)
        #expect(decoder.outputs(of: [0x7E]).isEmpty)
        for _ in 0..<1_000 {
            #expect(decoder.outputs(of: Array(repeating: 0x55, count: 1_000)).isEmpty)
            #expect(decoder.bufferedOctets <= 106)
        }
        #expect(decoder.outputs(of: [0x7E] + hello.octets + [0x7E]).last == .frame(0x0021, Array("hello".utf8)))
        #expect(decoder.counters.tooLong == 1)
    }

    @Test func controlCharactersOfTheMapAreNoiseWhenTheyComeBare() {
        let frame = FrameOfTheLine(
            protocolField: [0x00, 0x21], information: [0x11, 0x13, 0x00, 0x7E, 0x7D, 0x41], accm: 0x000A_0000)
        var noisy: [UInt8] = [0x7E]
        for octet in frame.octets { noisy += [0x13, octet, 0x11] }
        noisy.append(0x7E)
        var decoder = HDLCDecoder(accm: 0x000A_0000)
        #expect(decoder.outputs(of: noisy) == [.frame(0x0021, [0x11, 0x13, 0x00, 0x7E, 0x7D, 0x41])])
        var other = HDLCDecoder(accm: 0)
        #expect(other.outputs(of: noisy) == [.damaged(.badFCS)])
    }

    @Test func octetsThatNeedNoEscapeMayHaveOne() {
        let plain = hello.plain.flatMap { [0x7D, $0 ^ 0x20] }.filter { $0 != 0x7E }
        var decoder = HDLCDecoder(accm: 0)
        #expect(decoder.outputs(of: [0x7E] + plain + [0x7E]) == [.frame(0x0021, Array("hello".utf8))])
    }

    @Test func theMapMayChangeBehindEachFrameOfTheLinkControl() {
        let ack = FrameOfTheLine(protocolField: [0xC0, 0x21], information: [2, 1, 0, 4], accm: 0xFFFF_FFFF)
        let next = FrameOfTheLine(protocolField: [0x80, 0x21], information: [1, 1, 0, 4])
        var decoder = HDLCDecoder()
        var line = ByteBuffer(bytes: [0x7E] + ack.octets + [0x7E] + next.octets + [0x7E])
        var outputs: [HDLCDecoder.Output] = []
        decoder.decode(&line, into: &outputs)
        #expect(outputs == [.frame(0xC021, [2, 1, 0, 4])])
        decoder.accm = 0
        decoder.decode(&line, into: &outputs)
        #expect(outputs.last == .frame(0x8021, [1, 1, 0, 4]))
        #expect(line.readableBytes == 0)
    }

    @Test func framesThatWereGivenOutStayAsTheyAre() {
        var decoder = HDLCDecoder(accm: 0)
        var kept: [HDLCDecoder.Output] = []
        let frames = (0..<50).map { FrameOfTheLine(protocolField: [0x00, 0x21], information: [UInt8($0), 1, 2]) }
        let line = frames.flatMap(\.flagged)
        for start in stride(from: 0, to: line.count, by: 17) {
            kept += decoder.outputs(of: Array(line[start..<min(start + 17, line.count)]))
        }
        #expect(kept == (0..<50).map { .frame(0x0021, [UInt8($0), 1, 2]) })
    }
}
