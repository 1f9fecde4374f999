import Support
import Testing

/// Servers that break SMTP, each in its own way: the right status, one line that names cause and remedy, an end within its
/// limit, no secret shown, and nothing sent that the case forbids.
@Suite(.timeLimit(.minutes(15))) struct BadSMTPTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// In Tests/Programs/bad-server.py.
        let name: String
        let status: Int32
        /// Each must be in the one line.
        var says: [String] = []
        /// What must not be in the output.
        var silentOn: [String] = []
        /// The server must have seen a line that holds it.
        var saw: [String] = []
        /// The server must have seen no line that holds it.
        var never: [String] = []
        /// Of `timeouts`, beside limits that are far away.
        var limits = ""
        /// Further options of `modemail send`; DIR is the test's folder.
        var send: [String] = []
        /// More than one where the client has learnt that the server bears no pipelining.
        var connections = 1
        var throughModem = false
        var testDescription: String { name }

        var isStartTLS: Bool { name.contains("starttls") || name.hasPrefix("clear-") || name.contains("after-tls") }
    }

    private static let secrets = [
        TestSecrets.password, TestSecrets.passwordInPlain, TestSecrets.passwordInLogin,
    ]

    @Test(arguments: cases) func isSaidInOneLineOverAnInterface(_ test: Case) async throws {
        try await onThread { try Self.check(test, .overInterface) }
    }

    @Test(arguments: cases.filter(\.throughModem)) func isSaidInOneLineThroughTheModem(_ test: Case) async throws {
        try await onThread { try Self.check(test, .throughModem) }
    }

    /// Where the step's own limit is far away, the limit of the whole ends it.
    @Test(arguments: [
        "greeting-never", "greeting-endless-slow", "ehlo-never", "auth-never", "mail-never", "dot-never", "body-deaf",
    ])
    func theWholeRunHasALimit(_ name: String) async throws {
        let isInDoubt = name == "dot-never"
        let test = Case(
            name: name, status: 75, says: ["no end after 1 s"] + (isInDoubt ? ["perhaps"] : []),
            silentOn: ["interrupted"], limits: "total: 1s",
            send: name == "body-deaf" ? ["--attach", "DIR/large"] : [])
        try await onThread { try Self.check(test, .withinTheWhole) }
    }

    @Test func everyServerHasItsCase() throws {
        let known = Set(try BadServers.shared().ports.keys)
        #expect(known == Set(Self.cases.map(\.name)))
        #expect(known.count >= 40)
    }

    private static func check(_ test: Case, _ use: BadServers.Use) throws {
        let servers = try BadServers.shared()
        let port = try servers.port(test.name, use)
        let isThroughModem = use == .throughModem
        let gateway = try Gateway(
            modem: isThroughModem ? [] : nil,
            server: try MailServer.elsewhere(port: port, isStartTLS: test.isStartTLS))
        let folder = gateway.directory
        let far = ["connect: 20s", "tls: 20s", "total: 60s"].filter { limit in
            !test.limits.hasPrefix(limit.prefix { $0 != ":" })
        }
        let limits = (far + [test.limits]).filter { !$0.isEmpty }.joined(separator: ", ")
        try TemporaryFolder.write("timeouts: { \(limits) }\n", to: folder + "/settings.yaml")
        try TemporaryFolder.write(
            [UInt8](repeating: 0xA5, count: isThroughModem ? 40_000 : 1_500_000), to: folder + "/large")
        var words = ["--config", folder + "/settings.yaml", "--subject", "s", "--body", "b", "--json", "--timeline"]
        if isThroughModem {
            words += ["--transcript", folder + "/1.transcript"]
        } else {
            words += [
                "--via", "interface:lo", "--server",
                "\(test.isStartTLS ? "smtp" : "smtps")://gateway%40example.net@localhost:\(port)",
            ]
        }
        let run = try gateway.send(words + test.send.map { $0.replacing("DIR", with: folder) })
        let log = try servers.log(port)
        verify(run, log, test)
        verifySecrets(run.output + (TemporaryFolder.read(folder + "/1.transcript") ?? ""))
        let (balanced, ledger) = try gateway.finish()
        #expect(balanced, "\(ledger)")
    }

    private static func verify(_ run: Gateway.Run, _ log: [String], _ test: Case) {
        let seen = log.joined(separator: "\n")
        #expect(run.status == test.status, "\(run.output)\n\(seen)")
        let errors = run.output.split(separator: "\n").filter { $0.hasPrefix("modemail: ") && !$0.contains("closing ") }
        #expect(errors.count == (test.status == 0 ? 0 : 1), "\(run.output)")
        for word in test.says { #expect(run.output.contains(word), "\(word): \(run.output)") }
        for word in test.silentOn { #expect(!run.output.contains(word), "\(word): \(run.output)") }
        // A remedy stands behind the cause.
        if let error = errors.first { #expect(error.contains("; "), "\(error)") }
        let controls = run.output.unicodeScalars.filter {
            ($0.value < 0x20 && $0 != "\n") || (0x7F..<0xA0).contains($0.value)
        }
        #expect(controls.isEmpty, "\(run.output)")
        #expect(!seen.contains("clear: AUTH") && !seen.contains("clear: MAIL"), "\(seen)")
        #expect(log.count { $0 == "connected" } == test.connections, "\(seen)")
        for word in test.saw { #expect(log.contains { $0.contains(word) }, "\(word): \(seen)") }
        for word in test.never { #expect(!log.contains { $0.contains(word) }, "\(word): \(seen)") }
    }

    private static func verifySecrets(_ text: String) {
        for secret in secrets where text.contains(secret) {
            Issue.record("a secret was shown")
        }
    }
}
