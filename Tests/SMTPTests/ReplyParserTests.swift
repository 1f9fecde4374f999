import NIOCore
import Scopes
import Support
import Testing

@testable import SMTP

@Suite struct ReplyParserTests {
    private static let stream =
        "220 mx ESMTP\r\n250-mx.example.net\r\n250-SIZE 1000\r\n250 HELP\r\n354\r\n550-5.1.1 no\n550 5.1.1 such user\n221 2.0.0 bye\r\n"
    private static let replies = [
        Reply(220, "mx ESMTP"), Reply(code: 250, lines: ["mx.example.net", "SIZE 1000", "HELP"]), Reply(354, ""),
        Reply(code: 550, lines: ["5.1.1 no", "5.1.1 such user"]), Reply(221, "2.0.0 bye"),
    ]

    private func parse(_ pieces: [ByteBuffer]) throws -> [Reply] {
        var parser = ReplyParser()
        var replies: [Reply] = []
        for piece in pieces {
            parser.append(piece)
            while let reply = try parser.next() { replies.append(reply) }
        }
        #expect(parser.isEmpty)
        return replies
    }

    @Test func repliesAreTheSameWholeAndByteByByte() throws {
        #expect(try parse([ByteBuffer(string: Self.stream)]) == Self.replies)
        #expect(try parse(Self.stream.utf8.map { ByteBuffer(bytes: [$0]) }) == Self.replies)
    }

    @Test(arguments: UInt64(0)..<200) func repliesAreTheSameInRandomSplits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        #expect(try parse(split(ByteBuffer(string: Self.stream), &generator)) == Self.replies, "seed \(seed)")
    }

    @Test(arguments: [
        "HTTP/1.1 400 Bad Request\r\n", "\u{16}\u{3}\u{1}\r\n", "25 short\r\n", "\r\n", "250_underscore\r\n",
        "199 low\r\n", "250 one\r250 two\r\n",
        "600 high\r\n", "250-one\r\n251 other code\r\n", "2x0 letters\r\n",
    ])
    func whatIsNoReplyIsNamed(text: String) {
        var parser = ReplyParser()
        parser.append(ByteBuffer(string: text))
        do throws(SMTPError) {
            _ = try parser.next()
            Issue.record("taken: \(text)")
        } catch {
            guard case .malformedReply(let line) = error else { return #expect(Bool(false), "\(error)") }
            #expect(!line.unicodeScalars.contains { $0.value < 0x20 })
            #expect(error.exitStatus == .peerProtocol)
        }
    }

    @Test func theLimitOfALineIsExact() throws {
        var limits = ReplyParser.Limits()
        limits.lineOctets = 20
        for (text, fits) in [
            ("250 " + String(repeating: "x", count: 15) + "\n", true),
            ("250 " + String(repeating: "x", count: 16) + "\n", false),
            ("250 " + String(repeating: "x", count: 16), false),
        ] {
            var parser = ReplyParser(limits: limits)
            parser.append(ByteBuffer(string: text))
            let reply = Result { try parser.next() }
            #expect(((try? reply.get()) != nil) == fits)
        }
    }

    @Test func theLimitOfLinesIsExact() throws {
        var limits = ReplyParser.Limits()
        limits.lines = 3
        for (count, fits) in [(3, true), (4, false)] {
            var parser = ReplyParser(limits: limits)
            parser.append(ByteBuffer(string: String(repeating: "250-x\r\n", count: count - 1) + "250 x\r\n"))
            #expect(((try? parser.next()) != nil) == fits)
        }
    }

    @Test func theLimitOfAReplyHolds() {
        var limits = ReplyParser.Limits()
        limits.replyOctets = 14
        for (text, fits) in [("250-x\r\n250 x\r\n", true), ("250-x\r\n250 xy\r\n", false)] {
            var parser = ReplyParser(limits: limits)
            parser.append(ByteBuffer(string: text))
            #expect(((try? parser.next()) != nil) == fits)
        }
    }

    @Test func enhancedStatusCodesAreOfTheRepliesOwnClass() {
        #expect(Reply(550, "5.1.1 no such user").enhanced == EnhancedStatusCode(class: 5, subject: 1, detail: 1))
        #expect(Reply(535, "5.7.139 off").enhanced?.detail == 139)
        #expect(Reply(550, "4.1.1 wrong class").enhanced == nil)
        #expect(Reply(250, "ok").enhanced == nil)
        #expect(Reply(250, "2.0 ok").enhanced == nil)
        #expect(Reply(250, "2.0.1000 ok").enhanced == nil)
    }

    @Test func wordsOfTheServerAreOnePrintableLine() {
        let reply = Reply(code: 550, lines: ["5.7.1 \u{1B}[31mred", "5.7.1 two"])
        #expect(reply.description == "550 5.7.1 \\x1b[31mred two")
    }
}

/// Pieces of random lengths from 1 to 17 octets.
func split(_ octets: ByteBuffer, _ generator: inout SeededGenerator, upTo limit: Int = 17) -> [ByteBuffer] {
    var rest = octets
    var pieces: [ByteBuffer] = []
    while rest.readableBytes > 0 {
        let length = min(rest.readableBytes, Int.random(in: 1...limit, using: &generator))
        if let piece = rest.readSlice(length: length) { pieces.append(piece) }
    }
    return pieces
}
