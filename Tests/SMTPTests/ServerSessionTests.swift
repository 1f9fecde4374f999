import Credentials
import NIOCore
import Support
import Testing

@testable import SMTP

/// A server session with its questions answered, and what it did.
struct ServerBench {
    var session: SMTPServerSession
    var now = NIODeadline.uptimeNanoseconds(0)
    /// What was written and not yet looked at.
    var output = ""
    /// Messages that were kept, with their envelopes.
    var kept: [(ServerEnvelope, ByteBuffer)] = []
    var isClosed = false
    var startedTLS = 0
    var discards = 0
    var content = ByteBuffer()
    var answers: (SMTPServerSession.Question) -> SMTPServerSession.Answer = { question in
        if case .credentials(_, let password) = question, password != Secret("right") {
            return .no(Reply(535, "5.7.8 wrong"))
        }
        return .yes()
    }

    init(
        _ security: SMTPServerConfiguration.Security = .clear, login: SMTPServerConfiguration.Login = .none,
        _ change: (inout SMTPServerConfiguration) -> Void = { _ in }
    ) {
        var configuration = SMTPServerConfiguration(hostName: "sink.example", security: security, login: login)
        change(&configuration)
        session = SMTPServerSession(configuration)
        handle(.opened)
    }

    mutating func handle(_ event: SMTPServerSession.Event) {
        var events = [event]
        while let event = events.popLast() {
            for action in session.handle(event, now: now) {
                switch action {
                case .write(let octets): output += String(buffer: octets)
                case .startTLS: startedTLS += 1
                case .ask(let question):
                    let answer = answers(question)
                    if case .message(let envelope) = question, case .yes = answer { kept.append((envelope, content)) }
                    events.append(.answered(answer))
                case .begin: content = ByteBuffer()
                case .content(let octets): content.writeImmutableBuffer(octets)
                case .discard: discards += 1
                case .close: isClosed = true
                }
            }
        }
    }

    /// The codes of the replies to `text`, of last lines only.
    mutating func say(_ text: String) -> [String] {
        output = ""
        handle(.received(ByteBuffer(string: text)))
        return codes
    }

    /// Code and enhanced status code of each reply in `output`.
    var codes: [String] {
        output.split(separator: "\r\n").filter { $0.count < 4 || $0.dropFirst(3).first == " " }.map { line in
            let words = line.split(separator: " ")
            let enhanced = words.count > 1 && EnhancedStatusCode(words[1]) != nil ? " \(words[1])" : ""
            return words[0] + enhanced
        }
    }
}

@Suite struct ServerSessionTests {
    private static let envelope = "EHLO gw.example.com\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n"

    @Test func aMessageByDataIsKept() {
        var bench = ServerBench()
        #expect(bench.output == "220 sink.example ESMTP ready\r\n")
        #expect(bench.say("EHLO gw.example.com\r\n") == ["250"])
        #expect(bench.output.contains("250-PIPELINING\r\n") && bench.output.contains("250 CHUNKING\r\n"))
        #expect(bench.say("mail from:<a@example.com> size=9\r\n") == ["250 2.1.0"])
        #expect(bench.say("RCPT TO:<b@example.net>\r\n") == ["250 2.1.5"])
        #expect(bench.say("DATA\r\n") == ["354"])
        #expect(bench.say("x\r\n..y\r\n.\r\n") == ["250 2.0.0"])
        #expect(bench.say("QUIT\r\n") == ["221 2.0.0"])
        #expect(bench.isClosed)
        #expect(bench.kept.map { String(buffer: $0.1) } == ["x\r\n.y\r\n"])
        #expect(bench.kept.first?.0.recipients.map(\.description) == ["b@example.net"])
    }

    @Test(arguments: UInt64(0)..<100) func aSessionIsTheSameInAnySplit(seed: UInt64) {
        let text =
            Self.envelope + "DATA\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nBDAT 3\r\n\0.\r\nBDAT 0 LAST\r\n"
            + "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\na\r\n..\r\n.\r\nNOOP\r\nQUIT\r\n"
        // BDAT 3 is NUL, dot, CR: its LF would be a line of its own, so the count below is right only with the next chunk.
        let mended = text.replacing("BDAT 3\r\n\0.\r\n", with: "BDAT 4\r\n\0.\r\n")
        var generator = SeededGenerator(seed: seed)
        var bench = ServerBench()
        bench.output = ""
        for piece in split(ByteBuffer(string: mended), &generator) { bench.handle(.received(piece)) }
        #expect(
            bench.codes == [
                "250", "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "250 2.1.0", "250 2.1.5", "250 2.0.0", "250 2.0.0",
                "250 2.1.0", "250 2.1.5", "354", "250 2.0.0", "250 2.0.0", "221 2.0.0",
            ], "seed \(seed)")
        #expect(bench.kept.map { String(buffer: $0.1) } == ["", "\0.\r\n", "a\r\n.\r\n"], "seed \(seed)")
    }

    @Test func aGroupIsAnsweredInOneWrite() {
        var bench = ServerBench()
        let actions = bench.session.handle(
            .received(ByteBuffer(string: "EHLO a.example\r\nNOOP\r\nNOOP\r\n")), now: bench.now)
        #expect(actions.count == 1)
    }

    @Test(arguments: [
        ("MAIL FROM:<a@example.com>\r\n", "503 5.5.1"), ("RCPT TO:<a@example.com>\r\n", "503 5.5.1"),
        ("DATA\r\n", "503 5.5.1"),
        ("STARTTLS\r\n", "503 5.5.1"), ("NOOP\r\n", "250 2.0.0"), ("RSET\r\n", "250 2.0.0"), ("EHLO\r\n", "501 5.5.4"),
        ("EHLO a b\r\n", "501 5.5.4"), ("HELO a_b.example\r\n", "250"), ("XYZZY\r\n", "500 5.5.2"),
        ("HELP\r\n", "502 5.5.1"),
        ("NO\0OP\r\n", "500 5.5.2"), ("NOOP\n", "500 5.5.2"), ("NO\rOP\r\n", "500 5.5.2"), ("\r\n", "500 5.5.2"),
    ])
    func commandsBeforeEHLOHaveTheirReplies(line: String, code: String) {
        var bench = ServerBench()
        #expect(bench.say(line) == [code])
        #expect(!bench.isClosed)
    }

    @Test(arguments: [
        ("MAIL FROM: <a@example.com>\r\n", "501 5.5.4"), ("MAIL FROM:a@example.com\r\n", "501 5.5.4"),
        ("MAIL FROM:<a>\r\n", "553 5.1.7"), ("MAIL FROM:<a@example.com> X=1\r\n", "555 5.5.4"),
        ("MAIL FROM:<a@example.com> BODY=BINARYMIME\r\n", "555 5.5.4"), ("MAIL FROM:<a@example.com>x\r\n", "501 5.5.4"),
        ("MAIL FROM:<@r.example:a@example.com>\r\n", "250 2.1.0"), ("MAIL FROM:<\"a>b\"@example.com>\r\n", "250 2.1.0"),
        ("MAIL FROM:<a@example.com> SIZE=x\r\n", "501 5.5.4"), ("MAIL FROM:<j\u{F6}@example.com>\r\n", "553 5.6.7"),
        ("MAIL FROM:<j\u{F6}@example.com> SMTPUTF8\r\n", "250 2.1.0"),
        ("MAIL FROM:<a@example.com> AUTH=<>\r\n", "250 2.1.0"),
        ("RCPT TO:<b@example.net>\r\n", "503 5.5.1"), ("DATA\r\n", "503 5.5.1"), ("DATA x\r\n", "501 5.5.4"),
        ("VRFY root\r\n", "252 2.5.2"), ("AUTH PLAIN\r\n", "502 5.5.1"), ("STARTTLS\r\n", "502 5.5.1"),
    ])
    func commandsAfterEHLOHaveTheirReplies(line: String, code: String) {
        var bench = ServerBench()
        _ = bench.say("EHLO gw.example.com\r\n")
        #expect(bench.say(line) == [code])
    }

    @Test func theOrderOfATransactionIsKept() {
        var bench = ServerBench()
        _ = bench.say("EHLO gw.example.com\r\nMAIL FROM:<a@example.com>\r\n")
        #expect(bench.say("MAIL FROM:<a@example.com>\r\n") == ["503 5.5.1"])
        #expect(bench.say("DATA\r\n") == ["554 5.5.1"])
        #expect(bench.say("BDAT 4 LAST\r\nQUIT") == ["554 5.5.1"], "its octets are no command")
        #expect(!bench.isClosed)
        #expect(bench.say("RCPT TO:<b@example.net> X=1\r\nRCPT TO:<b>\r\n") == ["555 5.5.4", "553 5.1.3"])
        #expect(bench.say("RCPT TO:<b@example.net>\r\nBDAT 2\r\nhi") == ["250 2.1.5", "250 2.0.0"])
        #expect(bench.say("DATA\r\nRCPT TO:<c@example.net>\r\n") == ["503 5.5.1", "503 5.5.1"])
        #expect(bench.say("RSET\r\n") == ["250 2.0.0"])
        #expect(bench.discards == 1 && bench.kept.isEmpty)
        #expect(bench.say("RCPT TO:<b@example.net>\r\n") == ["503 5.5.1"])
    }

    // MARK: Limits

    @Test func theSizeLimitIsExact() {
        for (count, code) in [(10, "250 2.0.0"), (11, "552 5.3.4")] {
            var bench = ServerBench { $0.sizeLimit = 10 }
            let text = String(repeating: "x", count: count - 2) + "\r\n"
            _ = bench.say(Self.envelope + "DATA\r\n")
            #expect(bench.say(text + ".\r\n") == [code])
            #expect(
                bench.say("MAIL FROM:<a@example.com> SIZE=\(count)\r\n") == [count == 10 ? "250 2.1.0" : "552 5.3.4"])
            #expect(bench.kept.count == (count == 10 ? 1 : 0) && bench.discards == (count == 10 ? 0 : 1))
        }
    }

    @Test func aRefusedChunkIsReadToItsEnd() {
        var bench = ServerBench { $0.sizeLimit = 10 }
        _ = bench.say(Self.envelope)
        #expect(bench.say("BDAT 19\r\nMAIL FROM:<x@y.z>\r\nBDAT 4 LAST\r\nQUIT") == ["552 5.3.4", "503 5.5.1"])
        #expect(bench.discards == 1 && bench.kept.isEmpty && !bench.isClosed)
        #expect(bench.say("RSET\r\nMAIL FROM:<a@example.com>\r\n") == ["250 2.0.0", "250 2.1.0"])
    }

    @Test(arguments: [
        "BDAT\r\n", "BDAT x LAST\r\n", "BDAT -1\r\n", "BDAT 1 FIRST\r\n", "BDAT 9999999999999999999 LAST\r\n",
    ])
    func aChunkWithoutACountEndsTheSession(line: String) {
        var bench = ServerBench()
        _ = bench.say(Self.envelope)
        #expect(bench.say(line + "MAIL FROM:<x@y.example>\r\n") == ["501 5.5.4"])
        #expect(bench.isClosed)
    }

    @Test func theLimitsOfLinesAreExact() {
        for (count, code) in [(2048, "500 5.5.2"), (2049, "500 5.5.2")] {
            var bench = ServerBench()
            #expect(bench.say(String(repeating: "x", count: count - 2) + "\r\nNOOP\r\n") == [code, "250 2.0.0"])
            #expect(bench.output.contains("too long") == (count > 2048))
        }
        var bench = ServerBench()
        for _ in 0..<100 { #expect(bench.say(String(repeating: "x", count: 1000)).isEmpty) }
        #expect(bench.session.input.readableBytes < 4096, "a line without end is no memory")
        #expect(bench.say("\r\nNOOP\r\n") == ["500 5.5.2", "250 2.0.0"])
    }

    @Test func theLimitOfRecipientsDefersTheNext() {
        var bench = ServerBench { $0.recipientLimit = 1 }
        _ = bench.say(Self.envelope)
        #expect(bench.say("RCPT TO:<c@example.net>\r\nDATA\r\n") == ["452 4.5.3", "354"])
    }

    @Test func tooManyErrorsEndTheSession() {
        var bench = ServerBench { $0.errorLimit = 3 }
        #expect(bench.say("X\r\nX\r\n") == ["500 5.5.2", "500 5.5.2"])
        #expect(bench.say("X\r\nX\r\n") == ["500 5.5.2", "421 4.7.0"])
        #expect(bench.isClosed)
        #expect(bench.session.handle(.received(ByteBuffer(string: "NOOP\r\n")), now: bench.now).isEmpty)
    }

    @Test func aLongPauseEndsTheSession() {
        var bench = ServerBench()
        #expect(bench.session.deadline == bench.now + .minutes(5))
        bench.now = bench.now + .minutes(4)
        _ = bench.say(Self.envelope + "DATA\r\nx\r\n")
        #expect(bench.session.deadline == bench.now + .minutes(5))
        bench.output = ""
        bench.handle(.deadlinePassed)
        #expect(bench.codes == ["421 4.4.2"])
        #expect(bench.isClosed && bench.discards == 1)
        #expect(bench.session.deadline == nil)
    }

    // MARK: Content

    @Test(arguments: [
        ("a\nb\r\n", "an LF"), ("a\rb\r\n", "a CR"), ("a\n.\r\nMAIL FROM:<x@y.example>\r\n", "an LF"),
        (String(repeating: "x", count: 999) + "\r\n", "longer"),
    ])
    func textThatIsNoLinesIsRefused(text: String, words: String) {
        var bench = ServerBench()
        _ = bench.say(Self.envelope + "DATA\r\n")
        #expect(bench.say(text + ".\r\n") == ["554 5.6.0"])
        #expect(bench.output.contains(words))
        #expect(bench.kept.isEmpty && bench.discards == 1)
        #expect(bench.say("MAIL FROM:<a@example.com>\r\n") == ["250 2.1.0"])
    }

    @Test func eightBitTextMustBeDeclaredWhereThatIsAsked() {
        for (body, code) in [("", "554 5.6.3"), (" BODY=8BITMIME", "250 2.0.0")] {
            var bench = ServerBench { $0.demandsDeclared8Bit = true }
            _ = bench.say(
                "EHLO gw.example.com\r\nMAIL FROM:<a@example.com>\(body)\r\nRCPT TO:<b@example.net>\r\nDATA\r\n")
            #expect(bench.say("é\r\n.\r\n") == [code])
        }
    }

    @Test func aMessageThatCannotBeKeptIsNotAccepted() {
        var bench = ServerBench()
        bench.answers = { if case .message = $0 { .no(Reply(452, "4.3.1 disk full")) } else { .yes() } }
        _ = bench.say(Self.envelope + "DATA\r\n")
        #expect(bench.say("x\r\n.\r\nMAIL FROM:<a@example.com>\r\n") == ["452 4.3.1", "250 2.1.0"])
        #expect(bench.kept.isEmpty)
    }

    @Test func aLostConnectionKeepsNothing() {
        var bench = ServerBench()
        _ = bench.say(Self.envelope + "DATA\r\nx\r\n.")
        bench.handle(.ended)
        #expect(bench.kept.isEmpty && bench.discards == 1 && bench.isClosed)
    }

    // MARK: TLS and AUTH

    private static let plain = "AUTH PLAIN AHVzZXIAcmlnaHQ=\r\n"  // user, right

    @Test func nothingButTheWayToTLSIsTakenBeforeIt() {
        var bench = ServerBench(.startTLS, login: .required)
        _ = bench.say("EHLO gw.example.com\r\n")
        #expect(bench.output.contains("STARTTLS") && !bench.output.contains("AUTH"))
        #expect(bench.say("MAIL FROM:<a@example.com>\r\n" + Self.plain) == ["530 5.7.0", "530 5.7.0"])
        #expect(bench.say("STARTTLS\r\n") == ["220 2.0.0"])
        #expect(bench.startedTLS == 1 && !bench.session.wantsInput)
        bench.handle(.tlsEstablished)
        #expect(bench.say("MAIL FROM:<a@example.com>\r\n") == ["503 5.5.1"], "EHLO is forgotten")
        _ = bench.say("EHLO gw.example.com\r\n")
        #expect(!bench.output.contains("STARTTLS") && bench.output.contains("AUTH PLAIN LOGIN"))
        #expect(bench.say("MAIL FROM:<a@example.com>\r\n") == ["530 5.7.0"])
        #expect(bench.say(Self.plain) == ["235 2.7.0"])
        #expect(bench.say("STARTTLS\r\nMAIL FROM:<a@example.com>\r\n") == ["503 5.5.1", "250 2.1.0"])
    }

    @Test func whatFollowsSTARTTLSInItsGroupEndsTheSession() {
        var bench = ServerBench(.startTLS)
        _ = bench.say("EHLO gw.example.com\r\n")
        #expect(bench.say("STARTTLS\r\nEHLO evil.example\r\n") == ["554 5.5.1"])
        #expect(bench.isClosed && bench.startedTLS == 0)
    }

    @Test(arguments: [
        ("AUTH PLAIN AHVzZXIAcmlnaHQ=\r\n", ["235 2.7.0"]), ("AUTH PLAIN AHVzZXIAd3Jvbmc=\r\n", ["535 5.7.8"]),
        ("AUTH PLAIN\r\nAHVzZXIAcmlnaHQ=\r\n", ["334", "235 2.7.0"]), ("auth plain\r\n*\r\n", ["334", "501 5.7.0"]),
        ("AUTH LOGIN\r\ndXNlcg==\r\ncmlnaHQ=\r\n", ["334", "334", "235 2.7.0"]),
        ("AUTH LOGIN dXNlcg==\r\ncmlnaHQ=\r\n", ["334", "235 2.7.0"]),
        ("AUTH LOGIN\r\ndXNlcg==\r\n*\r\n", ["334", "334", "501 5.7.0"]),
        ("AUTH LOGIN\r\n!!!!\r\n", ["334", "501 5.5.2"]), ("AUTH PLAIN =\r\n", ["501 5.5.2"]),
        ("AUTH PLAIN !\r\n", ["501 5.5.2"]), ("AUTH CRAM-MD5\r\n", ["504 5.5.4"]),
        ("AUTH PLAIN b3RoZXIAdXNlcgByaWdodA==\r\n", ["535 5.7.8"]),
        ("AUTH PLAIN AHVzZXIAcmlnaHQ=\r\nAUTH PLAIN AHVzZXIAcmlnaHQ=\r\n", ["235 2.7.0", "503 5.5.1"]),
        ("AUTH\r\n", ["501 5.5.4"]),
    ])
    func loginsHaveTheirReplies(text: String, codes: [String]) {
        var bench = ServerBench(.tls, login: .required)
        _ = bench.say("EHLO gw.example.com\r\n")
        #expect(bench.say(text) == codes)
    }

    @Test func theEnvelopeKnowsItsUser() {
        var bench = ServerBench(.tls, login: .required)
        _ = bench.say(
            "EHLO gw.example.com\r\n" + Self.plain + "MAIL FROM:<>\r\nRCPT TO:<b@example.net>\r\nBDAT 0 LAST\r\n")
        #expect(bench.kept.first?.0.user == "user")
        #expect(bench.kept.first?.0.reversePath == nil)
    }

    @Test func aRefusingGreetingLeavesOnlyQuit() {
        var bench = ServerBench { $0.greeting = Reply(554, "5.3.2 no service") }
        #expect(bench.output == "554 5.3.2 no service\r\n")
        #expect(bench.say("EHLO gw.example.com\r\nQUIT\r\n") == ["503 5.5.1", "221 2.0.0"])
    }

    @Test(arguments: UInt64(0)..<200) func randomOctetsHarmNobody(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words = [
            "EHLO a.example\r\n", "MAIL FROM:<a@b.example>", "RCPT TO:<", "DATA\r\n", "BDAT 7\r\n", "BDAT 3 LAST\r\n",
            "RSET\r\n",
            "AUTH PLAIN ", "*\r\n", "\r\n", ".\r\n", "\0", "\u{FF}", "AHVzZXIAcmlnaHQ=", "<a@b.example>\r\n", "\n",
            "\r", "STARTTLS\r\n",
        ]
        var bench = ServerBench(.tls, login: .required) { $0.errorLimit = 1000 }
        for _ in 0..<200 { _ = bench.say(words.randomElement(using: &generator) ?? "") }
        #expect(bench.session.input.readableBytes < 16_384, "seed \(seed)")
        #expect(bench.isClosed || bench.session.wantsInput || bench.startedTLS > 0, "seed \(seed)")
    }
}
