import Mail
import NIOCore
import Support
import Testing

/// What becomes of a message for a server without 8BITMIME or SMTPUTF8.
@Suite(.timeLimit(.minutes(5))) struct RecodingTests {
    private func prepare(_ message: [UInt8]) async throws -> PreparedMessage {
        try await ReadyMessage(MemorySource(message), from: try Mailbox(parsing: "a@example.com")).prepare(stamp)
    }

    private func recoded(_ message: String) async throws -> String {
        String(decoding: try await octets(try await prepare(Array(message.utf8)).encodedIn7Bit()), as: UTF8.self)
    }

    private static let header = "From: a@example.com\r\nSubject: x\r\n"

    @Test func aReadyMessageOfOnePartIsRecoded() async throws {
        let text = try await recoded(
            Self.header
                + "MIME-Version: 1.0\r\nContent-Transfer-Encoding:\r\n 8bit\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\u{FC}\u{DF}e aus einem l\u{E4}ngeren Text, der sonst aus ASCII besteht.\r\n"
        )
        #expect(text.contains("Content-Type: text/plain; charset=utf-8\r\n"))
        #expect(text.contains("\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus"))
        #expect(!text.contains("8bit"))
    }

    /// Python's email package, which has other authors, reads the same text from both forms.
    @Test func theRecodedTextIsTheSame() async throws {
        let bodies = [
            "Grüße\r\nund Kuß\r\n", "漢字漢字漢字漢字\r\n", ".\r\nFrom here ü\r\n", "\r\n\r\nü\r\n\r\n",
            String(repeating: "ü", count: 400) + "\r\n",
        ]
        var messages: [[UInt8]] = []
        for body in bodies {
            let whole = Array((Self.header + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + body).utf8)
            let prepared = try await prepare(whole)
            messages.append(try await octets(try prepared.encoded(allows8Bit: true)))
            messages.append(try await octets(try await prepared.encodedIn7Bit()))
        }
        let read = try readByPython(messages)
        for pair in stride(from: 0, to: read.count, by: 2) {
            #expect(read[pair].last == read[pair + 1].last, "\(bodies[pair / 2])")
        }
    }

    @Test func anUnlabelledTextIsLabelledAsItWasFound() async throws {
        let utf8 = try await recoded(Self.header + "\r\nü\r\n")
        #expect(utf8.components(of: "MIME-Version: 1.0") == 1 && utf8.components(of: "charset=utf-8") == 1)
        let latin = Array((Self.header + "\r\nA longer line in another character set: gr").utf8) + [0xFC, 0x0D, 0x0A]
        let text = String(decoding: try await octets(try await prepare(latin).encodedIn7Bit()), as: UTF8.self)
        #expect(text.contains("charset=unknown-8bit") && text.contains("=FC"))
    }

    @Test(arguments: [
        ("Content-Type: multipart/mixed; boundary=x\r\n", "several parts"),
        ("Content-Type: message/rfc822\r\n", "another message"),
        ("DKIM-Signature: v=1; a=rsa-sha256; b=abc\r\n", "signed"),
        ("Content-Transfer-Encoding: base64\r\n", "says to be base64"),
    ])
    func whatRecodingWouldChangeIsRefusedWithItsReason(field: String, reason: String) async throws {
        let error = await #expect(throws: MailError.self) { try await recoded(Self.header + field + "\r\nü\r\n") }
        #expect(error?.summary.contains(reason) == true)
        #expect(error?.summary.contains("8BITMIME") == true)
    }

    @Test func sevenBitTextStaysAsItIs() async throws {
        let message = Self.header + "Date: x\r\nMessage-ID: <x@example.com>\r\nTo: b@example.com\r\n\r\nplain\r\n"
        #expect(try await recoded(message) == message)
    }

    // MARK: Addresses

    @Test func anAddressOutsideASCIIBecomesWordsForAServerWithoutSMTPUTF8() async throws {
        var draft = try draft()
        draft.to = [try Mailbox(parsing: "Jörg <jörg@example.com>"), try Mailbox(parsing: "b@example.org")]
        draft.text = MemorySource("hi\n")
        let prepared = try await draft.prepare(stamp)
        #expect(prepared.needsSMTPUTF8)
        let plain = try #require(prepared.withoutSMTPUTF8)
        #expect(!plain.needsSMTPUTF8)
        let built = try await octets(try plain.encoded(allows8Bit: false))
        #expect(built.allSatisfy { $0 < 0x80 })
        let text = String(decoding: built, as: UTF8.self)
        #expect(
            text.contains("To: =?UTF-8?") && text.contains("?=:;, b@example.org") || text.contains(":;,"), "\(text)")
        let read = try readByPython([built])
        #expect(read[0].description.contains("b@example.org"))
    }

    @Test func aSenderOutsideASCIIHasNoOtherForm() async throws {
        var draft = MessageDraft(from: try Mailbox(parsing: "jörg@example.com"))
        draft.to = [try Mailbox(parsing: "b@example.org")]
        #expect(try await draft.prepare(stamp).withoutSMTPUTF8 == nil)
    }
}

extension String {
    fileprivate func components(of word: String) -> Int {
        ranges(of: word).count
    }
}
