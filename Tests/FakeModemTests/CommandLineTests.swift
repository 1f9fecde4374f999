import NIOCore
import Support
import Testing

@testable import FakeModem

@Suite struct CommandLineTests {
    private func lines(_ octets: [UInt8]) -> [CommandLineReader.Outcome] {
        var reader = CommandLineReader()
        return octets.map { reader.take($0, lineEnd: 13, backspace: 8) }.filter { $0 != .none }
    }

    private func lines(_ text: String) -> [CommandLineReader.Outcome] { lines(Array(text.utf8)) }

    @Test func bothCasesAreAttentionButMixedIsNot() {
        #expect(lines("ATI\r") == [.line(Array("I".utf8))])
        #expect(lines("ati\r") == [.line(Array("i".utf8))])
        #expect(lines("aTI\r").isEmpty)
        #expect(lines("AtI\r").isEmpty)
        #expect(lines("AATI\r") == [.line(Array("I".utf8))])
    }

    @Test func noiseBeforeAttentionAndLineFeedsBehindAreIgnored() {
        #expect(lines("\u{0}xyz\nAT\r\nAT\r\n") == [.line([]), .line([])])
    }

    @Test func backspaceTakesBackButNeverTheAttention() {
        #expect(lines("ATX\u{8}I\r") == [.line(Array("I".utf8))])
        #expect(lines("AT\u{8}\u{8}\u{8}I\r") == [.line(Array("I".utf8))])
    }

    @Test func slashRepeatsTheLastLineWithoutAnEnd() {
        #expect(lines("ATI\rA/") == [.line(Array("I".utf8)), .line(Array("I".utf8))])
        #expect(lines("a/") == [.line([])])
    }

    @Test func aLineAtTheLimitIsTakenAndOneOctetMoreIsNot() {
        let body = [UInt8](repeating: UInt8(ascii: "E"), count: CommandLineReader.bodyLimit)
        #expect(lines(Array("AT".utf8) + body + [13]) == [.line(body)])
        #expect(lines(Array("AT".utf8) + body + [UInt8(ascii: "E"), 13]) == [.tooLong])
    }

    @Test func anotherLineEndIsObeyed() {
        var reader = CommandLineReader()
        let outcomes = Array("ATI\rX!".utf8).map { reader.take($0, lineEnd: UInt8(ascii: "!"), backspace: 8) }
        #expect(outcomes.last == .line(Array("IX".utf8)))
    }

    @Test func commandsAreCutAsTheGrammarSays() {
        let parsed = CommandLineParser.parse(
            Array("E0V1&F;+CMEE=2;+QIOPEN=1,0,\"TCP\",\"a;b,c\",465,,2;S3=13;S0?".utf8))
        #expect(
            parsed == [
                Command(name: "E", form: .set([.number(0)])), Command(name: "V", form: .set([.number(1)])),
                Command(name: "&F", form: .execute), Command(name: "+CMEE", form: .set([.number(2)])),
                Command(
                    name: "+QIOPEN",
                    form: .set([
                        .number(1), .number(0), .text("TCP"), .text("a;b,c"), .number(465), .omitted, .number(2),
                    ])),
                Command(name: "S3", form: .set([.number(13)])), Command(name: "S0", form: .read),
            ])
    }

    @Test func blanksCountOnlyBetweenQuotes() {
        #expect(
            CommandLineParser.parse(Array("q0 +cpin = \"1 2\"".utf8)) == [
                Command(name: "Q", form: .set([.number(0)])), Command(name: "+CPIN", form: .set([.text("1 2")])),
            ])
    }

    @Test(arguments: ["+", "+X=\"a", "+X=\"a\"b", "+X=?1", "+X?1", "S", "&", "!", "+X=a\"b\"", "\u{80}"])
    func whatBreaksTheGrammarIsRefusedWhole(_ text: String) {
        #expect(CommandLineParser.parse(Array(text.utf8)) == nil)
    }

    @Test func noOctetsTrapTheReaderOrTheParser() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("AT+Q=?;,\"0S&D\r".utf8) + [0, 8, 13, 10, 26, 27, 128, 255]
        for _ in 0..<2_000 {
            let body = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            _ = CommandLineParser.parse(body)
            _ = lines(body)
        }
    }
}
