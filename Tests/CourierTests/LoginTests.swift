import Support
import Testing

/// Every mechanism of AUTH against every real server that has it, over implicit TLS and STARTTLS, by the whole program.
@Suite(.timeLimit(.minutes(15))) struct LoginTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let start: @Sendable (Bool) throws -> MailServer
        let isStartTLS: Bool
        /// The mechanism, and how the server's log shows it.
        let mechanisms: [(String, String)]
        var testDescription: String { "\(name) \(isStartTLS ? "STARTTLS" : "implicit TLS")" }
    }

    static let cases: [Case] = [false, true].flatMap { isStartTLS in
        let postfix = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]
        return [
            Case(
                name: "Postfix", start: { try MailServer.postfix(startTLS: $0, mechanisms: postfix) },
                isStartTLS: isStartTLS, mechanisms: postfix.map { ($0, "sasl_method=\($0)") }),
            Case(
                name: "Exim", start: { try MailServer.exim(startTLS: $0) }, isStartTLS: isStartTLS,
                mechanisms: [
                    ("PLAIN", "A=plain:"), ("LOGIN", "A=login:"), ("CRAM-MD5", "A=cram:"),
                    ("SCRAM-SHA-256", "A=scram:"), ("EXTERNAL", "A=external:"),
                ]),
            Case(
                name: "aiosmtpd", start: { try MailServer.aiosmtpd(startTLS: $0) }, isStartTLS: isStartTLS,
                mechanisms: [("PLAIN", ""), ("LOGIN", "")]),
        ]
    }

    @Test(arguments: cases) func everyMechanismLogsIn(_ test: Case) async throws {
        try await onThread {
            let server = try test.start(test.isStartTLS)
            let gateway = try Gateway(modem: nil, server: server)
            for (mechanism, _) in test.mechanisms {
                let run = try gateway.sendOverLoopback(["--auth", mechanism] + Self.proof(mechanism, gateway))
                #expect(run.status == 0, "\(mechanism): \(run.output)")
            }
            #expect(try server.messages(test.mechanisms.count).count == test.mechanisms.count)
            let logins = server.logins()
            let wanted = test.mechanisms.map(\.1).filter { !$0.isEmpty }
            #expect(logins.count == wanted.count)
            for (login, wanted) in zip(logins, wanted) { #expect(login.hasPrefix(wanted), "\(logins)") }
        }
    }

    /// The options with which a mechanism proves who sends.
    private static func proof(_ mechanism: String, _ gateway: Gateway) throws -> [String] {
        switch mechanism {
        case "EXTERNAL":
            let client = try TestCertificates.shared().clientPurpose
            return ["--client-certificate", client.certificateFile, "--client-key", client.keyFile]
        case "XOAUTH2", "OAUTHBEARER":
            let path = gateway.directory + "/token"
            try TemporaryFolder.write(TestSecrets.token + "\n", to: path)
            return ["--token-file", path]
        default: return ["--password-file", gateway.directory + "/password"]
        }
    }

    @Test(arguments: [true, false]) func aWrongPasswordIsRefusedByEach(exim: Bool) async throws {
        try await onThread {
            let mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"]
            let server = try exim ? MailServer.exim() : .postfix(mechanisms: mechanisms)
            let gateway = try Gateway(modem: nil, server: server)
            try TemporaryFolder.write("wrong", to: gateway.directory + "/wrong")
            for mechanism in mechanisms {
                let run = try gateway.sendOverLoopback([
                    "--auth", mechanism, "--password-file", gateway.directory + "/wrong",
                ])
                #expect(run.status == 77, "\(mechanism): \(run.output)")
                #expect(run.output.contains("535"), "\(mechanism): \(run.output)")
            }
            #expect(try server.messages(0).isEmpty)
        }
    }

    @Test func strongestTakesSCRAMFromPostfixAndTheCertificateFromExim() async throws {
        try await onThread {
            let postfix = try MailServer.postfix(mechanisms: ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"])
            let first = try Gateway(modem: nil, server: postfix)
            let password = ["--auth", "strongest", "--password-file", first.directory + "/password"]
            #expect(try first.sendOverLoopback(password).status == 0)
            #expect(try postfix.messages(1).count == 1)
            #expect(postfix.logins() == ["sasl_method=SCRAM-SHA-256"])
            let exim = try MailServer.exim()
            let second = try Gateway(modem: nil, server: exim)
            #expect(try second.sendOverLoopback(password + Self.proof("EXTERNAL", second)).status == 0)
            #expect(exim.logins().first?.hasPrefix("A=external:") == true)
        }
    }

    // MARK: What no packaged server has

    @Test(arguments: [
        ("SCRAM-SHA-256-PLUS", false, "gateway@example.net bound by tls-exporter by SCRAM-SHA-256-PLUS"),
        ("SCRAM-SHA-256-PLUS", true, "gateway@example.net bound by tls-server-end-point by SCRAM-SHA-256-PLUS"),
        ("SCRAM-SHA-256", false, "gateway@example.net by SCRAM-SHA-256"),
        ("XOAUTH2", false, "gateway@example.net by XOAUTH2"),
        ("OAUTHBEARER", false, "gateway@example.net by OAUTHBEARER"),
        ("EXTERNAL", false, "mail.example.test by EXTERNAL"),
    ])
    func aServerWrittenFromTheStandardAgrees(mechanism: String, isTLS12: Bool, login: String) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.token, to: folder + "/token")
            let server = try MailServer.sasl(
                [mechanism],
                options: ["--token-file", folder + "/token", "--client-anchors", try TestCertificates.shared().root]
                    + (isTLS12 ? ["--tls12"] : []))
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.sendOverLoopback(["--auth", mechanism] + Self.proof(mechanism, gateway))
            #expect(run.status == 0, "\(run.output)")
            #expect(server.logins() == [login])
            #expect(try server.messages(1).count == 1)
        }
    }

    @Test func aCertificateNeedsNoUser() async throws {
        try await onThread {
            let server = try MailServer.sasl(
                ["PLAIN", "EXTERNAL"], options: ["--client-anchors", try TestCertificates.shared().root])
            let gateway = try Gateway(modem: nil, server: server)
            let words = ["--server", "smtps://localhost:\(server.port)"] + (try Self.proof("EXTERNAL", gateway))
            for choice in ["EXTERNAL", "strongest"] {
                let run = try gateway.sendOverLoopback(words + ["--auth", choice])
                #expect(run.status == 0, "\(choice): \(run.output)")
            }
            #expect(server.logins() == ["mail.example.test by EXTERNAL", "mail.example.test by EXTERNAL"])
            // Without a word about AUTH the certificate serves TLS alone, and this server wants a login.
            let run = try gateway.sendOverLoopback(words)
            #expect(run.status == 78, "\(run.output)")
        }
    }

    @Test func theChannelIsBoundThroughAModemAndWithAResumedSession() async throws {
        try await onThread {
            let server = try MailServer.sasl(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"])
            let gateway = try Gateway(server: server)
            for _ in 0..<2 {
                let run = try gateway.send(["--subject", "s", "--body", "b", "--auth", "strongest"])
                #expect(run.status == 0, "\(run.output)")
            }
            #expect(server.logins().count == 2)
            #expect(server.logins().allSatisfy { $0.hasSuffix("bound by tls-exporter by SCRAM-SHA-256-PLUS") })
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: ["XOAUTH2", "OAUTHBEARER"]) func anExpiredTokenIsToldInTheServersWords(mechanism: String)
        async throws
    {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("another", to: folder + "/token")
            let server = try MailServer.sasl([mechanism], options: ["--token-file", folder + "/token"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.sendOverLoopback(Self.proof(mechanism, gateway))
            #expect(run.status == 77, "\(run.output)")
            #expect(run.output.contains("\"status\": \"invalid_token\", \"scope\": \"mail.send\""), "\(run.output)")
            #expect(run.output.contains("new token"), "\(run.output)")
            #expect(!run.output.contains(TestSecrets.token))
        }
    }

    @Test(arguments: [
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", Int32(77), "OAuth"),
        ("454 4.7.0 Temporary authentication failure", 75, "later"),
        ("534 5.7.9 Application-specific password required", 78, "application password"),
        ("538 5.7.11 Encryption required", 78, "login over TLS"),
    ])
    func aRefusalHasItsStatusAndItsAdvice(reply: String, status: Int32, advice: String) async throws {
        try await onThread {
            let server = try MailServer.sasl(["SCRAM-SHA-256"], options: ["--refuse", reply])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.sendOverLoopback(["--password-file", gateway.directory + "/password"])
            #expect(run.status == status, "\(run.output)")
            #expect(run.output.contains(advice), "\(run.output)")
        }
    }

    @Test func whatIsNotOfferedIsNeverSkipped() async throws {
        try await onThread {
            let server = try MailServer.sasl(["XOAUTH2"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.sendOverLoopback(["--password-file", gateway.directory + "/password"])
            #expect(run.status == 78, "\(run.output)")
            #expect(run.output.contains("XOAUTH2") && run.output.contains("--token-file"), "\(run.output)")
        }
    }
}

extension Gateway {
    /// `modemail send` without a modem, with a user and these options.
    func sendOverLoopback(_ words: [String]) throws -> Run {
        let scheme = server.isStartTLS ? "smtp" : "smtps"
        return try run(
            [
                "send", "--via", "interface:lo", "--server",
                "\(scheme)://gateway%40example.net@localhost:\(server.port)", "--ca-file", server.anchors,
                "--state-dir", directory + "/state", "--from", Self.user, "--to", "ops@example.net", "--subject", "s",
                "--body", "b",
            ] + words)
    }
}
