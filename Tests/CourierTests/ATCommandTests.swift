import Glibc
import Support
import Testing

/// `modemail at` with commands as arguments and on standard input, as scripts run it.
@Suite(.timeLimit(.minutes(15))) struct ATCommandTests {
    private static func gateway(_ options: [String] = [], faults: String = "") throws -> Gateway {
        let gateway = try Gateway(
            modem: options + (faults.isEmpty ? [] : ["--faults", faults]), server: try server.get())
        return gateway
    }

    /// No mail is sent here; a gateway wants a server all the same.
    private static let server = Result { try MailServer.aiosmtpd() }

    private static func at(
        _ gateway: Gateway, _ words: [String], input: String = ""
    ) throws -> (status: Int32, output: String, record: String) {
        let transcript = gateway.directory + "/at.transcript"
        let run = try gateway.run(
            [
                "at", "--device", gateway.directory + "/modem", "--state-dir", gateway.directory + "/state",
                "--transcript", transcript,
            ] + words, input: input)
        return (run.status, run.output, TemporaryFolder.read(transcript) ?? "")
    }

    @Test func anAnswerIsPrintedAndTheStatusIsItsResult() async throws {
        try await onThread {
            let gateway = try Self.gateway(["--chatter", "40", "--fragments", "octets"])
            let good = try Self.at(gateway, ["AT+CSQ", "AT+CGMI", "AT+CREG?;+CSQ"])
            #expect(good.status == 0, "\(good.output)")
            let lines = good.output.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("modemail: unsolicited") }
            #expect(lines.first == "+CSQ: 24,99", "\(good.output)")
            #expect(lines.count(where: { $0 == "OK" }) == 3, "\(good.output)")
            #expect(lines.contains("Quectel"), "\(good.output)")
            let refused = try Self.at(gateway, ["AT+NONSENSE", "AT+CSQ"])
            #expect(refused.status == 69, "\(refused.output)")
            #expect(refused.output.contains("ERROR"))
            #expect(!refused.output.contains("+CSQ: "), "the first that fails is the last")
            let json = try Self.at(gateway, ["--json", "AT+CSQ"])
            #expect(json.output.contains("\"lines\": [\"+CSQ: 24,99\"], \"result\": \"OK\""), "\(json.output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func linesOfStandardInputAreCommands() async throws {
        try await onThread {
            let gateway = try Self.gateway()
            let run = try Self.at(gateway, ["-"], input: "# signal\n\nAT+CSQ\r\nAT+CGMM")
            #expect(run.status == 0, "\(run.output)")
            #expect(run.output.contains("+CSQ: 24,99\nOK\n"), "\(run.output)")
            let wrong = try Self.at(gateway, [], input: "AT+CSQ\nhello\nAT+CGMM\n")
            #expect(wrong.status == 64, "\(wrong.output)")
            #expect(wrong.output.contains("does not begin with AT"))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aPINIsRefusedWithItsStatusAndStandsInNoTranscript() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let gateway = try Self.gateway(["--sim", "pin:4711"])
            let run = try Self.at(gateway, ["-"], input: "AT+CMEE=1\nAT+CPIN=\"\(TestSecrets.pin)\"\n")
            #expect(run.status == 77, "\(run.output)\n\(run.record)")
            #expect(run.record.contains("AT+CPIN=\"<redacted>\""), "\(run.record)")
            #expect(!run.record.contains(TestSecrets.pin))
            #expect(!run.output.contains(TestSecrets.pin))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aCommandWithoutAnAnswerIsSaidAndTheLineIsProvenAgain() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at command AT+CSQ: late 3s\n", to: folder + "/faults")
            try TemporaryFolder.write("command-timeouts: { AT+CSQ: 1s }\n", to: folder + "/modemail.yaml")
            let gateway = try Self.gateway(faults: folder + "/faults")
            let run = try Self.at(gateway, ["--config", folder + "/modemail.yaml", "AT+CSQ"])
            #expect(run.status == 75, "\(run.output)\n\(run.record)")
            #expect(run.output.contains("did not answer AT+CSQ"), "\(run.output)")
            let next = try Self.at(gateway, ["AT+CGMM"])
            #expect(next.status == 0, "\(next.output)\n\(next.record)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test(arguments: ["ATD*99#", "AT+QISEND=0,10", "AT+CMGS=\"123\"", "AT+IPR=9600"])
    func whatWouldTakeTheLineAwayIsRefusedBeforeItIsOpened(_ line: String) async throws {
        try await onThread {
            let gateway = try Gateway(modem: nil, server: try Self.server.get())
            let run = try gateway.run(["at", "--device", "/nowhere", "AT+CSQ", line])
            #expect(run.status == 64, "\(run.output)")
            #expect(run.output.contains("is not sent"), "\(run.output)")
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsItWithTheLineProven(_ signal: Int32) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at command AT+CSQ: late 1s\n", to: folder + "/faults")
            let gateway = try Self.gateway(faults: folder + "/faults")
            let process = try gateway.start([
                "at", "--device", gateway.directory + "/modem", "--transcript", gateway.directory + "/at.transcript",
                "AT+CSQ",
            ])
            try TemporaryFolder.wait(for: "at.transcript", in: gateway.directory) { $0.contains("> AT+CSQ") }
            process.signal(signal)
            let output = process.readToEnd()
            #expect(process.wait() == (signal == SIGINT ? 130 : 143), "\(output)")
            #expect(try Self.at(gateway, ["AT+CGMM"]).status == 0)
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
