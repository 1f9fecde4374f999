import Support
import Testing

/// Messages as people and programs make them: what is wrong is said in one line that names cause and remedy, before anything
/// is opened; what can be mended is.
@Suite(.timeLimit(.minutes(15))) struct MessageInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let message: [UInt8]
        /// Each must stand in the one line.
        let says: [String]
        var testDescription: String { name }

        init(_ name: String, _ message: String, _ says: [String]) {
            self.init(name, Array(message.utf8), says)
        }

        init(_ name: String, _ message: [UInt8], _ says: [String]) {
            self.name = name
            self.message = message
            self.says = says
        }
    }

    private static let long = String(repeating: "x", count: 2000)

    static let refused: [Case] = [
        Case("a bare CR", "Subject: x\n\na\rb\n", ["CR without LF", "line 3", "let every line end"]),
        Case("a CR at the end", "Subject: x\n\nb\r", ["CR without LF", "line 3", "let every line end"]),
        Case("a bare LF among CR LF", "Subject: x\r\n\r\na\nb\r\n", ["LF alone", "line 3", "let every line end"]),
        Case("CR LF among LF", "Subject: x\n\na\r\n", ["CR LF", "line 3", "let every line end"]),
        Case("a line of 2,000 octets", "Subject: x\n\n\(long)\n", ["998 octets", "line 3", "quoted-printable"]),
        Case("a header line of 2,000 octets", "Subject: \(long)\n\nb\n", ["998 octets", "line 1"]),
        Case("a NUL", "Subject: x\n\na\0b\n", ["NUL", "line 3", "--attach"]),
        Case("a NUL in the header", "Subject: x\0\n\nb\n", ["NUL", "line 1"]),
        Case(
            "a header in another character set", Array("Subject: ".utf8) + [0xFC] + Array("\n\nb\n".utf8),
            ["8-bit", "line 1", "UTF-8"]),
        Case("8 bits where none may be", "References: ü\n\nb\n", ["outside ASCII", "References", "line 1"]),
        Case("no header", "just text\n", ["Name: value", "line 1"]),
        Case("nothing", "", ["no header", "--body-file"]),
        Case("two From fields", "From: a@example.net\nFrom: b@example.net\n\nb\n", ["second From", "line 2"]),
    ]

    @Test(arguments: refused) func isRefusedInOneLineBeforeAnythingIsOpened(_ test: Case) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(test.message, to: folder + "/message")
            // Nothing listens on port 1: a message that gets as far would end with 75.
            let process = try TestProcess.start([
                "env", "-i", "HOME=\(folder)", Gateway.programs + "/modemail", "send", "--via", "interface:lo",
                "--server", "smtps://127.0.0.1:1", "--from", "a@example.net", "--to", "b@example.net", "--message",
                folder + "/message",
            ])
            process.endInput()
            let output = process.readToEnd()
            #expect(process.wait() == 65, "\(output)")
            #expect(output.split(separator: "\n").count == 1, "\(output)")
            for word in test.says { #expect(output.contains(word), "\(output)") }
        }
    }

    /// Each row: a message, and how its header begins when it arrives.
    private static let mended: [(message: String, begins: String)] = [
        ("From ops@example.net Tue Nov 24 12:00:00 2026\nSubject: mbox\n\nb\n", "Subject: mbox\r\n"),
        ("\u{FEFF}Subject: bom\n\nb\n", "Subject: bom\r\n"),
        ("\n\nSubject: blank\n\nb\n", "Subject: blank\r\n"),
        ("Subject: Grüße\n\nb\n", "Subject: =?UTF-8?"),
        ("Subject: x\nBcc: hidden@example.net\n\n.\n..\n\(String(repeating: "y", count: 998))\n", "Subject: x\r\n"),
    ]

    @Test func whatCanBeMendedArrives() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: nil, server: server)
            for (message, _) in Self.mended {
                try TemporaryFolder.write(message, to: gateway.directory + "/message")
                let run = try Self.send(gateway, ["--message", gateway.directory + "/message"])
                #expect(run.status == 0, "\(run.output)")
            }
            // A body of our own may have lines of any length: they are encoded.
            try TemporaryFolder.write("a\(Self.long)\0\r\n", to: gateway.directory + "/body")
            let own = try Self.send(gateway, ["--body-file", gateway.directory + "/body"])
            #expect(own.status == 0, "\(own.output)")
            let stored = try server.messages(Self.mended.count + 1).map { String(decoding: $0, as: UTF8.self) }
            for (message, begins) in Self.mended {
                #expect(stored.contains { $0.lowercased().hasPrefix(begins.lowercased()) }, "\(message)")
            }
            #expect(!stored.contains { $0.contains("hidden@example.net") || $0.contains(Self.long) })
        }
    }

    private static func send(_ gateway: Gateway, _ words: [String]) throws -> Gateway.Run {
        try gateway.run(
            [
                "send", "--via", "interface:lo", "--server",
                "smtps://gateway%40example.net@localhost:\(gateway.server.port)", "--password-file",
                gateway.directory + "/password", "--ca-file", gateway.server.anchors, "--state-dir",
                gateway.directory + "/state", "--from", Gateway.user, "--to", "ops@example.net",
            ] + words)
    }

    @Test func aSizeThatTheServerRefusesIsNamedWithItsLimit() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd(options: ["--size", "2000"])
            let gateway = try Gateway(modem: nil, server: server)
            let run = try Self.send(gateway, ["--body", Self.long])
            #expect(run.status == 65, "\(run.output)")
            for word in ["the server takes 2000", "octets", "send less"] { #expect(run.output.contains(word)) }
            #expect(try server.messages(0).isEmpty)
        }
    }

    @Test func tenThousandRecipientsGetTheMessage() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let certificates = try TestCertificates.shared()
            let sink = try TestProcess.start([
                Gateway.programs + "/fake-modem", "sink", "--listen", "127.0.0.1:0", "--certificate",
                certificates.server.certificateFile, "--key", certificates.server.keyFile, "--maildir",
                folder + "/mail",
            ])
            defer { sink.stop() }
            let line = sink.readUntil("\n") ?? ""
            let port = line.split(separator: ":").last.map { $0.prefix { $0.isNumber } } ?? ""
            let words = (0..<10).flatMap { word in
                ["--bcc", (0..<1000).map { "recipient-\(word * 1000 + $0)@example.net" }.joined(separator: ",")]
            }
            let process = try TestProcess.start(
                [
                    Gateway.programs + "/modemail", "send", "--via", "interface:lo", "--server",
                    "smtps://localhost:\(port)", "--ca-file", certificates.root, "--state-dir", folder + "/state",
                    "--from", Gateway.user, "--body", "b",
                ] + words)
            process.endInput()
            let output = process.readToEnd()
            #expect(process.wait() == 0, "\(output.prefix(2000))")
            #expect(output.contains("sent to 10000 recipients"), "\(output.prefix(2000))")
            // 100 to a transaction, which is what every server must take (RFC 5321 §4.5.3.1.8).
            #expect(TemporaryFolder.names(folder + "/mail/new").count == 100)
        }
    }
}
