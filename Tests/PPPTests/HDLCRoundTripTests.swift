import NIOCore
import PPP
import Support
import Testing

@Suite struct HDLCRoundTripTests {
    /// A Configure-Request of LCP that asks for ACCM 0, a magic number, PFC and ACFC.
    private static let request: [UInt8] = [
        0x01, 0x01, 0x00, 0x14, 0x02, 0x06, 0x00, 0x00, 0x00, 0x00, 0x05, 0x06, 0x12, 0x34, 0x7E, 0x7D, 0x07, 0x02,
        0x08, 0x02,
    ]

    private func encoded(_ number: UInt16, _ information: [UInt8], _ encoder: inout HDLCEncoder) -> [UInt8] {
        var line = ByteBuffer()
        encoder.encode(PPPFrame(protocolNumber: number, information: ByteBuffer(bytes: information)), into: &line)
        return Array(line.readableBytesView)
    }

    @Test func theLineIsAsTheStandardSays() {
        var encoder = HDLCEncoder(format: FrameFormat(accm: 0))
        let information = [UInt8](0...255)
        let frame = FrameOfTheLine(protocolField: [0x00, 0x21], information: information)
        #expect(encoded(0x0021, information, &encoder) == frame.flagged)
        #expect(encoded(0x0021, information, &encoder) == Array(frame.flagged.dropFirst()), "the flag is shared")
        encoder.pause()
        encoder.format = FrameFormat(accm: 0x000A_0000, compressesProtocol: true, compressesAddressAndControl: true)
        let compressed = FrameOfTheLine(
            header: [], protocolField: [0x21], information: information, accm: 0x000A_0000)
        #expect(encoded(0x0021, information, &encoder) == compressed.flagged)
        let long = FrameOfTheLine(
            header: [], protocolField: [0x80, 0x21], information: information, accm: 0x000A_0000)
        #expect(encoded(0x8021, information, &encoder) == Array(long.flagged.dropFirst()))
    }

    @Test func framesOfTheLinkControlAreNeverCompressed() {
        var encoder = HDLCEncoder(
            format: FrameFormat(accm: 0, compressesProtocol: true, compressesAddressAndControl: true))
        let frame = FrameOfTheLine(protocolField: [0xC0, 0x21], information: Self.request, accm: 0xFFFF_FFFF)
        #expect(encoded(0xC021, Self.request, &encoder) == frame.flagged)
        var decoder = HDLCDecoder()
        #expect(decoder.outputs(of: frame.flagged) == [.frame(0xC021, Self.request)])
    }

    /// Dense and sparse escapes, lengths about the width of a word, every alignment.
    @Test func whatIsEncodedIsAsOctetByOctet() {
        var generator = SeededGenerator(seed: 7)
        let alphabets: [[UInt8]] = [
            Array(0...255), [0x7D, 0x7E], Array(0x20...0x7C), Array(0...0x1F), [0x7C, 0x7D, 0x7F, 0xFD, 0xFE],
        ]
        for count in Array(0..<70) + [1_499, 1_500] {
            for alphabet in alphabets {
                for accm: UInt32 in [0, 0xFFFF_FFFF, UInt32.random(in: 0...UInt32.max, using: &generator)] {
                    let information = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
                    var encoder = HDLCEncoder(format: FrameFormat(accm: accm))
                    let frame = FrameOfTheLine(protocolField: [0x00, 0x57], information: information, accm: accm)
                    #expect(encoded(0x0057, information, &encoder) == frame.flagged)
                    var decoder = HDLCDecoder(accm: accm)
                    #expect(decoder.outputs(of: frame.flagged) == [.frame(0x0057, information)])
                }
            }
        }
    }

    @Test(arguments: 0..<40) func framesComeBackHoweverTheyAreCut(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let accm =
            [0, 0xFFFF_FFFF, UInt32.random(in: 0...UInt32.max, using: &generator)].randomElement(using: &generator) ?? 0
        var encoder = HDLCEncoder(
            format: FrameFormat(
                accm: accm, compressesProtocol: .random(using: &generator),
                compressesAddressAndControl: .random(using: &generator)))
        var line = ByteBuffer()
        var sent: [HDLCDecoder.Output] = []
        for _ in 0..<20 {
            let number: UInt16 = [0x0021, 0x0057, 0x8021, 0xC023, 0xC021].randomElement(using: &generator) ?? 0x0021
            let count = Int.random(in: 1...200, using: &generator)
            let information = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            encoder.encode(PPPFrame(protocolNumber: number, information: ByteBuffer(bytes: information)), into: &line)
            sent.append(.frame(number, information))
            if .random(using: &generator) { encoder.pause() }
        }
        let octets = Array(line.readableBytesView)
        var whole = HDLCDecoder(accm: accm)
        #expect(whole.outputs(of: octets) == sent)
        var single = HDLCDecoder(accm: accm)
        #expect(single.outputs(of: octets, cutting: octets.map { _ in 1 }) == sent)
        var cut = HDLCDecoder(accm: accm)
        let sizes = octets.map { _ in Int.random(in: 1...64, using: &generator) }
        #expect(cut.outputs(of: octets, cutting: sizes) == sent)
    }

    /// Nothing that comes makes it keep more than a frame and a line, and any cut gives the same.
    @Test(arguments: 0..<30) func noiseIsReadAlikeHoweverItIsCut(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let likely: [UInt8] = [0x7E, 0x7D, 0xFF, 0x03, 0x0D, 0x0A, 0x41, 0x20, 0x00, 0x21]
        let frame = FrameOfTheLine(protocolField: [0x00, 0x21], information: [0x45, 1, 2, 3]).octets
        var octets: [UInt8] = []
        while octets.count < 2_000 {
            switch Int.random(in: 0..<8, using: &generator) {
            case 0: octets += [0x7E] + frame + [0x7E]
            case 1: octets += Array("\r\nNO CARRIER\r\n".utf8)
            case 2: octets.append(.random(in: 0...255, using: &generator))
            default: octets.append(likely.randomElement(using: &generator) ?? 0x7E)
            }
        }
        let accm: UInt32 = Bool.random(using: &generator) ? 0 : 0xFFFF_FFFF
        var whole = HDLCDecoder(accm: accm, informationLimit: 24)
        let expected = whole.outputs(of: octets)
        for largest in [1, 3, 40] {
            var cut = HDLCDecoder(accm: accm, informationLimit: 24)
            let sizes = octets.map { _ in Int.random(in: 1...largest, using: &generator) }
            #expect(cut.outputs(of: octets, cutting: sizes) == expected, "seed \(seed), pieces up to \(largest)")
            #expect(cut.counters == whole.counters)
            #expect(cut.bufferedOctets <= 30 + 256)
        }
    }
}
