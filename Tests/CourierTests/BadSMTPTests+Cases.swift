extension BadSMTPTests {
    static let cases = habits + greetings + nonsense + hellos + upgrades + logins + envelopes + groups + messages

    private static let large = ["--attach", "DIR/large"]
    private static let mail = "MAIL FROM"
    private static let auth = "AUTH"

    /// Odd, and allowed or harmless: the mail is sent.
    private static let habits: [Case] = [
        Case(name: "good", status: 0, saw: ["<message of", "QUIT"], throughModem: true),
        Case(name: "good-starttls", status: 0, saw: ["handshake", "tls: AUTH", "<message of"]),
        Case(name: "bare-lf", status: 0),
        Case(name: "code-alone", status: 0),
        Case(name: "octet-by-octet", status: 0),
        Case(name: "split-replies", status: 0),
        Case(name: "eight-bit-reply", status: 0),
        Case(name: "nul-in-reply", status: 0),
        Case(name: "unknown-codes", status: 0),
        Case(name: "keeps-open-after-quit", status: 0),
        Case(name: "silent-after-quit", status: 0, throughModem: true),
        Case(name: "421-at-quit", status: 0),
        Case(name: "cut-after-message", status: 0),
        Case(name: "reset-after-message", status: 0),
        Case(name: "two-final-replies", status: 0),
        Case(name: "dot-two-final-replies", status: 0),
        Case(name: "size-nonsense", status: 0),
        Case(name: "clear-offers-more", status: 0, saw: ["tls: DATA"], never: ["BDAT"]),
        // HELO has no AUTH: it follows only where none is wanted.
        Case(name: "helo-only", status: 76, says: ["what is EHLO"], never: ["HELO ", auth, mail]),
    ]

    private static let greetings: [Case] = [
        Case(
            name: "greeting-never", status: 75, says: ["did not answer the connection within 1 s"], never: ["EHLO"],
            limits: "greeting: 1s", throughModem: true),
        Case(
            name: "greeting-slow", status: 75, says: ["did not answer the connection within 1 s"], never: ["EHLO"],
            limits: "greeting: 1s"),
        Case(name: "greeting-endless-slow", status: 75, says: ["within 1 s"], never: ["EHLO"], limits: "greeting: 1s"),
        Case(
            name: "greeting-endless-line", status: 76, says: ["no SMTP reply", "no end of line"], never: ["EHLO"],
            throughModem: true),
        Case(name: "greeting-endless-lines", status: 76, says: ["reply too long"], never: ["EHLO"]),
        Case(name: "greeting-554", status: 75, says: ["no service here", "try again later"], never: ["EHLO"]),
        Case(name: "greeting-421", status: 75, says: ["too many connections", "try again later"], never: ["EHLO"]),
        Case(name: "greeting-250", status: 76, says: ["250 welcome"], never: ["EHLO"]),
        Case(name: "greeting-354", status: 76, says: ["354 welcome"], never: ["EHLO"]),
        Case(name: "greeting-close", status: 75, says: ["closed the connection"]),
        Case(name: "greeting-cut", status: 75, says: ["closed the connection"]),
        Case(name: "greeting-reset", status: 75, says: ["reset"]),
        Case(name: "greeting-half", status: 75, says: ["closed the connection"], never: ["EHLO"]),
        Case(
            name: "greeting-and-more", status: 76, says: ["nobody asked for: 250 2.0.0 already"], never: [auth, mail],
            throughModem: true),
    ]

    /// What is no reply.
    private static let nonsense: [Case] = [
        Case(name: "no-code", status: 76, says: ["no SMTP reply: mail.example.test", "check host and port"]),
        Case(name: "two-digits", status: 76, says: ["no SMTP reply: 22 mail"]),
        Case(name: "four-digits", status: 76, says: ["no SMTP reply: 2200 mail"]),
        Case(name: "letters", status: 76, says: ["no SMTP reply: 2x0"], never: [auth]),
        Case(name: "code-000", status: 76, says: ["no SMTP reply: 000"], never: [auth]),
        Case(name: "code-999", status: 76, says: ["no SMTP reply: 999"], never: ["<message"]),
        // The message went in the same flight: whether it was taken, nobody can know.
        Case(name: "code-199", status: 75, says: ["perhaps", "no SMTP reply: 199"]),
        Case(name: "nul-in-code", status: 76, says: ["no SMTP reply: 2\\\\x050"], never: ["<message"]),
        Case(name: "underscore", status: 76, says: ["no SMTP reply: 250_ok"], never: ["<message"]),
        Case(name: "empty-line", status: 76, says: ["no SMTP reply"], never: ["EHLO"]),
        Case(name: "bare-cr", status: 76, says: ["a bare CR"], never: ["<message"]),
        Case(name: "http", status: 76, says: ["HTTP/1.1 400", "check host and port"], never: ["EHLO"]),
        Case(name: "imap", status: 76, says: ["IMAP4rev1", "check host and port"], never: ["EHLO"]),
        Case(name: "pop3", status: 76, says: ["POP3", "check host and port"], never: ["EHLO"]),
        Case(
            name: "differing-codes", status: 76, says: ["220-PIPELINING", "began with 250"], never: [auth],
            throughModem: true),
        Case(name: "differing-last-code", status: 75, says: ["perhaps", "began with 250"]),
        Case(name: "ehlo-endless-lines", status: 76, says: ["reply too long"], never: [auth]),
        Case(name: "ehlo-long-line", status: 76, says: ["no SMTP reply"], never: [auth]),
        Case(name: "mail-endless-line", status: 76, says: ["no end of line"], never: ["<message"]),
    ]

    private static let hellos: [Case] = [
        Case(name: "ehlo-421", status: 75, says: ["going down"], never: [auth], throughModem: true),
        Case(name: "ehlo-502", status: 76, says: ["what is EHLO"], never: ["HELO ", auth]),
        Case(name: "ehlo-550", status: 78, says: ["not welcome", "full host name"], never: [auth]),
        Case(name: "ehlo-450", status: 75, says: ["not now"], never: [auth]),
        Case(name: "ehlo-354", status: 76, says: ["354 go on"], never: [auth]),
        Case(
            name: "ehlo-never", status: 75, says: ["did not answer EHLO within 1 s"], never: [auth],
            limits: "command: 1s"),
        Case(name: "ehlo-close", status: 75, says: ["instead of answering EHLO"], never: [auth]),
        Case(name: "ehlo-cut", status: 75, says: ["instead of answering EHLO"], never: [auth]),
        Case(name: "ehlo-and-more", status: 76, says: ["nobody asked for: 235"], never: [auth, mail]),
    ]

    private static let upgrades: [Case] = [
        Case(name: "starttls-withdrawn", status: 76, says: ["does not offer STARTTLS"], never: ["STARTTLS"]),
        Case(name: "starttls-454", status: 75, says: ["TLS is not available now"], never: ["tls: "]),
        Case(name: "starttls-502", status: 76, says: ["not implemented"], never: ["tls: "]),
        Case(name: "starttls-250", status: 76, says: ["250 2.0.0 ok"], never: ["tls: "]),
        Case(name: "starttls-421", status: 75, says: ["going down"], never: ["tls: "]),
        Case(name: "starttls-never", status: 75, says: ["STARTTLS within 1 s"], limits: "command: 1s"),
        Case(name: "starttls-close", status: 75, says: ["instead of answering STARTTLS"]),
        Case(
            name: "starttls-injected", status: 76, says: ["more in clear", "nothing was sent"], never: ["tls: "],
            throughModem: true),
        Case(name: "starttls-injected-later", status: 76, says: ["without TLS"], never: ["tls: "]),
        Case(name: "starttls-half-line-injected", status: 76, says: ["more in clear"], never: ["tls: "]),
        Case(
            name: "starttls-no-handshake", status: 75, says: ["no end after 1 s (tls)"], silentOn: ["DeadlineExceeded"],
            limits: "tls: 1s"),
        Case(name: "starttls-close-after-go", status: 75, says: ["instead of beginning TLS"]),
        Case(name: "clear-auth-only", status: 78, says: ["no AUTH"], never: [auth, mail], throughModem: true),
        Case(name: "greets-again-after-tls", status: 76, says: ["answered EHLO with 220"], never: [auth, mail]),
        Case(name: "421-after-tls", status: 75, says: ["going down"], never: [auth]),
    ]

    private static let logins: [Case] = [
        Case(name: "auth-not-offered", status: 78, says: ["no AUTH"], never: [auth, mail]),
        Case(name: "auth-unknown", status: 78, says: ["GSSAPI"], never: [auth, mail]),
        Case(name: "auth-334-forever", status: 76, says: ["more than LOGIN has to say"], never: [mail]),
        Case(name: "auth-334-to-plain", status: 76, says: ["more than PLAIN has to say"], never: [mail]),
        Case(name: "auth-bad-challenge", status: 76, never: [mail]),
        Case(name: "auth-535", status: 77, says: ["bad credentials", "check user name"], never: [mail]),
        Case(name: "auth-535-oauth", status: 77, says: ["switched passwords off"], never: [mail]),
        Case(name: "auth-454", status: 75, says: ["directory is away", "try again later"], never: [mail]),
        Case(name: "auth-432", status: 75, says: ["transition"], never: [mail]),
        Case(name: "auth-530", status: 78, says: ["something first"], never: [mail]),
        Case(name: "auth-534", status: 78, says: ["too weak"], never: [mail]),
        Case(name: "auth-538", status: 78, says: ["encryption"], never: [mail]),
        Case(name: "auth-504", status: 78, says: ["another"], never: [mail]),
        Case(name: "auth-421", status: 75, says: ["too many failures"], never: [mail]),
        Case(name: "auth-354", status: 76, says: ["354 what"], never: [mail]),
        Case(name: "auth-never", status: 75, says: ["AUTH within 1 s"], never: [mail], limits: "command: 1s"),
        Case(name: "auth-close", status: 75, says: ["instead of answering AUTH"], never: [mail]),
        Case(name: "auth-cut", status: 75, says: ["instead of answering AUTH"], never: [mail]),
        Case(
            name: "auth-echo", status: 77, says: ["is not <redacted> nor <redacted> nor <redacted>"], never: [mail],
            throughModem: true),
        Case(name: "auth-echo-in-nonsense", status: 76, says: ["no SMTP reply"], silentOn: ["Pw-7"], never: [mail]),
    ]

    private static let envelopes: [Case] = [
        Case(name: "mail-451", status: 75, says: ["not now"]),
        Case(name: "mail-550", status: 65, says: ["this sender may not send here"]),
        Case(name: "mail-552", status: 65, says: ["send less"]),
        Case(name: "mail-530", status: 78, says: ["log in first"]),
        Case(name: "mail-354", status: 76, says: ["354 what"], never: ["RCPT"]),
        Case(name: "mail-421", status: 75, says: ["going down"]),
        Case(name: "mail-never", status: 75, says: ["MAIL within 1 s"], never: ["<message"], limits: "command: 1s"),
        Case(name: "mail-close", status: 75, says: ["instead of answering MAIL"], never: ["<message"], connections: 2),
        Case(
            name: "mail-cut", status: 75, says: ["instead of answering MAIL"], never: ["<message"], throughModem: true),
        Case(name: "rcpt-550", status: 67, says: ["no such mailbox", "check the address"]),
        Case(name: "rcpt-452", status: 75, says: ["mailbox full for now"]),
        Case(
            name: "rcpt-some", status: 67,
            says: ["accepted", "no such mailbox", "busy", "2 of 3 recipients"],
            send: ["--to", "second@example.net", "--cc", "third@example.net"]),
        Case(
            name: "rcpt-some-data", status: 67,
            says: ["accepted", "no such mailbox", "busy", "2 of 3 recipients"], saw: ["<message of"],
            send: ["--to", "second@example.net", "--cc", "third@example.net"]),
        Case(
            name: "rcpt-refused-354", status: 67, says: ["no such mailbox"], saw: ["<message of 0 octets>"],
            throughModem: true),
        Case(name: "rcpt-refused-bdat-250", status: 67, says: ["no such mailbox"]),
        Case(name: "rcpt-421", status: 75, says: ["going down"]),
        Case(name: "rcpt-close", status: 75, says: ["instead of answering RCPT"], never: ["<message"], connections: 2),
        Case(name: "rcpt-escapes", status: 67, says: ["x1b[2J", "x9b31m", "x202e"], throughModem: true),
        Case(name: "rcpt-long-words", status: 67, says: ["550 no no", "…"]),
    ]

    /// Pipelining that is offered and not kept: learnt, and done without.
    private static let groups: [Case] = [
        Case(name: "pipelining-503", status: 0, saw: ["RSET", "<message of"]),
        Case(name: "pipelining-503-chunks", status: 0, saw: ["<message of"], connections: 2),
        Case(name: "pipelining-closes", status: 0, saw: ["<message of"], connections: 2),
        Case(name: "pipelining-421", status: 0, saw: ["<message of"], connections: 2),
    ]

    private static let messages: [Case] = [
        Case(name: "data-451", status: 75, says: ["not now"], never: ["<message"]),
        Case(name: "data-554", status: 65, says: ["554 5.5.1 no"], never: ["<message"]),
        Case(name: "data-250", status: 76, says: ["250 2.0.0 ok"], never: ["<message"]),
        Case(name: "data-421", status: 75, says: ["going down"], never: ["<message"]),
        Case(name: "data-close", status: 75, says: ["instead of answering DATA"], never: ["<message"]),
        Case(name: "data-never", status: 75, says: ["DATA within 1 s"], never: ["<message"], limits: "data: 1s"),
        Case(name: "bdat-502", status: 76, says: ["what is BDAT"]),
        Case(name: "bdat-354", status: 76, says: ["354 go on"]),
        Case(name: "bdat-503", status: 76, says: ["503 5.5.1 not now"], connections: 2),
        Case(name: "bdat-never", status: 75, says: ["perhaps", "within 1 s"], limits: "data-termination: 1s"),
        Case(
            name: "bdat-deaf", status: 75, says: ["within 1 s"], silentOn: ["perhaps"], limits: "data-block: 1s",
            send: large),
        Case(
            name: "body-421", status: 75, says: ["going down"], silentOn: ["perhaps"], never: ["<message of"],
            send: large),
        Case(name: "body-552", status: 65, says: ["that is enough"], never: ["<message of"], send: large),
        Case(
            name: "body-250", status: 76, says: ["answered the message with 250"], never: ["<message of"], send: large),
        Case(name: "body-close", status: 75, silentOn: ["perhaps"], never: ["<message of"], send: large),
        Case(name: "body-cut", status: 75, says: ["perhaps"]),
        Case(name: "body-reset", status: 75, silentOn: ["perhaps"], never: ["<message of"], send: large),
        Case(
            name: "body-deaf", status: 75, says: ["within 1 s"], silentOn: ["perhaps"], limits: "data-block: 1s",
            send: large),
        Case(name: "body-flood", status: 76, says: ["answered the message with 250"], send: large),
        Case(name: "dot-451", status: 75, says: ["no room"]),
        Case(name: "dot-550", status: 65, says: ["that is spam"]),
        Case(name: "dot-552", status: 65, says: ["larger than I said"]),
        Case(name: "dot-354", status: 76, says: ["354 more"]),
        Case(name: "dot-421", status: 75, says: ["going down"]),
        Case(
            name: "dot-never", status: 75, says: ["perhaps", "within 1 s"], saw: ["<message of"],
            limits: "data-termination: 1s", throughModem: true),
        Case(name: "dot-close", status: 75, says: ["perhaps", "ask the recipient"], saw: ["<message of"]),
        Case(name: "dot-cut", status: 75, says: ["perhaps"], saw: ["<message of"], throughModem: true),
        Case(name: "dot-nonsense", status: 75, says: ["perhaps", "thank you"], saw: ["<message of"]),
        Case(name: "dot-slow", status: 75, says: ["perhaps", "within 1 s"], limits: "data-termination: 1s"),
        Case(name: "size-too-small", status: 65, says: ["the server takes 100"], never: [mail], throughModem: true),
    ]
}
