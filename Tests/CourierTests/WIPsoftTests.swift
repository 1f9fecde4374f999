import Support
import Testing

/// Whole deliveries through an Open AT modem, the family in which the problem was first met.
@Suite(.timeLimit(.minutes(15))) struct WIPsoftTests {
    private static func commands(_ gateway: Gateway) -> [String] {
        (TemporaryFolder.read(gateway.directory + "/line.transcript") ?? "").split(separator: "\n").compactMap { line in
            line.split(separator: "> ").last.map(String.init).flatMap { $0.hasPrefix("AT+WIP") ? $0 : nil }
        }
    }

    /// The second mail is the one that failed before: nothing of the first may be left in use.
    @Test(arguments: ["auto", "wip/transparent"])
    func oneMailAfterTheOtherLeavesAndEachLayerIsTakenDown(_ dialect: String) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(profile: "sierra-wip", server: server)
            let mode = dialect == "auto" ? 1 : 2
            for _ in 0..<2 {
                let run = try gateway.send([
                    "--body", "x", "--dialect", dialect, "--transcript", gateway.directory + "/line.transcript",
                ])
                #expect(run.status == 0, "\(run.output)")
                #expect(
                    Self.commands(gateway).filter { !$0.contains("?") && !$0.hasPrefix("AT+WIPBR=3") } == [
                        "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"internet\"", "AT+WIPBR=4,6,0",
                        "AT+WIPCREATE=2,1,\"\(Gateway.host)\",465", "AT+WIPDATA=2,1,\(mode)", "AT+WIPCLOSE=2,1",
                        "AT+WIPBR=5,6", "AT+WIPBR=0,6", "AT+WIPCFG=0",
                    ])
            }
            #expect(try server.messages(2).count == 2)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// A PIN, its count by `+CPINC`, a plug-in that is ready later than the network, and an account at the bearer.
    @Test func whatItsMakerHasDifferentlyIsKnown() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(TestSecrets.apnPassword, to: folder + "/apn-password")
            try TemporaryFolder.write("4711", to: folder + "/pin")
            let gateway = try Gateway(
                modem: ["--sim", "pin:4711", "--apn-account", "user:\(folder)/apn-password"],
                profile: "sierra-wip", server: server)
            let run = try gateway.send([
                "--body", "x", "--sim-pin-file", folder + "/pin", "--apn-user", "user", "--apn-password-file",
                folder + "/apn-password", "--transcript", gateway.directory + "/line.transcript",
            ])
            #expect(run.status == 0, "\(run.output)")
            let transcript = TemporaryFolder.read(gateway.directory + "/line.transcript") ?? ""
            #expect(transcript.contains("AT+CPINC?") && transcript.contains("AT+WIPBR=2,6,0,\"user\""))
            #expect(!transcript.contains("+CGAUTH") && !transcript.contains(TestSecrets.apnPassword))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aStackThatWasStartedIsLeftStarted() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: ["--prelude", "AT+WIPCFG=1\\r"], profile: "sierra-wip", server: server)
            let run = try gateway.send(["--body", "x"])
            #expect(run.status == 0, "\(run.output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(!balanced && ledger.contains("\"open\":[\"stack\"]"), "\(ledger)")
        }
    }
}
