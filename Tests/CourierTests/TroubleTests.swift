import Support
import Testing

/// A modem, a network and a server that fail: one line and the right status each time, and the next mail leaves at once, with
/// no reset, unless the modem is gone.
@Suite(.timeLimit(.minutes(15))) struct TroubleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var faults = ""
        /// Further options of the fake modem.
        var modem: [String] = []
        /// Further options of `modemail send`.
        var send: [String] = []
        let status: Int32
        /// Each must be in the one line.
        var says: [String] = []
        /// Whether the next mail must leave without a reset.
        var recovers = true
        var profile = "quectel-ec25"
        var testDescription: String { ([profile, faults] + modem + send).joined(separator: " ") }
    }

    static let cases: [Case] = [
        // The line.
        Case(faults: "at command AT+CPIN?: late 2s", status: 0),
        Case(faults: "at command AT+CGDCONT?: late 20s", status: 69, says: ["did not answer AT+CGDCONT?"]),
        Case(faults: "at command AT+CPIN?: babble 20000", status: 69, says: ["sends without end", "baud"]),
        Case(faults: "at command AT+QIACT?: silence", status: 69, says: ["did not answer"], recovers: false),
        Case(faults: "at command AT+CPIN?: unplug", status: 69, says: ["gone"], recovers: false),
        Case(faults: "at step connected: unplug", status: 75, says: ["gone"], recovers: false),
        Case(faults: "at command AT+QISEND #2: unplug", status: 75, says: ["gone"], recovers: false),
        Case(faults: "at command AT+QIACT: reboot", status: 69, says: ["restarted"]),
        Case(faults: "at step connected: reboot", status: 75),
        Case(faults: "at step sent: half-urc", status: 0),
        Case(faults: "at command AT+QISEND: urc +QIND: \"csq\",3,99", status: 0),
        // The prompt.
        Case(faults: "at command AT+QISEND: send-fail", status: 0),
        Case(faults: "at command AT+QISEND: prompt-then-error", status: 75),
        Case(faults: "at command AT+QISEND: error", status: 75),
        // SIM, registration, context.
        Case(modem: ["--sim", "none"], status: 69, says: ["SIM"], recovers: false),
        Case(modem: ["--sim", "puk"], status: 77, says: ["PUK"], recovers: false),
        Case(modem: ["--sim", "busy:1s"], status: 0),
        Case(modem: ["--registration", "denied:15"], status: 69, says: ["no suitable cells", "15"], recovers: false),
        Case(modem: ["--registration", "searching:2s"], status: 0),
        Case(modem: ["--registration", "lte-only"], status: 0),
        Case(modem: ["--registration", "roaming"], status: 69, says: ["roaming"], recovers: false),
        Case(modem: ["--registration", "roaming"], send: ["--roaming", "allow"], status: 0),
        Case(modem: ["--apn", "m2m.example"], status: 78, says: ["APN internet", "check the APN"], recovers: false),
        // Connections.
        Case(faults: "at step connected: reset", status: 75),
        Case(faults: "at octet 2500 up: reset", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 2500 up: close", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 9000 up: pdpdeact", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 9000 up: drop-carrier", send: ["--attach", "DIR/large"], status: 75, recovers: false),
        Case(
            faults: "at time 0s: blackhole", modem: ["--connect-timeout", "1s"], status: 75, says: ["no connection"],
            recovers: false),
    ]

    /// What another family does differently.
    static let simcomCases: [Case] = [
        Case(faults: "at command AT+CIPSHUT: late 2s", status: 0),
        // Tried once more, behind a +CIPSHUT.
        Case(faults: "at command AT+CIICR: error", status: 0),
        Case(faults: "at command AT+CIICR: reboot", status: 69, says: ["restarted"]),
        Case(modem: ["--apn", "m2m.example"], status: 78, says: ["APN internet", "check the APN"], recovers: false),
        Case(faults: "at command AT+CIPSTART: error", status: 75),
        // A send without a prompt may have been too long: it is asked how long one may be.
        Case(faults: "at command AT+CIPSEND: error", status: 0),
        Case(faults: "at command AT+CIPSEND: send-fail", status: 0),
        Case(faults: "at command AT+CIPSEND: prompt-then-error", status: 75),
        Case(faults: "at octet 9000 up: pdpdeact", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 2500 up: reset", send: ["--attach", "DIR/large"], status: 75),
        Case(
            faults: "at octet 2500 up: reset", send: ["--attach", "DIR/large", "--dialect", "simcom/send-ok"],
            status: 75),
        Case(
            faults: "at octet 2500 up: close", send: ["--attach", "DIR/large", "--dialect", "simcom/transparent"],
            status: 75),
        Case(
            faults: "at octet 9000 up: pdpdeact", send: ["--attach", "DIR/large", "--dialect", "simcom/transparent"],
            status: 75),
        Case(faults: "at step sent: half-urc", status: 0),
    ].map {
        var test = $0
        test.profile = "simcom-sim800"
        return test
    }

    static let wipsoftCases: [Case] = [
        // Tried once more, behind an orderly way down.
        Case(faults: "at command AT+WIPBR=4: error", status: 0),
        Case(faults: "at command AT+WIPBR=4: reboot", status: 69, says: ["restarted"]),
        Case(modem: ["--apn", "m2m.example"], status: 78, says: ["APN internet", "check the APN"], recovers: false),
        Case(faults: "at command AT+WIPCREATE: error", status: 75),
        Case(faults: "at command AT+WIPDATA: error", status: 75),
        Case(faults: "at command AT+WIPCLOSE: late 2s", status: 0),
        Case(faults: "at octet 2500 up: reset", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 2500 up: close", send: ["--attach", "DIR/large"], status: 75),
        Case(faults: "at octet 9000 up: pdpdeact", send: ["--attach", "DIR/large"], status: 75),
        Case(
            faults: "at octet 2500 up: reset", send: ["--attach", "DIR/large", "--dialect", "wip/transparent"],
            status: 75
        ),
        Case(
            faults: "at octet 9000 up: pdpdeact", send: ["--attach", "DIR/large", "--dialect", "wip/transparent"],
            status: 75),
        Case(faults: "at step sent: half-urc", status: 0),
    ].map {
        var test = $0
        test.profile = "sierra-wip"
        return test
    }

    @Test(arguments: cases + simcomCases + wipsoftCases) func isSaidInOneLineAndTheNextMailLeaves(_ test: Case)
        async throws
    {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(test.faults + "\n", to: folder + "/faults")
            try TemporaryFolder.write([UInt8](repeating: 0xA5, count: 40_000), to: folder + "/large")
            let gateway = try Gateway(
                modem: test.modem + ["--faults", folder + "/faults"], profile: test.profile, server: server)
            let words = test.send.map { $0.replacing("DIR", with: folder) }
            let run = try gateway.send(
                ["--subject", "s", "--body", "b", "--transcript", gateway.directory + "/1.transcript"] + words)
            let record = TemporaryFolder.read(gateway.directory + "/1.transcript") ?? ""
            #expect(run.status == test.status, "\(run.output)\n\(record.suffix(2000))")
            for word in test.says { #expect(run.output.contains(word), "\(run.output)") }
            let errors = run.output.split(separator: "\n").filter {
                $0.hasPrefix("modemail: ") && !$0.contains("closing ")
            }
            #expect(errors.count == (test.status == 0 ? 0 : 1), "\(run.output)")
            guard test.recovers else { return }
            let second = try gateway.send(
                ["--subject", "s2", "--body", "b", "--transcript", gateway.directory + "/2.transcript"]
                    + (test.send.contains("--roaming") ? test.send : []))
            let next = TemporaryFolder.read(gateway.directory + "/2.transcript") ?? ""
            #expect(second.status == 0, "\(second.output)\n\(record.suffix(2000))\n=== next\n\(next.suffix(2000))")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// TLS, greeting, EHLO, AUTH and message are passed within the first 600 octets up: each kind of loss in each of them.
    @Test(
        arguments: ["reset", "close", "pdpdeact", "reboot", "unplug"], [1, 150, 230, 290, 350, 450, 700])
    func aLossInEachPhaseClosesEverythingAndTheNextMailLeaves(_ effect: String, _ octet: Int) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("at octet \(octet) up: \(effect)\n", to: folder + "/faults")
            let gateway = try Gateway(modem: ["--faults", folder + "/faults", "--boot-time", "100ms"], server: server)
            let run = try gateway.send(["--subject", "s", "--body", "b", "--json"])
            // Behind the last reply a loss is no loss.
            #expect([0, 69, 75].contains(run.status), "\(run.output)")
            #expect((run.status == 0) == run.output.contains("\"outcome\": \"sent\""), "\(run.output)")
            if effect != "unplug" {
                let next = try gateway.send(["--subject", "s2", "--body", "b"])
                #expect(next.status == 0, "\(next.output)\n=== first\n\(run.output)")
            }
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }

    /// What many a gateway meets first: another program reads the same port, and takes the answers away.
    @Test func aSilentLineThatAnotherProcessHasOpenIsSaidSo() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            let line = try TestProcess.start(["socat", "-d", "-d", "PTY,link=\(folder)/line,raw,echo=0", "EXEC:cat"])
            #expect(line.readUntil("starting data transfer") != nil)
            // socat keeps the slave's side open as well.
            let process = try TestProcess.start([
                "env", "-i", "HOME=\(folder)", Gateway.programs + "/modemail", "status", "--device", folder + "/line",
            ])
            let output = process.readToEnd()
            #expect(process.wait() == 75, "\(output)")
            #expect(output.contains("socat (pid "), "\(output)")
            line.stop()
        }
    }

    @Test func aNameOrAPortWithoutARouteFailsAsOnARealNetwork() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: ["--connect-timeout", "1s"], server: server)
            let unknown = try gateway.send([
                "--subject", "s", "--body", "b", "--server", "smtps://nowhere.example", "--auth", "none",
            ])
            #expect(unknown.status == 75, "\(unknown.output)")
            #expect(unknown.output.contains("nowhere.example did not resolve"), "\(unknown.output)")
            let port = try gateway.send([
                "--subject", "s", "--body", "b", "--server", "smtps://\(Gateway.host):466", "--auth", "none",
            ])
            #expect(port.status == 75, "\(port.output)")
            let good = try gateway.send(["--subject", "s", "--body", "b"])
            #expect(good.status == 0, "\(good.output)")
            let (balanced, ledger) = try gateway.finish()
            #expect(balanced, "\(ledger)")
        }
    }
}
