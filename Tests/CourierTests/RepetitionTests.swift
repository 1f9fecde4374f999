import Courier
import Credentials
import FakeModem
import Modem
import NIOCore
import NIOPosix
import Scopes
import Settings
import Support
import Testing
import Tunnel

/// Many deliveries by one process, on one fake modem: what was opened is closed after each.
@Suite(.timeLimit(.minutes(15))) struct RepetitionTests {
    /// A courier with the settings of `yaml` and a line more.
    static func courier(_ yaml: String, folder: String, host: Host, subject: String) throws -> Courier {
        try TemporaryFolder.write(yaml, to: folder + "/modemail.yaml")
        var flags = Flags()
        flags.set(.subject, subject)
        flags.set(.body, "body")
        let settings = try Settings.load(
            file: folder + "/modemail.yaml", environment: ["HOME": folder, "STATE_DIRECTORY": folder + "/state"],
            flags: flags)
        return Courier(settings: settings, host: host)
    }

    static func yaml(
        _ modem: FakeModem, _ folder: String, _ server: MailServer, via: String = "socket", more: String = ""
    ) -> String {
        """
        device: \(modem.path)
        apn: internet
        via: \(via)
        server: smtps://gateway%40example.net@\(Gateway.host)
        password-file: \(folder)/password
        ca-file: \(server.anchors)
        from: \(Gateway.user)
        to: [ops@example.net]
        \(more)
        """
    }

    /// - Parameter helper: the program that makes PPP's network.
    static func host(helper: String = Gateway.programs + "/modemail") -> Host {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        return Host(
            loop: MultiThreadedEventLoopGroup.singleton.next(), threads: threads,
            tunnel: TunnelOptions(executable: helper))
    }

    static func modem(_ server: MailServer, _ change: (inout FakeModemOptions) -> Void) throws -> FakeModem {
        var options = FakeModemOptions()
        options.routes = [Route(host: Gateway.host, port: 465, address: "127.0.0.1", targetPort: server.port)]
        options.latency = .milliseconds(1)
        change(&options)
        return try FakeModem(options)
    }

    @Test(arguments: DialectMatrix.mails)
    func manyMailsInOneRunLeaveNothingOpen(dialect: String, mails: Int) async throws {
        let server = try await onThread { try MailServer.aiosmtpd() }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
        let modem = try Self.modem(server) { options in
            options.profile = Profile(rawValue: Gateway.profile(speaking: dialect)) ?? options.profile
            options.seed = 3
            options.partialWrites = 20
            options.chatter = 5
            options.fragmentation = .random
        }
        let host = Self.host()
        for number in 1...mails {
            let courier = try Self.courier(
                Self.yaml(modem, folder, server, more: "dialect: \(dialect)"), folder: folder, host: host,
                subject: "mail \(number)")
            let report = await courier.send()
            #expect(report.outcome == .sent, "mail \(number): \(report.errorLine ?? "")")
            #expect(report.isTeardownClean, "mail \(number): \(report.teardown)")
            guard report.outcome == .sent else { break }
        }
        let stored = try await onThread { try server.messages(mails).count }
        #expect(stored == mails)
        let balance = await modem.stop()
        #expect(balance.isBalanced)
        #expect(balance.opened["socket"] == mails)
    }

    @Test func aRefusedPINIsNotSentAgain() async throws {
        let server = try await onThread { try MailServer.aiosmtpd() }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
        try TemporaryFolder.write(TestSecrets.pin, to: folder + "/pin")
        let modem = try Self.modem(server) { $0.sim = .locked(pin: Secret("4711")) }
        let host = Self.host()
        let yaml = Self.yaml(modem, folder, server, more: "sim-pin-file: \(folder)/pin")
        for attempt in 1...3 {
            let courier = try Self.courier(yaml, folder: folder, host: host, subject: "s")
            let report = await courier.send()
            #expect(report.exitStatus == .credentialsRefused, "\(report.errorLine ?? "")")
            let left = try await Self.courier(yaml, folder: folder, host: host, subject: "s").status().get()
            #expect(left.status.pinTries == 2, "after attempt \(attempt) the counter must stand at two")
        }
        // The right one is sent, once, and the mail leaves.
        try TemporaryFolder.write("4711\n", to: folder + "/pin")
        let good = await (try Self.courier(yaml, folder: folder, host: host, subject: "s")).send()
        #expect(good.outcome == .sent, "\(good.errorLine ?? "")")
        let balance = await modem.stop()
        #expect(balance.isBalanced)
    }

    /// `--wait` tries again while the network is not ready, and leaves off once it is.
    @Test func waitingRepeatsUntilTheServerIsThere() async throws {
        let server = try await onThread { try MailServer.aiosmtpd() }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try TemporaryFolder.write(TestSecrets.password, to: folder + "/password")
        let modem = try Self.modem(server) {
            $0.faults = FaultScript([Fault(at: .step(.connected, nth: 1), .reset)])
        }
        let yaml = Self.yaml(modem, folder, server, more: "wait: 60s")
        let report = await (try Self.courier(yaml, folder: folder, host: Self.host(), subject: "s")).send()
        #expect(report.outcome == .sent, "\(report.errorLine ?? "")")
        #expect(report.attempts == 2)
        let balance = await modem.stop()
        #expect(balance.isBalanced)
    }
}
