import Modem
import Support
import Testing

/// A mail from the command line through the fake modem to a real server: what arrives is compared octet by octet.
@Suite(.timeLimit(.minutes(15))) struct DeliveryTests {
    /// A ready-made message with everything that a modem or a server could take for its own.
    static func hostileMessage() -> [UInt8] {
        var lines = [
            "From: gateway@example.net", "To: ops@example.net", "Subject: hostile", "Message-ID: <hostile@example.net>",
            "Date: Tue, 24 Nov 2026 12:00:00 +0000", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit", "",
            ".", "..", ".a dot", "OK", "ERROR", "NO CARRIER", "SEND OK", "SEND FAIL", "CONNECT", "+++", "+++ATH",
            "+QIURC: \"recv\",0", "+QIURC: \"closed\",0", "0, CLOSED", "CLOSED", "+CIPRXGET: 1,0", "DATA ACCEPT:0,1",
            "+PDP: DEACT", "SHUT OK", "SHUTDOWN", "+WIPPEERCLOSE: 2,1", "+WIPDATA: 2,1,5", "+CME ERROR: 843", "> ", ">",
            "~}\u{7F}~~}}", "AT+CFUN=1,1", "RDY",
            "Zulauf 4,2 m³/h – größer als gestern", "\"quotes\" and \\ backslash", "--EOF--Pattern--",
            String(repeating: "x", count: 998), TestSecrets.body, "",
        ]
        lines.append("the end")
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    static func contains(_ stored: [UInt8], _ meant: ArraySlice<UInt8>) -> Bool {
        // A server puts header fields on top; from the first field of ours on, nothing may differ.
        stored.suffix(meant.count) == meant
    }

    @Test(arguments: Dialects.names)
    func aHostileMessageArrivesOctetForOctet(dialect: String) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            // Octets come in pieces, unsolicited lines at the gaps, and the modem takes 0, 1 or n - 1 octets of a chunk.
            let gateway = try Gateway(
                modem: ["--seed", "7", "--fragments", "random", "--chatter", "10", "--partial-writes", "30"],
                profile: Gateway.profile(speaking: dialect), server: server)
            let message = Self.hostileMessage()
            try TemporaryFolder.write(message, to: gateway.directory + "/message")
            let run = try gateway.send([
                "--dialect", dialect, "--message", gateway.directory + "/message", "--transcript",
                gateway.directory + "/line.transcript",
            ])
            #expect(run.status == 0, "\(run.output)")
            let stored = try server.messages(1)
            #expect(stored.count == 1)
            #expect(Self.contains(stored.first ?? [], message[...]), "\(dialect): the message changed on its way")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func postfixStoresTheHostileMessageAsItWasMeant() async throws {
        try await onThread {
            let server = try MailServer.postfix()
            let gateway = try Gateway(server: server)
            let message = Self.hostileMessage()
            try TemporaryFolder.write(message, to: gateway.directory + "/message")
            let run = try gateway.send(["--message", gateway.directory + "/message"])
            #expect(run.status == 0, "\(run.output)")
            // Postfix stores with the machine's line ends.
            let meant = message.filter { $0 != UInt8(ascii: "\r") }
            let stored = try server.messages(1)
            #expect(stored.count == 1)
            #expect(Self.contains(stored.first ?? [], meant[...]), "the message changed on its way")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func postfixGetsAnAttachmentWithEveryOctetAndResumesTheSession() async throws {
        try await onThread {
            let server = try MailServer.postfix()
            let gateway = try Gateway(server: server)
            var content: [UInt8] = []
            for _ in 0..<200 { content += Array(0...255) }
            content += Array("\r\n.\r\n+++\0\u{1A}NO CARRIER\r\n".utf8)
            try TemporaryFolder.write(content, to: gateway.directory + "/octets.bin")
            let first = try gateway.send(
                [
                    "--subject", "Tagesbericht – größer", "--body-file", "-", "--attach",
                    gateway.directory + "/octets.bin", "--json",
                ], input: TestSecrets.body)
            #expect(first.status == 0, "\(first.output)")
            #expect(first.output.contains("\"outcome\": \"sent\""))
            #expect(first.output.contains("\"resumed\": false"))
            let second = try gateway.send(
                ["--subject", "again", "--body-file", "-", "--json"], input: TestSecrets.body)
            #expect(second.status == 0, "\(second.output)")
            #expect(second.output.contains("\"resumed\": true"), "\(second.output)")
            let stored = try server.messages(2)
            #expect(stored.count == 2)
            // Python's email package reads the attachment back: it has another author than our MIME.
            for (index, octets) in stored.enumerated() {
                try TemporaryFolder.write(octets, to: "\(gateway.directory)/stored-\(index)")
            }
            let script = """
                import email, email.policy, sys
                wanted = open(sys.argv[1], 'rb').read()
                for path in sys.argv[2:]:
                    m = email.message_from_binary_file(open(path, 'rb'), policy=email.policy.default)
                    assert not m.defects, m.defects
                    for part in m.iter_attachments():
                        assert part.get_filename() == 'octets.bin', part.get_filename()
                        assert part.get_payload(decode=True) == wanted, 'attachment differs'
                        assert m['subject'] == 'Tagesbericht – größer', m['subject']
                        print('attachment whole')
                """
            let output = try TestProcess.run([
                "/usr/bin/python3", "-c", script, gateway.directory + "/octets.bin", gateway.directory + "/stored-0",
                gateway.directory + "/stored-1",
            ])
            #expect(output.contains("attachment whole"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func anAccessPointWithAnAccountGetsItAndNobodyElseDoes() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.apnPassword, to: folder + "/apn-password")
            try TemporaryFolder.write("wrong", to: folder + "/wrong")
            let gateway = try Gateway(
                modem: ["--apn", "internet", "--apn-account", "m2m:\(folder)/apn-password"], server: server)
            let usual = ["--subject", "s", "--body", "b", "--apn-user", "m2m", "--apn-password-file"]
            let refused = try gateway.send(usual + [folder + "/wrong"])
            #expect(refused.status == 77, "\(refused.output)")
            #expect(refused.output.contains("apn-password-file"), "\(refused.output)")
            let run = try gateway.send(
                usual + [folder + "/apn-password", "--transcript", gateway.directory + "/apn.transcript"])
            #expect(run.status == 0, "\(run.output)")
            let record = TemporaryFolder.read(gateway.directory + "/apn.transcript") ?? ""
            #expect(record.contains("<redacted>") && !record.contains(TestSecrets.apnPassword))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: [false, true]) func startTLSIsTakenAndRequired(postfix: Bool) async throws {
        try await onThread {
            let server = try postfix ? MailServer.postfix(startTLS: true) : .aiosmtpd(startTLS: true)
            let gateway = try Gateway(server: server)
            let run = try gateway.send(["--subject", "s", "--body", "b", "--timeline"])
            #expect(run.status == 0, "\(run.output)")
            #expect(run.output.contains("starttls"))
            #expect(try server.messages(1).count == 1)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func anInterfaceCarriesMailWithoutAModem() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: nil, server: server)
            let run = try gateway.run(
                [
                    "send", "--via", "interface:lo", "--server",
                    "smtps://gateway%40example.net@localhost:\(server.port)",
                    "--password-file", gateway.directory + "/password", "--ca-file", server.anchors, "--state-dir",
                    gateway.directory + "/state", "--from", Gateway.user, "--to", "ops@example.net", "--subject", "s",
                    "--body-file", "-",
                ], input: "from standard input\n")
            #expect(run.status == 0, "\(run.output)")
            let stored = try server.messages(1).first.map { String(decoding: $0, as: UTF8.self) } ?? ""
            #expect(stored.contains("from standard input\r\n"))
        }
    }

    @Test(arguments: DialectMatrix.invocations) func manyInvocationsNeedNoReset(dialect: String, count: Int)
        async throws
    {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(
                modem: ["--seed", "11"], profile: Gateway.profile(speaking: dialect), server: server)
            for number in 1...count {
                let run = try gateway.send(["--dialect", dialect, "--subject", "mail \(number)", "--body", "body"])
                #expect(run.status == 0, "mail \(number): \(run.output)")
            }
            #expect(try server.messages(count).count == count)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
