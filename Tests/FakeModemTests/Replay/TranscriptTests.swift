import FakeModem
import NIOCore
import Scopes
import Support
import Testing

@Suite struct TranscriptTests {
    private func events(_ text: String) throws -> [Transcript.Event] {
        try Transcript(parsing: text).steps.map(\.event)
    }

    private func line(_ text: String) -> Transcript.Event { .modem([.literal(Array("\r\n\(text)\r\n".utf8))]) }
    private func host(_ text: String) -> Transcript.Event { .command([.literal(Array(text.utf8))]) }

    @Test func aRecordedSessionIsReadStepByStep() throws {
        let transcript = try Transcript(
            parsing: """
                # a transcript of modemail
                +0.000 = opened
                +0.012 > AT+CPIN="<redacted>"\r
                +1.003 < OK

                +1.004 > AT+QISEND=0,3
                +1.005 < >
                +1.006 > (3 octets)
                +1.007 < +QIRD: 4 (4 octets)
                +1.008 < <15 digits>
                +1.009 > +++
                +1.010 < (17 octets)
                +12345.678 = closed
                """)
        #expect(
            transcript.steps.map(\.event) == [
                .opened,
                .command([.literal(Array("AT+CPIN=\"".utf8)), .redacted, .literal(Array("\"".utf8))]), line("OK"),
                host("AT+QISEND=0,3"), .modem([.literal(Array("\r\n> ".utf8))]), .octets([.counted(3)]),
                .modem([
                    .literal(Array("\r\n+QIRD: 4\r\n".utf8)), .counted(4), .literal(Array("\r\n".utf8)),
                ]),
                .modem([.literal([13, 10]), .digits(15), .literal([13, 10])]), .octets([.literal(Array("+++".utf8))]),
                .modem([.counted(17)]), .closed,
            ])
        #expect(transcript.steps.map(\.line) == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13])
        #expect(transcript.steps.last?.time == .milliseconds(12_345_678))
    }

    /// As the makers' manuals print dialogues.
    @Test func aDialogueInTheManualsStyleIsRead() throws {
        #expect(
            try events(
                """
                >> AT+QIOPEN=1,0,"TCP","mail.example.com",465,0,0<CR>
                << OK
                << +QIOPEN: 0,0
                >> AT+QISEND=0,3<CR>
                << <CR><LF>>\u{20}
                >> abc
                << <CR><LF>SEND OK<CR><LF>
                >> AT
                >> abc(2 octets)<^Z><1b><mail>
                << <CR><LF>+QIRD: 4<CR><LF>abcd<CR><LF><CR><LF>OK<CR><LF>
                """) == [
                    host("AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,0"), line("OK"), line("+QIOPEN: 0,0"),
                    host("AT+QISEND=0,3"), .modem([.literal(Array("\r\n> ".utf8))]),
                    .octets([.literal(Array("abc".utf8))]), line("SEND OK"), host("AT"),
                    .octets([
                        .literal(Array("abc".utf8)), .counted(2), .literal([0x1A, 0x1B] + Array("<mail>".utf8)),
                    ]),
                    .modem([.literal(Array("\r\n+QIRD: 4\r\nabcd\r\n\r\nOK\r\n".utf8))]),
                ])
    }

    @Test func singleOctetsOfTheHostHaveNames() throws {
        #expect(
            try events("> <ESC>\n> <CR>\n> (1500 octets)\n> <CLD>\n< @") == [
                .octets([.literal([0x1B])]), .command([]), .octets([.counted(1_500)]),
                .octets([.literal([0xF9, 0x03, 0xEF, 0x05, 0xC3, 0x01, 0xF2, 0xF9])]),
                .modem([.literal([13, 10, 0x40])]),
            ])
    }

    /// The host asks other registers in each run, so the recorded question and its answer are no steps.
    @Test func questionsForRegistersAreLearnedFrom() throws {
        #expect(
            try events(
                "> ATS5?S3?S4?\n< 008\n< +CREG: 1\n< 013\n< 010\n< OK\n> ATS3?S4?\n< ERROR\n> ATS3?\n< 013\n< OK") == [
                    line("+CREG: 1"), host("ATS3?S4?"), line("ERROR"), host("ATS3?"), line("013"), line("OK"),
                ])
    }

    @Test(arguments: [
        "AT", "+1.0 > AT", "+1 > AT", "+x.000 > AT", "+0.001", "+0.001 AT", "= gone", "=opened", ">AT", ">>", ">> ",
        "> (1048577 octets)", "< X (99999999999999999999 octets)", "<< (1048577 octets)", "+-1.000 > AT",
        "> " + String(repeating: "x", count: 8_191),
    ])
    func whatIsNoStepIsAnErrorWithItsLine(_ line: String) throws {
        let error = #expect(throws: FakeModemError.self) { try Transcript(parsing: "# one\n< OK\n\(line)\n") }
        guard case .badTranscript(let number, _) = try #require(error) else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(number == 3)
        #expect(error?.exitStatus.rawValue == 78)
    }

    @Test func aTranscriptWithoutAStepIsNone() {
        #expect(throws: FakeModemError.badTranscript(line: 1, reason: "it has no step")) {
            try Transcript(parsing: "# nothing\n\n \t\n")
        }
    }

    @Test func theParserIsTotal() {
        var random = SeededGenerator(seed: 5)
        let words = [
            "> ", "< ", ">> ", "<< ", "= ", "+0.001 ", "opened", "closed", "<CR>", "<LF>", "<redacted>", "<15 digits>",
            "(",
            "(3 octets)", " octets)", "AT", "S3?S4?", "\n", "\n", "\r", "OK", "013", "\u{e9}", "<", ">", "<0d>", "#",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).compactMap { _ in
                words.randomElement(using: &random)
            }
            _ = try? Transcript(parsing: text.joined())
        }
    }
}
