import Mail
import Testing

@Suite struct MailboxTests {
    @Test(arguments: [
        ("a@example.com", nil), ("<a@example.com>", nil), (" a@example.com ", nil), ("Ann <a@example.com>", "Ann"),
        ("Ann  B. Lee<a@example.com>", "Ann B. Lee"), ("\"Lee, Ann\" <a@example.com>", "Lee, Ann"),
        ("Jörg Ä <a@example.com>", "Jörg Ä"), ("a@example.com (Cron Daemon)", "Cron Daemon"),
        ("Ann (home) <a@example.com>", "Ann"), ("\"\" <a@example.com>", nil),
        ("a@example.com (a (b) \\) c)", "a (b) ) c"),
    ])
    func reads(_ text: String, _ name: String?) throws {
        let mailbox = try Mailbox(parsing: text)
        #expect(mailbox.displayName == name)
        #expect(mailbox.address.wire == "a@example.com")
    }

    @Test(arguments: [
        "", "Ann", "Ann a@example.com", "Ann <a@example.com", "Ann <a@example.com> x", "team: a@example.com;",
        "<@relay:a@example.com>", "a@example.com (x", "Ann\r\nBcc: x <a@example.com>", "A\0 <a@example.com>",
        "a@example.com, b@example.com", "\"A\rB\" <a@example.com>", "((((((((((x))))))))))a@example.com",
    ])
    func refuses(_ text: String) {
        #expect(throws: MailError.self) { try Mailbox(parsing: text) }
    }

    @Test func aListIsSeparatedByCommasOutsideQuotes() throws {
        let list = try Mailbox.list(parsing: "\"Lee, Ann\" <a@example.com>,b@example.com , C <c@example.com>")
        #expect(list.map(\.address.localPart) == ["a", "b", "c"])
        #expect(throws: MailError.self) { try Mailbox.list(parsing: "a@example.com,,b@example.com") }
        #expect(throws: MailError.self) { try Mailbox.list(parsing: "a@example.com,") }
    }

    @Test func aListIsBounded() throws {
        #expect(try Mailbox.list(parsing: "a@b.c, a@b.c", limit: 2).count == 2)
        #expect(throws: MailError.self) { try Mailbox.list(parsing: "a@b.c, a@b.c, a@b.c", limit: 2) }
    }

    @Test func aNameMayNotHoldAControlCharacter() throws {
        let address = try MailAddress(parsing: "a@example.com")
        #expect(throws: MailError.self) { try Mailbox(displayName: "x\r\ny", address: address) }
        #expect(throws: MailError.self) { try Mailbox(displayName: "x\u{1A}", address: address) }
    }
}
