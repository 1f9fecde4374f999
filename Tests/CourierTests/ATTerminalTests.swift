import Support
import Testing

/// `modemail at` on a real pseudo-terminal, with a person (Tests/Programs/person.py) at it.
@Suite(.timeLimit(.minutes(15))) struct ATTerminalTests {
    private static func person(_ gateway: Gateway, _ orders: [String]) throws -> String {
        let process = try TestProcess.start([
            "env", "-u", "NO_COLOR", "TERM=xterm", "/usr/bin/python3", Gateway.root + "/Tests/Programs/person.py",
            Gateway.programs + "/modemail", "at", "--device", gateway.directory + "/modem", "--state-dir",
            gateway.directory + "/state", "--transcript", gateway.directory + "/at.transcript",
        ])
        process.write(orders.joined(separator: "\n") + "\n")
        process.endInput()
        let output = process.readToEnd()
        process.wait()
        return output
    }

    private static func gateway(_ options: [String] = [], faults: String = "") throws -> Gateway {
        let server = try MailServer.aiosmtpd()
        guard !faults.isEmpty else { return try Gateway(modem: options, server: server) }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write(faults + "\n", to: folder + "/faults")
        return try Gateway(modem: options + ["--faults", folder + "/faults"], server: server)
    }

    @Test func commandsAreTypedCompletedAndRemembered() async throws {
        try await onThread {
            let gateway = try Self.gateway()
            let first = try Self.person(
                gateway,
                [
                    "see > ", #"type AT+CES\t\r"#, "see +CESQ: ", "see OK", "see > ", #"type AT+CSQ\r"#,
                    "see +CSQ: 24,99", "see OK",
                    "see > ", #"type AT+CMGS="1"\r"#, "see is not sent", "see > ", #"type AT+NONSENSE\r"#, "see ERROR",
                    "see > ",
                    #"type \x04"#, "end",
                ])
            #expect(first.hasSuffix("status 0\n"), "\(first)")
            let history = TemporaryFolder.read(gateway.directory + "/state/at-history")
            #expect(history == "AT+CESQ\nAT+CSQ\nAT+CMGS=\"1\"\nAT+NONSENSE\n")
            let second = try Self.person(
                gateway,
                [
                    "see > ", #"type \x1b[A\x1b[A\x1b[A"#, "see AT+CSQ", #"type \r"#, "see +CSQ: 24,99", "see OK",
                    "see > ",
                    #"type \x04"#, "end",
                ])
            #expect(second.hasSuffix("status 0\n"), "\(second)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aPINIsInNeitherHistoryNorTranscript() async throws {
        try await onThread {
            let gateway = try Self.gateway(["--sim", "pin:4711"])
            let output = try Self.person(
                gateway,
                [
                    "see > ", #"type AT+CPIN="\#(TestSecrets.pin)"\r"#, "see ERROR", "see > ", #"type \x1b[A\r\x04"#,
                    "end",
                ])
            #expect(output.contains("status 0\n"))
            #expect(TemporaryFolder.read(gateway.directory + "/state/at-history")?.contains(TestSecrets.pin) != true)
            let record = TemporaryFolder.read(gateway.directory + "/at.transcript") ?? ""
            #expect(record.contains("AT+CPIN=\"<redacted>\""), "\(record)")
            #expect(!record.contains(TestSecrets.pin))
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// What is typed stays whole while the modem speaks; its lines are marked.
    @Test func whatTheModemSaysUnaskedIsShownApart() async throws {
        try await onThread {
            let gateway = try Self.gateway(faults: #"at time 3s: urc +QIND: "csq",3,99"#)
            let output = try Self.person(
                gateway,
                [
                    "see > ", "type AT+CS", "see AT+CS", #"see * +QIND: "csq",3,99"#, "see AT+CS", #"type Q\r"#,
                    "see +CSQ: 24,99",
                    "see OK", "see > ", #"type \x04"#, "end",
                ])
            #expect(output.hasSuffix("status 0\n"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func anInterruptEndsTheWaitAndTheLineGoesOn() async throws {
        try await onThread {
            let gateway = try Self.gateway(faults: "at command AT+CSQ: late 2s")
            let output = try Self.person(
                gateway,
                [
                    "see > ", #"type AT+CSQ\r"#, #"see \r\n"#, #"type \x03"#, "see interrupted", "see > ",
                    #"type AT+CGMM\r"#, "see EC25",
                    "see OK", "see > ", #"type abc\x03"#, "see ^C", #"type \x04"#, "end",
                ])
            #expect(output.hasSuffix("status 0\n"), "\(output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
