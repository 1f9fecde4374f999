import Glibc
import Support
import Testing

/// Faults of the fault file through the whole program: from the carrier, the line, the modem and the server, at octets,
/// commands and steps; and a host that is killed. One line and the right status, and the next mail leaves without a reset.
@Suite(.timeLimit(.minutes(15))) struct FaultFileTests {
    typealias Case = TroubleTests.Case

    static let cases: [Case] = [
        // The carrier: TLS notices each bit. This server closes without an alert.
        Case(faults: "at octet 300 up: corrupt up", status: 75, says: ["closed the connection instead of"]),
        Case(faults: "at octet 500 down: corrupt down", status: 76, says: ["bad record mac"]),
        Case(faults: "at octet 1700 down: corrupt down 5", status: 76, says: ["corrupt"]),
        Case(faults: "at step connected: stall 1s", status: 0),
        // The line: of commands and answers the driver notices it, of payload TLS does.
        Case(faults: "at command AT+CPIN?: noise down 2", status: 0),
        Case(faults: "at line octet 60 up: noise up", status: 0),
        Case(faults: "at command AT+QIRD: noise down", status: 0),
        Case(faults: "at step prompt: noise up", status: 75, says: ["closed the connection instead of"]),
        Case(
            faults: "at octet 300 up: noise up", send: ["--dialect", "quectel/transparent"], status: 75,
            says: ["closed the connection instead of"]),
        Case(faults: "at step data-mode: dtr", send: ["--dialect", "quectel/transparent"], status: 75),
        // The modem.
        Case(faults: "at time 0s: urcs", status: 0),
        Case(faults: "at octet 100 up: half-urc", status: 0),
        Case(faults: "at step sent: late 2s", status: 0),
        Case(faults: "at octet 300 up: late 1s", status: 0),
        Case(faults: "at octet 300 up: error", status: 75, says: ["the modem refused"]),
        Case(faults: "at command AT+QISEND: no-prompt", status: 75, says: ["the modem refused to send"]),
        Case(faults: "at octet 300 up: no-prompt", status: 75, says: ["the modem refused to send"]),
        Case(faults: "at step prompt: silence 2s", status: 75, says: ["the modem refused to send"]),
        // The server.
        Case(faults: "at octet 300 up: half-close", status: 75, says: ["closed the connection instead of"]),
        Case(faults: "at step connected: mute 1s", status: 0),
        Case(faults: "at step connected: dribble", status: 0),
    ]

    @Test(arguments: cases) func isSaidInOneLineAndTheNextMailLeaves(_ test: Case) async throws {
        try await TroubleTests().isSaidInOneLineAndTheNextMailLeaves(test)
    }

    @Test(
        arguments: ["reboot", "unplug"],
        [
            "bearer-opened", "socket-opened", "connected", "prompt", "sent", "received", "peer-closed", "socket-closed",
            "bearer-closed",
        ])
    func aModemThatGoesAtAnyStepLeavesNothingOpen(_ effect: String, _ step: String) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at step \(step): \(effect)\n", to: folder + "/faults")
            let gateway = try Gateway(modem: ["--faults", folder + "/faults", "--boot-time", "100ms"], server: server)
            let run = try gateway.send(["--subject", "s", "--body", "b"])
            #expect([0, 69, 75].contains(run.status), "\(run.output)")
            // Behind the message's reply the loss of the modem changes nothing for the mail.
            #expect(run.status != 0 || step.hasSuffix("-closed"), "\(run.output)")
            if effect == "reboot" {
                let next = try gateway.send(["--subject", "s2", "--body", "b"])
                #expect(next.status == 0, "\(next.output)\n=== first\n\(run.output)")
            }
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// The host's side: a process that is killed closes nothing. The next one ends the connection that it finds, and leaves a
    /// context that it finds active as it is, as it would any other's.
    @Test(
        arguments: ["quectel", "quectel/transparent"],
        ["> AT+CPIN?", "> AT+QIACT=", "> AT+QIOPEN", " octets)", "> AT+QISEND=0,6"])
    func aKilledHostLeavesNothingThatTheNextMailCannotEnd(_ dialect: String, _ line: String) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            // A slow network, so that the run is killed in the middle.
            let gateway = try Gateway(modem: ["--rtt", "100ms"], server: server)
            let process = try gateway.start(
                ["send"] + gateway.usual + [
                    "--subject", "s", "--body", "b", "--dialect", dialect, "--transcript",
                    gateway.directory + "/1.transcript",
                ])
            process.endInput()
            let isOnline = dialect.hasSuffix("transparent")
            let moment = isOnline && line.contains("QISEND") ? " < (" : line
            try TemporaryFolder.wait(for: "1.transcript", in: gateway.directory) { $0.contains(moment) }
            process.signal(SIGKILL)
            _ = process.readToEnd()
            _ = process.wait()
            let record = TemporaryFolder.read(gateway.directory + "/1.transcript") ?? ""
            #expect(
                record.hasSuffix("\n") && record.hasPrefix("# "), "a transcript that is no whole beginning: \(record)")
            let next = try gateway.send([
                "--subject", "s2", "--body", "b", "--dialect", dialect, "--transcript",
                gateway.directory + "/2.transcript",
            ])
            #expect(
                next.status == 0,
                "\(next.output)\n\(record)\n=== next\n\(TemporaryFolder.read(gateway.directory + "/2.transcript") ?? "")"
            )
            let ledger = try gateway.finish().ledger
            let open = try #require(ledger.split(separator: "\n").last)
            for kind in ["\"port\"]", "\"data\"]", "socket "] { #expect(!open.contains(kind), "\(ledger)") }
        }
    }
}
