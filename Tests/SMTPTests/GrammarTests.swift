import Credentials
import NIOCore
import Support
import Testing

@testable import SMTP

@Suite struct GrammarTests {
    @Test func keywordsAreReadInAnyCaseAndUnknownOnesMeanNothing() {
        let capabilities = Capabilities(
            Reply(
                code: 250,
                lines: [
                    "PIPELINING greets you", "size 35882577", "8bitmime", "Chunking", "AUTH plain login", "AUTH=NTLM",
                    "XYZZY 1 2", "LIMITS MAILMAX=5 RCPTMAX=20", "enhancedstatuscodes", "",
                ]))
        #expect(!capabilities.pipelining, "the first line is a name")
        #expect(capabilities.sizeLimit == 35_882_577)
        #expect(capabilities.eightBitMIME && capabilities.chunking && capabilities.enhancedStatusCodes)
        #expect(!capabilities.smtpUTF8 && !capabilities.dsn && !capabilities.startTLS)
        #expect(capabilities.authMechanisms == ["PLAIN", "LOGIN", "NTLM"])
        #expect(capabilities.recipientLimit == 20)
    }

    @Test(arguments: [
        ("SIZE", true, nil), ("SIZE 0", true, nil), ("SIZE x", true, nil), ("SIZE 99999999999999999999", true, Int.max),
    ])
    func aSizeWithoutAFigureHasNoLimit(line: String, offered: Bool, limit: Int?) {
        let capabilities = Capabilities(Reply(code: 250, lines: ["mx", line]))
        #expect(capabilities.size == offered)
        #expect(capabilities.sizeLimit == limit)
    }

    @Test(arguments: [
        "a@example.com", "first.last+tag@sub.example.com", "\"a b\"@example.com", "\"a\\\"@b\"@example.com",
        "root@localhost", "x@[192.0.2.1]", "x@[IPv6:2001:db8::1]", "postmaster", "jörg@example.com", "a@bücher.example",
        "!#$%&'*+-/=?^_`{|}~@example.com",
    ])
    func mailboxesAreTaken(text: String) throws {
        #expect(try MailPath(text).description == text)
    }

    @Test(arguments: [
        "", "a", "@example.com", "a@", "a b@example.com", "a@exa mple.com", "a@example.com\r\nRCPT TO:<b@c>",
        "a\n@example.com", "a\0@example.com", "a>@example.com", "<a@example.com>", "a..b@example.com", ".a@example.com",
        "a.@example.com", "\"a@example.com", "a@-x.example", "a@x..example", "a@[300.1.1.1]", "a@[IPv6:::1::2]",
        "a@[x]",
        "a@b@c", "@relay.example:a@example.com", "a@example.com SIZE=1",
    ])
    func whatIsNoMailboxIsRefused(text: String) {
        #expect(throws: SMTPError.self) { try MailPath(text) }
    }

    @Test func theLimitsOfAMailboxAreExact() throws {
        let label = String(repeating: "d", count: 63)
        _ = try MailPath(String(repeating: "l", count: 64) + "@example.com")
        #expect(throws: SMTPError.self) { try MailPath(String(repeating: "l", count: 65) + "@example.com") }
        _ = try MailPath("a@\(label).example")
        #expect(throws: SMTPError.self) { try MailPath("a@\(label)d.example") }
        let long = "a@\(label).\(label).\(label)." + String(repeating: "d", count: 60)
        _ = try MailPath(long)
        #expect(throws: SMTPError.self) { try MailPath(long + "d") }
    }

    @Test func aClientNameIsAFullHostNameOrAnAddressLiteral() throws {
        #expect(try ClientName(hostName: "gw.example.com").description == "gw.example.com")
        #expect(try ClientName(address: "10.1.2.3").description == "[10.1.2.3]")
        #expect(try ClientName(address: "2001:db8::1").description == "[IPv6:2001:db8::1]")
        #expect(try ClientName(address: "IPv6:2001:db8::1").description == "[IPv6:2001:db8::1]")
        #expect(throws: SMTPError.self) { try ClientName(address: "IPv6:10.1.2.3") }
        #expect(try ClientName(address: "fe80::1%wwan0").description == "[IPv6:fe80::1]")
        #expect(try ClientName.choose(hostName: "raspberrypi", address: "10.1.2.3").description == "[10.1.2.3]")
        #expect(try ClientName.choose(hostName: "pi.example.com", address: "10.1.2.3").description == "pi.example.com")
        for name in [
            "localhost", "pi", "", "a_b.example.com", "-a.example.com", "a.example.com\r\n", "1.2.3.4", "a..b",
        ] {
            #expect(throws: SMTPError.self) { try ClientName(hostName: name) }
        }
        for address in [
            "", "10.1.2", "10.1.2.256", "01.1.1.1", "2001:db8", ":::", "1:2:3:4:5:6:7:8:9", "12345::", "::g",
        ] {
            #expect(throws: SMTPError.self, "\(address)") { try ClientName(address: address) }
        }
        for address in ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "::ffff:192.0.2.1", "1:2:3:4:5:6:192.0.2.1"] {
            #expect(try ClientName(address: address).description == "[IPv6:\(address)]")
        }
    }

    private static let commands: [SMTPCommand] = [
        .ehlo("gw.example.com"), .helo("[10.0.0.1]"), .startTLS, .data, .rset, .noop, .quit, .vrfy("root"),
        .auth(mechanism: "LOGIN", initialResponse: nil), .auth(mechanism: "PLAIN", initialResponse: Secret("")),
        .auth(mechanism: "PLAIN", initialResponse: Secret([0, 117, 0, 112, 255])),
        .bdat(octets: 0, last: true), .bdat(octets: 123_456, last: false), .mail(nil, MailParameters()),
    ]

    @Test func aServerReadsWhatAClientWrites() throws {
        let more: [SMTPCommand] = [
            .mail(try MailPath("a@example.com"), MailParameters(size: 12, eightBit: true, smtpUTF8: true)),
            .rcpt(try MailPath("\"a> b\"@example.com")),
        ]
        for command in Self.commands + more {
            var line = ByteBuffer()
            command.write(into: &line)
            #expect(line.readableBytesView.suffix(2).elementsEqual([0x0D, 0x0A]))
            line.moveWriterIndex(to: line.writerIndex - 2)
            #expect(CommandParser.parse(line) == .command(command))
        }
    }

    @Test func aSecretIsOnTheWireAndNowhereElse() {
        let command = SMTPCommand.auth(mechanism: "PLAIN", initialResponse: Secret("\0user\0hunter2"))
        var line = ByteBuffer()
        command.write(into: &line)
        #expect(String(buffer: line) == "AUTH PLAIN AHVzZXIAaHVudGVyMg==\r\n")
        #expect(command.redacted == "AUTH PLAIN <redacted>")
        #expect(!"\(command)".contains("hunter2") && !String(reflecting: command).contains("hunter2"))
    }

    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func base64GoesThereAndBack(text: String) {
        let encoded = Base64.encode(Array(text.utf8))
        #expect(Base64.decode(encoded) == Array(text.utf8))
    }

    @Test func base64IsOfTheStandard() {
        #expect(String(decoding: Base64.encode(Array("foobar".utf8)), as: UTF8.self) == "Zm9vYmFy")
        #expect(String(decoding: Base64.encode(Array("fooba".utf8)), as: UTF8.self) == "Zm9vYmE=")
        #expect(String(decoding: Base64.encode(Array("foob".utf8)), as: UTF8.self) == "Zm9vYg==")
        for text in ["Zg=", "Zg", "Z===", "Zm9=Zm9v", "Zh==", "Zm9v\n", "====", "Zg==Zg==", "Zm-_"] {
            #expect(Base64.decode(Array(text.utf8)) == nil, "\(text)")
        }
    }
}
