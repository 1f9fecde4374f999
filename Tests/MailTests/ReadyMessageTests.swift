import Mail
import NIOCore
import Scopes
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct ReadyMessageTests {
    private static let full = """
        Date: Tue, 24 Nov 2026 22:34:22 +0100
        From: x@example.com
        To: y@example.com
        Message-ID: <1@example.com>
        Subject: folded
        \tline

        body
        .
        end

        """

    private func pass(_ octets: [UInt8], step: Int = 7, allows8Bit: Bool = true) async throws -> [UInt8] {
        let ready = ReadyMessage(SlowSource(bytes: octets, step: step), from: try Mailbox(parsing: "a@example.com"))
        return try await MailTests.octets(try await ready.prepare(stamp).encoded(allows8Bit: allows8Bit))
    }

    private func pass(_ text: String, step: Int = 7) async throws -> String {
        String(decoding: try await pass(Array(text.utf8), step: step), as: UTF8.self)
    }

    private func crlf(_ text: String) -> String { text.components("\n").joined(separator: "\r\n") }

    @Test(arguments: [1, 2, 13, 100_000])
    func aCompleteMessagePassesUnchanged(_ step: Int) async throws {
        #expect(try await pass(Self.full, step: step) == crlf(Self.full))
        #expect(try await pass(crlf(Self.full), step: step) == crlf(Self.full))
    }

    @Test func whatIsMissingIsAdded() async throws {
        let built = try await pass("Subject: x\n\nbody")
        #expect(built.hasPrefix("Subject: x\r\nDate: Tue, 24 Nov 2026 22:34:22 +0100\r\nFrom: a@example.com\r\n"))
        #expect(built.contains("\r\nTo: undisclosed-recipients:;\r\nMessage-ID: <aaaq"))
        #expect(built.hasSuffix("\r\n\r\nbody\r\n"))
    }

    @Test func aMessageMayHaveNoBody() async throws {
        for text in ["Subject: x", "Subject: x\n", "Subject: x\n\n"] {
            #expect(try await pass(text).hasSuffix("@example.com>\r\n\r\n"))
        }
    }

    @Test func bccIsRemovedWithItsFoldedLines() async throws {
        let built = try await pass("To: y@example.com\nBCC: secret@example.com,\n other@example.com\nSubject: x\n\nb\n")
        #expect(!built.contains("secret") && !built.contains("other"))
        #expect(built.hasPrefix("To: y@example.com\r\nSubject: x\r\n") && !built.contains("undisclosed"))
        #expect(try await pass("Bcc: secret@example.com\nSubject: x\n\nb\n").contains("To: undisclosed-recipients:;"))
    }

    @Test func marksBlankLinesAndMboxLinesBeforeTheHeaderGo() async throws {
        let built = try await pass("\u{FEFF}\n\nFrom x@example.com Tue Nov 24\n" + Self.full)
        #expect(built == crlf(Self.full))
        #expect(try await pass("\u{FEFF}" + Self.full, step: 1) == crlf(Self.full))
    }

    @Test(arguments: [
        ("Subject: x\n\na\rb\n", 3), ("Subject: x\r\n\r\na\n", 3), ("Subject: x\n\na\r\n", 3),
        ("Subject: x\n\na\0\n", 3),
        ("no header here\n\nbody\n", 1), ("Subject: x\nbad line\n\nbody\n", 2), (" continued\n\nbody\n", 1),
        ("Subject: x\n \t\n\nbody\n", 2), ("Subject : x\n\nbody\n", 1),
        ("From: a@b.c\nSubject: x\nfrom: d@e.f\n\nbody\n", 3),
        ("Subject: x\n\nb\r", 3), ("Subject: x\u{1}\n\nb\n", 1), ("References: ü\n\nb\n", 1),
    ])
    func aBrokenMessageIsRefusedByLine(_ text: String, _ line: Int) async throws {
        let error = await #expect(throws: MailError.self) { try await pass(text) }
        #expect(error?.summary.hasSuffix("on line \(line)") == true, "\(String(describing: error))")
        #expect(error?.exitStatus == .badMessage)
    }

    @Test(arguments: ["", "\n\n", "\u{FEFF}", "From x\n"])
    func anEmptyMessageIsRefused(_ text: String) async throws {
        await #expect(throws: MailError.self) { try await pass(text) }
    }

    @Test func linesMayHave998OctetsAndNoMore() async throws {
        let line = String(repeating: "x", count: 998)
        #expect(try await pass("Subject: x\n\n\(line)\n").hasSuffix("\r\n\(line)\r\n"))
        let error = await #expect(throws: MailError.self) { try await pass("Subject: x\n\n\n\(line)x\n") }
        #expect(error?.summary.contains("line 4") == true)
    }

    @Test func theHeaderIsBounded() async throws {
        let field = "X: " + String(repeating: "x", count: 900) + "\n"
        let fits = String(repeating: field, count: 262_144 / 903)
        _ = try await pass(fits + "\nb\n", step: 50_000)
        await #expect(throws: MailError.self) { try await pass(fits + field + "\nb\n", step: 50_000) }
    }

    @Test func textOutsideASCIIInTheHeaderIsEncodedWhereItMayBe() async throws {
        let built = try await pass("Subject: Grüße\nFrom: Jörg <j@example.com>\nX-Note: ü\n\nGrüße\n")
        let header = built.components("\r\n\r\n")[0]
        #expect(header.utf8.allSatisfy { $0 < 0x80 })
        #expect(
            header.contains(
                "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"))
        let read = try readByPython([Array(built.utf8)])[0]
        #expect(read[0] == "Grüße" && read[1] == "Jörg" && read[3] == "[]")
    }

    @Test func an8BitBodyThatIsNotUTF8IsNotLabelled() async throws {
        let built = try await pass(Array("Subject: x\n\n".utf8) + [0xFC, 0x0A])
        #expect(!String(decoding: built, as: UTF8.self).contains("charset"))
        await #expect(throws: MailError.self) { try await pass(Array("Subject: ".utf8) + [0xFC, 0x0A, 0x0A]) }
    }

    @Test func an8BitBodyNeedsAServerThatTakesIt() async throws {
        let error = await #expect(throws: MailError.self) {
            try await pass(Array("Subject: x\n\nü\n".utf8), allows8Bit: false)
        }
        guard case .needs8BitTransport = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test func aUTF8AddressAsksForSMTPUTF8() async throws {
        let source = MemorySource("To: grüße@example.com\n\nb\n")
        let message = try await ReadyMessage(source, from: try Mailbox(parsing: "a@example.com")).prepare(stamp)
        #expect(message.needsSMTPUTF8)
        #expect(message.messageID.hasPrefix("<aaaq"))
    }

    @Test func randomOctetsNeverTrap() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "\n", "\r\n", "\r", ":", "Subject: x", "From: a@b.c", "To: ü", " ", "\0", "x", "\n\n", "\u{FEFF}", "From ",
        ]
        for _ in 0..<2000 {
            let count = Int.random(in: 0...8, using: &random)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            let whole = try? await pass(text, step: 100)
            let single = try? await pass(text, step: 1)
            #expect(whole == single, "seed \(seed)")
        }
    }
}
