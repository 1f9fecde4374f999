import Mail
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct HeaderTests {
    @Test func anAlertHasTheFieldsThatServersAskFor() async throws {
        var draft = try draft("Disk full")
        draft.text = MemorySource("The disk is full.\n")
        let expected = """
            Date: Tue, 24 Nov 2026 22:34:22 +0100
            From: a@example.com
            To: b@example.org
            Subject: Disk full
            Message-ID: <aaaqeayeaudaocajbifqydiob4@example.com>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8

            The disk is full.

            """
        #expect(try await text(draft) == expected.components("\n").joined(separator: "\r\n"))
    }

    @Test(arguments: [
        (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"), (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_735_689_599, 0, "Tue, 31 Dec 2024 23:59:59 +0000"), (1_735_689_599, 330, "Wed, 1 Jan 2025 05:29:59 +0530"),
        (1_709_164_800, -570, "Wed, 28 Feb 2024 14:30:00 -0930"), (4_102_444_800, 0, "Fri, 1 Jan 2100 00:00:00 +0000"),
    ])
    func datesAreGregorian(_ seconds: Int, _ zone: Int, _ expected: String) async throws {
        let date = MessageDate(secondsSince1970: seconds, zoneOffsetMinutes: zone)
        let message = try await draft().prepare(MessageStamp(date: date, random: Array(0..<16)))
        let built = try await octets(message.encoded(allows8Bit: true))
        #expect(String(decoding: built, as: UTF8.self).hasPrefix("Date: \(expected)\r\n"))
    }

    @Test func noDateIsBetterThanAWrongOne() async throws {
        let message = try await draft().prepare(MessageStamp(date: nil, random: Array(0..<16)))
        let built = try await octets(message.encoded(allows8Bit: true))
        #expect(!String(decoding: built, as: UTF8.self).contains("Date:"))
    }

    @Test(arguments: ["a@localhost", "a@box", "a@[192.0.2.1]", "a@LOCALHOST.localdomain"])
    func theMessageIDNeverNamesTheLocalHost(_ from: String) async throws {
        let message = try await MessageDraft(from: try Mailbox(parsing: from)).prepare(stamp)
        #expect(message.messageID.hasSuffix("@modemail.invalid>") || from.contains("LOCALHOST."))
        #expect(!message.messageID.contains("localhost"))
    }

    @Test func withoutRecipientsTheGroupStandsIn() async throws {
        var draft = try draft()
        draft.to = []
        #expect(try await text(draft).contains("\r\nTo: undisclosed-recipients:;\r\n"))
    }

    @Test(arguments: ["a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\0", "a\u{1A}b", "a\u{7F}", "a\u{85}b", "a\u{2028}b"])
    func noControlCharacterReachesAHeader(_ value: String) async throws {
        let subject = try draft(value)
        await #expect(throws: MailError.self) { try await subject.prepare(stamp) }
        #expect(throws: MailError.self) { try HeaderField(parsing: "X-Note: \(value)") }
        #expect(throws: MailError.self) { try Attachment(name: value, content: MemorySource("")) }
    }

    @Test(arguments: [
        "", "X-Note", "X Note: v", ": v", "X-Nöte: v", "X-Note:", "X-Note:   ", "Subject: x", "from: x", "BCC: x",
        "Content-Type: text/html", "Message-ID: <x@y>", "Received: x", "X\u{1}: v",
    ])
    func refusesField(_ text: String) {
        #expect(throws: MailError.self) { try HeaderField(parsing: text) }
    }

    @Test func extraFieldsAreFoldedOrEncodedAndAddressesWrittenAnew() async throws {
        var draft = try draft()
        let words = Array(repeating: "word", count: 40).joined(separator: " ")
        for line in ["X-Plain: \(words)", "X-Text: Grüße", "Reply-To: Jörg <j@example.com>", "Auto-Submitted: no"] {
            draft.extraFields.append(try HeaderField(parsing: line))
        }
        let built = try await text(draft)
        #expect(
            built.contains("\r\nX-Text: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n")
                || built.contains("\r\nX-Text: =?utf-8?B?R3LDvMOfZQ==?=\r\n"))
        #expect(built.contains("<j@example.com>\r\n") && !built.contains("Jörg"))
        #expect(built.components("Auto-Submitted").count == 2)
        #expect(built.contains("\r\nX-Plain: word word"))
        #expect(built.components("\r\n").allSatisfy { $0.utf8.count <= 78 })
        #expect(built.components("\r\n ").joined(separator: " ").contains(words))
    }

    @Test func whatStandsOnceIsNotGivenTwice() async throws {
        var draft = try draft()
        draft.extraFields = [try HeaderField(parsing: "X-Tag: a"), try HeaderField(parsing: "X-Tag: b")]
        #expect(try await text(draft).components("X-Tag").count == 3)
        draft.extraFields = [
            try HeaderField(parsing: "References: <a@b>"), try HeaderField(parsing: "references: <c@d>"),
        ]
        let twice = draft
        await #expect(throws: MailError.self) { try await twice.prepare(stamp) }
    }

    @Test func whatCannotBeFoldedIsRefusedAt901() async throws {
        for (length, isFine) in [(900, true), (901, false)] {
            var draft = try draft()
            draft.extraFields = [try HeaderField(parsing: "X-Long: \(String(repeating: "x", count: length))")]
            let prepared = draft
            if isFine {
                _ = try await text(prepared)
            } else {
                await #expect(throws: MailError.self) { try await prepared.prepare(stamp) }
            }
        }
    }

    @Test(arguments: [
        "Plain words", "Grüße aus München",
        "Wasserstand über Grenzwert an der Messstelle Nord, bitte sofort prüfen und zurückmelden",
        "警報:水位が基準値を超えました。至急確認してください。担当者は連絡をお願いします。",
        "mixed ASCII then 漢字 then ASCII again and some more words at the end",
        "=?utf-8?Q?not_ours?=", "  leading and trailing  ", "double  blanks   kept",
        String(repeating: "x", count: 1500),
        "🎉👨‍👩‍👧‍👦 party 🎉", "emoji at end 🎉", "a_b=c?d ü_=?", String(repeating: "ü", count: 300),
        "many " + String(repeating: " ", count: 100) + "blanks",
    ])
    func subjectsArriveAsTheyWere(_ subject: String) async throws {
        let built = try await text(try draft(subject))
        let field = built.components("\r\nMessage-ID")[0].components("\r\nSubject: ")[1]
        let lines = field.components("\r\n")
        for (index, line) in lines.enumerated() {
            let length = line.utf8.count + (index == 0 ? 9 : 0)
            #expect(length <= (field.contains("=?utf-8") ? 76 : 78))
            #expect(line.utf8.allSatisfy { $0 < 0x80 } && line.contains { $0 != " " })
            for word in line.components(" ") where word.hasPrefix("=?") { #expect(word.utf8.count <= 75) }
        }
        let read = try readByPython([Array(built.utf8)])
        #expect(read[0][0] == subject)
    }

    @Test func randomSubjectsAndNamesArriveAsTheyWere() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let alphabet = [
            "a", "Z", "9", " ", "_", "=", "?", "=?", "?=", "\"", "\\", ",", "<", ".", "ü", "漢", "🎉", "é", "lengthyword",
        ]
        var subjects: [String] = []
        var names: [String] = []
        var messages: [[UInt8]] = []
        for _ in 0..<150 {
            func make(_ count: Int) -> String {
                (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }.joined()
            }
            // Blanks at the ends of a name and runs of them are not kept by everybody; elsewhere they are.
            let name =
                "n" + make(Int.random(in: 0...30, using: &random)).split(separator: " ").joined(separator: " ") + "n"
            subjects.append("s" + make(Int.random(in: 0...80, using: &random)) + "s")
            names.append(name)
            var draft = try draft(subjects[subjects.count - 1])
            draft.from = try Mailbox(displayName: name, address: draft.from.address)
            messages.append(Array(try await text(draft).utf8))
        }
        let read = try readByPython(messages)
        #expect(read.count == messages.count)
        for (index, fields) in read.enumerated() {
            #expect(fields[0] == subjects[index], "seed \(seed)")
            #expect(
                fields[1] == names[index],
                "seed \(seed): \(String(decoding: messages[index], as: UTF8.self).prefix(400))")
        }
    }

    @Test func aUTF8AddressStandsRawAndAsksForSMTPUTF8() async throws {
        var draft = try draft()
        draft.to = [try Mailbox(parsing: "grüße@example.com")]
        let message = try await draft.prepare(stamp)
        #expect(message.needsSMTPUTF8)
        let built = try message.encoded(allows8Bit: true)
        #expect(built.needs8Bit)
        #expect(String(decoding: try await octets(built), as: UTF8.self).contains("To: grüße@example.com\r\n"))
        #expect(try await !self.draftNeeds("Grüße <a@b.example>"))
    }

    @Test func aUTF8AddressInAFurtherFieldAsksForSMTPUTF8Too() async throws {
        var draft = try draft()
        draft.extraFields = [try HeaderField(parsing: "Reply-To: grüße@example.com")]
        let message = try await draft.prepare(stamp)
        #expect(message.needsSMTPUTF8)
        _ = try await octets(message.encoded(allows8Bit: true))
    }

    private func draftNeeds(_ to: String) async throws -> Bool {
        var draft = try draft("Grüße")
        draft.to = [try Mailbox(parsing: to)]
        draft.text = MemorySource("Grüße\n")
        return try await draft.prepare(stamp).needsSMTPUTF8
    }

    @Test func longRecipientListsAreFolded() async throws {
        var draft = try draft()
        draft.to = try (0..<300).map { try Mailbox(parsing: "Recipient Number \($0) <recipient\($0)@example.com>") }
        let built = try await text(draft)
        #expect(built.components("\r\n").allSatisfy { $0.utf8.count <= 78 })
        let list = try readByPython([Array(built.utf8)])[0][2]
        #expect(list.components(">, ").count == 300, "\(list.prefix(600))")
    }
}
