import Modem
import Support
import Testing

/// Whole deliveries by what is particular to a family of modems.
@Suite(.timeLimit(.minutes(15))) struct DialectTests {
    /// What an earlier user of a SIM800 typed to bring its bearer up.
    private static func earlier(_ settings: [String]) -> [String] {
        (settings + ["AT+CSTT=\"internet\",\"\",\"\"", "AT+CIICR", "AT+CIFSR"]).flatMap { ["--prelude", $0 + "\\r"] }
    }

    private static let ours = ["AT+CIPMUX=1", "AT+CIPQSEND=1", "AT+CIPRXGET=1"]

    @Test func aSIM800IsRecognisedAndLeftAsItWas() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(profile: "simcom-sim800", server: server)
            let run = try gateway.send([
                "--body", "x", "--transcript", gateway.directory + "/line.transcript",
            ])
            #expect(run.status == 0, "\(run.output)")
            #expect(try server.messages(1).count == 1)
            let transcript = TemporaryFolder.read(gateway.directory + "/line.transcript") ?? ""
            #expect(transcript.contains("> AT+CIPSTART=0,"))
            // Its contexts need no definition, and other makers' commands are not tried.
            #expect(!transcript.contains("+CGDCONT=") && !transcript.contains("+QI"), "\(transcript)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// Found up with our settings, it is used; with others, it is taken down and up again. Either way it is up in the end.
    @Test(arguments: [ours, ["AT+CIPMUX=0"]]) func aBearerThatWasUpIsUpInTheEnd(_ settings: [String]) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(
                modem: Self.earlier(settings), profile: "simcom-sim800", server: server)
            for _ in 0..<2 {
                let run = try gateway.send([
                    "--body", "x", "--transcript", gateway.directory + "/line.transcript",
                ])
                #expect(run.status == 0, "\(run.output)")
            }
            #expect(try server.messages(2).count == 2)
            // The second found what the first left: with its settings.
            let transcript = TemporaryFolder.read(gateway.directory + "/line.transcript") ?? ""
            #expect(!transcript.contains("+CIPSHUT") && !transcript.contains("+CIICR"), "\(transcript)")
            let (balanced, ledger) = try gateway.finish()
            #expect(!balanced, "the bearer of an earlier user was taken down: \(ledger)")
            let shuts = ledger.split(separator: "\n").filter { $0.contains("+CIPSHUT") }
            #expect(shuts.count == (settings == Self.ours ? 0 : 1), "\(ledger)")
        }
    }

    @Test func anAccountGoesToTheTaskAlone() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.apnPassword, to: folder + "/apn-password")
            let gateway = try Gateway(
                modem: ["--apn", "internet", "--apn-account", "user:\(folder)/apn-password"],
                profile: "simcom-sim800", server: server)
            let run = try gateway.send([
                "--body", "x", "--apn-user", "user", "--apn-password-file", folder + "/apn-password", "--transcript",
                gateway.directory + "/line.transcript",
            ])
            #expect(run.status == 0, "\(run.output)")
            let transcript = TemporaryFolder.read(gateway.directory + "/line.transcript") ?? ""
            #expect(transcript.contains("AT+CSTT=\"internet\",\"user\","))
            #expect(!transcript.contains(TestSecrets.apnPassword))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func theHelpAndTheReadMeNameEveryDialectAndMode() async throws {
        try await onThread {
            let help = try TestProcess.run([Gateway.programs + "/modemail", "send", "--help"])
            let readMe = TemporaryFolder.read(Gateway.root + "/README.md") ?? ""
            let words = Set(help.split { $0.isWhitespace || $0 == "," || $0 == "." }.map(String.init))
            for name in Dialects.names {
                #expect(words.contains(name), "--help lacks \(name)")
                #expect(readMe.contains("`\(name)`"), "README.md lacks \(name)")
            }
        }
    }
}
