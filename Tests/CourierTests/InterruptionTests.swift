import Glibc
import Support
import Testing

/// SIGINT and SIGTERM in each phase: everything is closed in order, the status says which it was, and a mail leaves at once
/// afterwards, with no reset.
@Suite(.timeLimit(.minutes(15))) struct InterruptionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let phase: String
        var modem: [String] = []
        var faults = ""
        /// Where the server stalls; nil: it does not.
        var stall: String?
        /// The signal is sent when this was written to the line, unless the server stalls.
        var line = ""
        var profile = "quectel-ec25"
        var testDescription: String { "\(profile) \(phase)" }
    }

    static let cases: [Case] = [
        Case(phase: "line", faults: "at command AT: late 1s", line: "> ATS"),
        Case(phase: "identify", faults: "at command ATI: late 1s", line: "> ATI"),
        Case(phase: "sim", faults: "at command AT+CPIN?: late 1s", line: "> AT+CPIN?"),
        Case(phase: "registration", modem: ["--registration", "searching:4s"], line: "> AT+CEREG?"),
        Case(phase: "context", faults: "at command AT+CGDCONT=: late 1s", line: "> AT+CGDCONT="),
        Case(phase: "bearer", faults: "at command AT+QIACT=: late 2s", line: "> AT+QIACT="),
        Case(phase: "tcp", faults: "at command AT+QIOPEN: late 1s", line: "> AT+QIOPEN"),
        Case(phase: "tls", stall: "tls"),
        Case(phase: "greeting", stall: "greeting"),
        Case(phase: "message", stall: "message"),
        Case(
            phase: "settings", faults: "at command AT+CIPMUX=: late 1s", line: "> AT+CIPMUX=", profile: "simcom-sim800"),
        Case(phase: "bearer", faults: "at command AT+CIICR: late 2s", line: "> AT+CIICR", profile: "simcom-sim800"),
        Case(phase: "tcp", faults: "at command AT+CIPSTART: late 1s", line: "> AT+CIPSTART", profile: "simcom-sim800"),
        Case(phase: "message", stall: "message", profile: "simcom-sim800"),
        Case(phase: "stack", faults: "at command AT+WIPCFG=1: late 1s", line: "> AT+WIPCFG=1", profile: "sierra-wip"),
        Case(phase: "bearer", faults: "at command AT+WIPBR=4: late 2s", line: "> AT+WIPBR=4", profile: "sierra-wip"),
        Case(phase: "tcp", faults: "at command AT+WIPCREATE: late 1s", line: "> AT+WIPCREATE", profile: "sierra-wip"),
        Case(phase: "data", faults: "at command AT+WIPDATA: late 1s", line: "> AT+WIPDATA", profile: "sierra-wip"),
        Case(phase: "message", stall: "message", profile: "sierra-wip"),
    ]

    @Test(arguments: cases, [SIGINT, SIGTERM]) func closesEverythingAndTheNextMailLeaves(
        _ test: Case, _ signal: Int32
    ) async throws {
        try await onThread {
            let good = try MailServer.aiosmtpd()
            let server = try test.stall.map { try MailServer.aiosmtpd(options: ["--stall", $0]) } ?? good
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(test.faults + "\n", to: folder + "/faults")
            let gateway = try Gateway(
                modem: test.modem + [
                    "--faults", folder + "/faults", "--route", "\(Gateway.host):4650=127.0.0.1:\(good.port)",
                ], profile: test.profile, server: server)
            let process = try gateway.start(
                ["send"] + gateway.usual + [
                    "--subject", "s", "--body", "b", "--transcript", gateway.directory + "/1.transcript",
                ])
            process.endInput()
            if test.stall != nil {
                try server.waitUntilStalled()
            } else {
                try TemporaryFolder.wait(for: "1.transcript", in: gateway.directory) { $0.contains(test.line) }
            }
            process.signal(signal)
            let output = process.readToEnd()
            let status = process.wait()
            let record = TemporaryFolder.read(gateway.directory + "/1.transcript") ?? ""
            #expect(status == (signal == SIGINT ? 130 : 143), "\(output)\n\(record)")
            #expect(output.contains("interrupted") || output.contains("perhaps"), "\(output)")
            let next = try gateway.send([
                "--subject", "s2", "--body", "b", "--server", "smtps://gateway%40example.net@\(Gateway.host):4650",
                "--transcript", gateway.directory + "/2.transcript",
            ])
            #expect(
                next.status == 0,
                "\(next.output)\n\(record)\n=== next\n\(TemporaryFolder.read(gateway.directory + "/2.transcript") ?? "")"
            )
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    @Test func aSecondSignalEndsAtOnce() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at command AT+CPIN?: silence\n", to: folder + "/faults")
            let gateway = try Gateway(modem: ["--faults", folder + "/faults"], server: server)
            let process = try gateway.start(
                ["send"] + gateway.usual + [
                    "--subject", "s", "--body", "b", "--transcript", gateway.directory + "/1.transcript",
                ])
            process.endInput()
            try TemporaryFolder.wait(for: "1.transcript", in: gateway.directory) { $0.contains("> AT+CPIN?") }
            process.signal(SIGTERM)
            process.signal(SIGTERM)
            #expect(process.wait() == 143)
        }
    }
}
