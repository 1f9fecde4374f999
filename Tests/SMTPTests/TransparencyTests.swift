import NIOCore
import Support
import Testing

@testable import SMTP

@Suite struct TransparencyTests {
    private static let cases: [(String, String)] = [
        ("", ".\r\n"),
        (".", "..\r\n.\r\n"),
        (".\r\n", "..\r\n.\r\n"),
        ("a\r\n", "a\r\n.\r\n"),
        ("a", "a\r\n.\r\n"),
        ("a\r\n.b\r\n..\r\n", "a\r\n..b\r\n...\r\n.\r\n"),
        ("\r\n\r\n", "\r\n\r\n.\r\n"),
        ("a.b\r\n", "a.b\r\n.\r\n"),
        ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
    ]

    private func encode(_ pieces: [ByteBuffer]) -> ByteBuffer {
        var encoder = TransparencyEncoder()
        var output = ByteBuffer()
        for piece in pieces { encoder.encode(piece, into: &output) }
        encoder.finish(into: &output)
        return output
    }

    private func decode(_ pieces: [ByteBuffer]) -> (content: ByteBuffer, left: Int, isEnded: Bool) {
        var decoder = TransparencyDecoder()
        var output = ByteBuffer()
        var left = 0
        for var piece in pieces {
            decoder.decode(&piece, into: &output)
            left += piece.readableBytes
        }
        return (output, left, decoder.isEnded)
    }

    @Test(arguments: 0..<9) func dotsAreDoubledAtLineStartsOnly(index: Int) {
        let (text, wire) = Self.cases[index]
        #expect(String(buffer: encode([ByteBuffer(string: text)])) == wire)
        #expect(String(buffer: encode(text.utf8.map { ByteBuffer(bytes: [$0]) })) == wire)
    }

    @Test(arguments: UInt64(0)..<300) func randomTextComesBackInRandomSplits(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] = [
            [0x2E], [0x0D, 0x0A], [0x2E, 0x0D, 0x0A], [0x61], [0x00], [0xFF], [0x2E, 0x2E], [0x2B],
        ]
        var octets: [UInt8] = []
        for _ in 0..<Int.random(in: 0...60, using: &generator) {
            octets += pieces.randomElement(using: &generator) ?? []
        }
        octets += [0x0D, 0x0A]
        let message = ByteBuffer(bytes: octets)
        let wire = encode(split(message, &generator))
        let (content, left, isEnded) = decode(split(wire, &generator) + [ByteBuffer(string: "QUIT\r\n")])
        #expect(content == message, "seed \(seed)")
        #expect(isEnded && left == 6, "seed \(seed)")
        var check = LineCheck()
        check.check(content)
        check.finish()
        #expect(check.fault == nil, "seed \(seed)")
    }

    /// SMTP smuggling: each of these is content for us, whatever it is for others.
    @Test(arguments: [
        "a\n.\r\n", "a\r\n.\n", "a\n.\n", "a\r.\r\n", "a\r\n.\r", "a\r\n.\r\r\n", "\n.\r\n", "a.\r\n", "a\r\n..\r\n",
    ])
    func onlyTheStandardsEndEndsAMessage(text: String) {
        #expect(!decode([ByteBuffer(string: text)]).isEnded)
        #expect(!decode(text.utf8.map { ByteBuffer(bytes: [$0]) }).isEnded)
    }

    @Test(arguments: [
        ("a\r\nb\r\n", nil), ("a\nb\r\n", LineCheck.Fault.bareLineFeed), ("a\rb\r\n", .bareCarriageReturn),
        ("a\r\r\n", .bareCarriageReturn), ("a\r", .bareCarriageReturn), ("\n", .bareLineFeed),
        ("a\r\n\n", .bareLineFeed),
        ("", nil), ("a", nil),
    ])
    func bareCarriageReturnsAndLineFeedsAreFound(text: String, fault: LineCheck.Fault?) {
        for pieces in [[ByteBuffer(string: text)], text.utf8.map { ByteBuffer(bytes: [$0]) }] {
            var check = LineCheck()
            for piece in pieces { check.check(piece) }
            check.finish()
            #expect(check.fault == fault)
        }
    }

    @Test func eightBitOctetsAreFoundAnywhere() {
        for count in 0..<20 {
            let plain = [UInt8](repeating: 0x7F, count: count)
            #expect(!ByteBuffer(bytes: plain).has8Bit)
            for index in 0..<count {
                var octets = plain
                octets[index] = 0x80
                #expect(ByteBuffer(bytes: octets).has8Bit)
            }
        }
    }

    @Test func theLimitOfALineOfTextIsExact() {
        for (count, fault) in [(998, nil), (999, LineCheck.Fault.lineTooLong)] {
            let text = "x\r\n" + String(repeating: "x", count: count) + "\r\n"
            for pieces in [[ByteBuffer(string: text)], text.utf8.map { ByteBuffer(bytes: [$0]) }] {
                var check = LineCheck()
                for piece in pieces { check.check(piece) }
                #expect(check.fault == fault)
            }
        }
    }
}
