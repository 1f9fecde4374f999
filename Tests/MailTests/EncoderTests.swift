import NIOCore
import Support
import Testing

@testable import Mail

@Suite struct EncoderTests {
    private static func quoted(_ octets: [UInt8], text: Bool, cuts: [Int] = []) -> [UInt8] {
        var encoder = QuotedPrintableEncoder(lineFeedEndsLine: text)
        var output: [UInt8] = []
        var start = 0
        for cut in cuts + [octets.count] {
            encoder.encode(octets[start..<cut].span, into: &output)
            start = cut
        }
        encoder.finish(into: &output)
        return output
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: quoted(Array(text.utf8), text: true), as: UTF8.self)
    }

    private static func base64(_ octets: [UInt8], cuts: [Int] = []) -> [UInt8] {
        var encoder = Base64Encoder()
        var output = ByteBuffer()
        var start = 0
        for cut in cuts + [octets.count] {
            encoder.encode(octets[start..<cut].span, into: &output)
            start = cut
        }
        encoder.finish(into: &output)
        return Array(output.readableBytesView)
    }

    @Test func quotedPrintableLeavesPlainTextAlone() {
        #expect(Self.quoted("Hello, world!\nsecond line\n") == "Hello, world!\r\nsecond line\r\n")
    }

    @Test(arguments: [
        ("a=b", "a=3Db"), ("trailing \n", "trailing=20\r\n"), ("tab\t\n", "tab=09\r\n"), ("end ", "end=20"),
        (".\n..\n", "=2E\r\n..\r\n"), ("From me\nFromage\n", "From=20me\r\nFromage\r\n"), ("x From y", "x From y"),
        ("ü", "=C3=BC"), ("a\rb", "a=0Db"), ("a\r\r\nb", "a=0D\r\nb"), ("\0", "=00"), ("x\r", "x=0D"), (".", "=2E"),
    ])
    func quotedPrintableEncodes(_ text: String, _ expected: String) {
        #expect(Self.quoted(text) == expected)
    }

    @Test func aLineOfExactly76ColumnsStaysWhole() {
        let line = String(repeating: "x", count: 76)
        #expect(Self.quoted(line + "\n") == line + "\r\n")
        #expect(Self.quoted(line + "x\n") == String(line.dropLast()) + "=\r\nxx\r\n")
    }

    @Test func binaryKeepsALoneLineFeedAsAnOctet() {
        #expect(Self.quoted(Array("a\nb\r\nc".utf8), text: false) == Array("a=0Ab\r\nc".utf8))
    }

    @Test func quotedPrintableIsTheSameForAnySplitAndDecodesToWhatWentIn() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let octets = Self.octets(&random, count: Int.random(in: 0...400, using: &random))
            let isText = Bool.random(using: &random)
            let whole = Self.quoted(octets, text: isText)
            #expect(Self.quoted(octets, text: isText, cuts: Array(octets.indices)) == whole, "seed \(seed)")
            #expect(Self.quoted(octets, text: isText, cuts: Self.cuts(&random, octets.count)) == whole, "seed \(seed)")
            let canonical = isText ? Self.canonical(octets) : octets
            #expect(Self.decode(whole) == canonical, "seed \(seed)")
            for line in String(decoding: whole, as: UTF8.self).components("\r\n") {
                #expect(line.utf8.count <= 76 && !line.hasSuffix(" ") && !line.hasSuffix("\t"), "seed \(seed)")
                #expect(line != "." && !line.hasPrefix("From ") && !line.contains("=_"), "seed \(seed)")
            }
        }
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func base64Encodes(_ text: String, _ expected: String) {
        #expect(Self.base64(Array(text.utf8)) == Array((expected + (expected.isEmpty ? "" : "\r\n")).utf8))
    }

    @Test func base64IsTheSameForAnySplitAndAsLongAsForetold() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for count in Array(0...120) + [1000, 5701] {
            let octets = Self.octets(&random, count: count)
            let whole = Self.base64(octets)
            #expect(whole.count == Base64Encoder.length(of: count), "seed \(seed), \(count)")
            #expect(Self.base64(octets, cuts: Array(octets.indices)) == whole, "seed \(seed)")
            #expect(Self.base64(octets, cuts: Self.cuts(&random, count)) == whole, "seed \(seed)")
            let lines = String(decoding: whole, as: UTF8.self).components("\r\n").dropLast()
            #expect(lines.dropLast().allSatisfy { $0.utf8.count == 76 }, "seed \(seed)")
            #expect(lines.joined() == String(decoding: Base64.encode(octets), as: UTF8.self), "seed \(seed)")
        }
    }

    @Test func measuresAreTheLengthsThatTheEncodersProduce() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let octets = Self.octets(&random, count: Int.random(in: 0...500, using: &random))
            let isText = Bool.random(using: &random)
            var measure = PartMeasure(isText: isText, octets: octets.count)
            var start = 0
            for cut in Self.cuts(&random, octets.count) + [octets.count] {
                measure.take(octets[start..<cut].span)
                start = cut
            }
            measure.finish()
            let quoted = Self.quoted(octets, text: isText).count
            #expect(measure.quotedOctets ?? quoted == quoted, "seed \(seed)")
            #expect(measure.quotedOctets != nil || quoted > measure.base64Octets, "seed \(seed)")
            let canonical = isText ? Self.canonical(octets) : octets
            #expect(measure.plainOctets == canonical.count, "seed \(seed)")
            #expect(measure.base64Octets == Self.base64(canonical).count, "seed \(seed)")
            #expect(measure.isUTF8 == (String(validating: octets, as: UTF8.self) != nil), "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("plain\n", false), (String(repeating: "x", count: 998) + "\n", false),
        (String(repeating: "x", count: 999) + "\n", true), ("a\0b", true), ("a\rb", true), ("a\r", true),
        ("From x\n", true),
        ("x\nFrom x\n", true), ("Fromx\n", false), (">From x\n", false), ("--=_x\n", true), ("-- \n", false),
        (".\n", false),
    ])
    func textGoesAsItIsWhenItMay(_ text: String, _ needsEncoding: Bool) {
        var measure = PartMeasure(isText: true, octets: text.utf8.count)
        measure.take(Array(text.utf8).span)
        measure.finish()
        #expect(measure.needsEncoding == needsEncoding)
    }

    @Test func aFileGoesAsItIsOnlyWithCRLF() {
        for (text, needsEncoding) in [("a\r\nb\r\n", false), ("a\nb", true)] {
            var measure = PartMeasure(isText: false, octets: text.utf8.count)
            measure.take(Array(text.utf8).span)
            measure.finish()
            #expect(measure.needsEncoding == needsEncoding)
        }
    }

    private static func octets(_ random: inout SeededGenerator, count: Int) -> [UInt8] {
        let likely = Array("From .=\t \r\n\r\n\n\nab-_\0\u{7F}".utf8) + [0xC3, 0xBC, 0xE2, 0x82, 0xAC, 0xFF, 0xF0]
        let isPlain = Bool.random(using: &random)
        return (0..<count).map { _ in
            isPlain && Int.random(in: 0..<20, using: &random) > 0
                ? UInt8.random(in: 0x20...0x7E, using: &random)
                : likely[Int.random(in: 0..<likely.count, using: &random)]
        }
    }

    private static func cuts(_ random: inout SeededGenerator, _ count: Int) -> [Int] {
        (0..<3).map { _ in Int.random(in: 0...count, using: &random) }.sorted()
    }

    private static func canonical(_ octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for octet in octets {
            if octet == 0x0A, result.last != 0x0D { result.append(0x0D) }
            result.append(octet)
        }
        return result
    }

    /// RFC 2045 §6.7, for what a correct encoder makes.
    private static func decode(_ octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < octets.count {
            if octets[index] != UInt8(ascii: "=") {
                result.append(octets[index])
                index += 1
            } else {
                let pair = String(decoding: octets[(index + 1)..<(index + 3)], as: UTF8.self)
                if pair != "\r\n" { result.append(UInt8(pair, radix: 16) ?? 0) }
                index += 3
            }
        }
        return result
    }
}

extension String {
    func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
