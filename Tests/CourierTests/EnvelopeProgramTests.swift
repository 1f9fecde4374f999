import Support
import Testing

/// What the whole program does where a server's offers and limits count, over the loopback interface to a real server.
@Suite(.timeLimit(.minutes(15))) struct EnvelopeProgramTests {
    private static func send(
        _ gateway: Gateway, to recipients: [String] = ["ops@example.net"], _ words: [String]
    ) throws -> Gateway.Run {
        try gateway.run(
            [
                "send", "--via", "interface:lo", "--server",
                "smtps://gateway%40example.net@localhost:\(gateway.server.port)",
                "--password-file", gateway.directory + "/password", "--ca-file", gateway.server.anchors,
                "--state-dir", gateway.directory + "/state", "--from", Gateway.user,
            ] + recipients.flatMap { ["--to", $0] } + words)
    }

    private static func sessions(_ run: Gateway.Run) -> Int { run.output.ranges(of: "\"name\": \"tcp\"").count }

    private static func texts(_ server: MailServer, _ count: Int) throws -> [String] {
        try server.messages(count).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func eachRecipientIsReportedAndTheGravestVerdictIsTheStatus() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--refuse-recipient", "gone@example.net"])
            let gateway = try Gateway(modem: nil, server: server)
            let both = ["ops@example.net", "gone@example.net"]
            let text = try Self.send(gateway, to: both, ["--body", "b", "--notify", "failure,delay"])
            #expect(text.status == 67, "\(text.output)")
            #expect(text.output.contains("ops@example.net accepted: 250 2.0.0 stored as 1"))
            #expect(text.output.contains("gone@example.net refused: "))
            #expect(text.output.contains("does not offer notices of delivery (DSN)"))
            #expect(text.output.contains("modemail: 1 of 2 recipients did not get the message"))
            let json = try Self.send(gateway, to: both, ["--body", "b", "--json"])
            #expect(json.status == 67)
            for word in [
                "\"outcome\": \"partly\"", "\"step\": \"RCPT\"", "\"code\": 550", "\"enhanced_code\": \"5.1.1\"",
            ] {
                #expect(json.output.contains(word), "\(json.output)")
            }
        }
    }

    @Test func tooManyRecipientsForATransactionGoInAFurtherOne() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--recipients", "1"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(
                gateway, to: ["a@example.net", "b@example.net", "c@example.net"], ["--body", "b", "--json"])
            #expect(run.status == 0, "\(run.output)")
            #expect(Self.sessions(run) == 1)
            #expect(try server.messages(3).count == 3)
        }
    }

    @Test func whatASessionHasNoRoomForGoesInAFurtherOne() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--offer", "LIMITS MAILMAX=1 RCPTMAX=1"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(gateway, to: ["a@example.net", "b@example.net"], ["--body", "b", "--json"])
            #expect(run.status == 0, "\(run.output)")
            #expect(Self.sessions(run) == 2)
            #expect(try server.messages(2).count == 2)
        }
    }

    /// It offers PIPELINING, and closes when it gets a group: the mail leaves all the same, and the next run knows.
    @Test func aServerThatCannotBearGroupsIsRemembered() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--offer", "PIPELINING", "--breaks-on-groups"])
            let gateway = try Gateway(modem: nil, server: server)
            let first = try Self.send(gateway, ["--body", "b", "--json"])
            #expect(first.status == 0, "\(first.output)")
            #expect(Self.sessions(first) == 2)
            #expect(first.output.contains("seems not to bear commands in a group"))
            let memory = TemporaryFolder.names(gateway.directory + "/state/servers")
            #expect(memory == ["localhost-\(server.port)"])
            let second = try Self.send(gateway, ["--body", "b", "--json"])
            #expect(second.status == 0, "\(second.output)")
            #expect(Self.sessions(second) == 1)
            #expect(!second.output.contains("bear commands"))
            // After seven days it is tried again.
            try TemporaryFolder.write(
                "no-pipelining 1000000000\n", to: "\(gateway.directory)/state/servers/\(memory.first ?? "")")
            let later = try Self.send(gateway, ["--body", "b", "--json"])
            #expect(later.status == 0 && Self.sessions(later) == 2, "\(later.output)")
        }
    }

    /// A connection that ends may be a link that was lost: without a proof of the contrary nothing is remembered.
    @Test func aServerThatClosesInAnyCaseIsNotTakenForOneThatCannotBearGroups() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--offer", "PIPELINING", "--closes-at-mail"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(gateway, ["--body", "b", "--json"])
            #expect(run.status == 75, "\(run.output)")
            #expect(Self.sessions(run) == 2)
            #expect(TemporaryFolder.names(gateway.directory + "/state/servers").isEmpty)
        }
    }

    @Test func aRefusedPasswordIsTriedOnce() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: nil, server: server)
            try TemporaryFolder.write("wrong", to: gateway.directory + "/password")
            let run = try Self.send(gateway, ["--body", "b", "--wait", "5m", "--json"])
            #expect(run.status == 77, "\(run.output)")
            #expect(run.output.contains("\"attempts\": 1"))
        }
    }

    @Test func aServerThatCannotBeVerifiedAfterSTARTTLSGetsNoLogin() async throws {
        try await onThread {
            let certificates = try TestCertificates.shared()
            let server = try MailServer.aiosmtpd(startTLS: true, certificate: certificates.otherName)
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.run([
                "send", "--via", "interface:lo", "--server", "smtp://gateway%40example.net@localhost:\(server.port)",
                "--password-file", gateway.directory + "/password", "--ca-file", server.anchors, "--state-dir",
                gateway.directory + "/state", "--from", Gateway.user, "--to", "ops@example.net", "--body", "b",
                "--json",
            ])
            #expect(run.status == 76, "\(run.output)")
            #expect(run.output.contains("\"name\": \"starttls\"") && !run.output.contains("\"name\": \"auth\""))
            #expect(run.output.contains("other.example.test"))
        }
    }

    // MARK: SMTPUTF8, 8BITMIME, DSN

    @Test func anAddressOutsideASCIIFailsAloneWithoutSMTPUTF8() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(gateway, to: ["jörg@example.net", "ops@example.net"], ["--body", "b"])
            #expect(run.status == 65, "\(run.output)")
            #expect(run.output.contains("jörg@example.net refused") && run.output.contains("SMTPUTF8"))
            #expect(run.output.contains("ops@example.net accepted"))
            let stored = try server.messages(1)
            #expect(stored.first?.allSatisfy { $0 < 0x80 } == true)
            let alone = try Self.send(gateway, to: ["jörg@example.net"], ["--body", "b"])
            #expect(alone.status == 65 && alone.output.contains("use an address in ASCII"), "\(alone.output)")
        }
    }

    @Test func anAddressOutsideASCIIIsTakenWithSMTPUTF8() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--smtputf8"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(gateway, to: ["jörg@example.net"], ["--body", "b"])
            #expect(run.status == 0, "\(run.output)")
            #expect(try Self.texts(server, 1).first?.contains("To: jörg@example.net\r\n") == true)
        }
    }

    @Test func aReadyMessageIsRecodedForAServerThatTakesSevenBits() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--seven-bit"])
            let gateway = try Gateway(modem: nil, server: server)
            let header =
                "Subject: s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
            let file = gateway.directory + "/message"
            try TemporaryFolder.write(header + "\nGrüße aus dem Pumpwerk, in dem sonst nichts los ist.\n", to: file)
            let run = try Self.send(gateway, ["--message", file])
            #expect(run.status == 0, "\(run.output)")
            let stored = try Self.texts(server, 1).first ?? ""
            #expect(stored.contains("Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe"), "\(stored)")
            try TemporaryFolder.write(
                header.replacing("text/plain", with: "multipart/mixed; boundary=b") + "\n--b\n\nü\n--b--\n", to: file)
            let refused = try Self.send(gateway, ["--message", file])
            #expect(refused.status == 65, "\(refused.output)")
            for word in ["8BITMIME", "several parts", "quoted-printable"] { #expect(refused.output.contains(word)) }
            let composed = try Self.send(gateway, ["--subject", "Grüße", "--body", "Kühlwasser, 40 °C"])
            #expect(composed.status == 0, "\(composed.output)")
        }
    }

    @Test func noticesAreAskedForWhereTheyAreOffered() async throws {
        try await onThread {
            let postfix = try MailServer.postfix()
            let taken = try Self.send(
                try Gateway(modem: nil, server: postfix),
                ["--body", "b", "--notify", "never", "--notify-return", "headers", "--notify-id", "alert 7+", "--json"])
            #expect(taken.status == 0, "\(taken.output)")
            #expect(!taken.output.contains("\"notes\""))
            // A server that says it takes them, and does not, is the proof that they are said.
            let liar = try MailServer.aiosmtpd(options: ["--offer", "DSN"])
            let said = try Self.send(try Gateway(modem: nil, server: liar), ["--body", "b", "--notify", "success"])
            #expect(said.status == 67 && said.output.contains("555"), "\(said.output)")
        }
    }
}
