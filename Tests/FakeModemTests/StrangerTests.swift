import Glibc
import NIOCore
import Support
import Testing

@testable import FakeModem

/// Programs of others, from Debian, meet the fake: what they take for a modem is not for us to say. A missing one is a failure.
@Suite(.timeLimit(.minutes(2)))
struct StrangerTests {
    private static func temporary(_ name: String) -> String {
        "/tmp/modemail-\(name)-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    }

    private func ended(_ modem: FakeModem) async -> Balance {
        await modem.wait { $0.contains { if case .balanced = $0.event { true } else { false } } }
        return await modem.stop()
    }

    private static func modem(_ profile: Profile) throws -> FakeModem {
        var options = FakeModemOptions()
        options.profile = profile
        return try FakeModem(options)
    }

    @Test(arguments: Profile.allCases) func gammuIdentifiesIt(_ profile: Profile) async throws {
        let modem = try Self.modem(profile)
        let file = Self.temporary("gammurc")
        try TestProcess.run(["tee", file], input: "[gammu]\ndevice = \(modem.path)\nconnection = at115200\n")
        defer { _ = unsafe unlink(file) }
        let output = try TestProcess.run(["gammu", "-c", file, "identify"])
        for known in [profile.manufacturer, profile.model, profile.revision, profile.imei, profile.imsi] {
            #expect(output.uppercased().contains(known.uppercased()), "\(profile.name): \(known)")
        }
        #expect(await ended(modem).isBalanced)
    }

    /// It scans every port that it finds, and names the best one: one at a time.
    @Test func wvdialconfFindsIt() async throws {
        for profile in Profile.allCases { try await findWithWvdialconf(profile) }
    }

    private func findWithWvdialconf(_ profile: Profile) async throws {
        let modem = try Self.modem(profile)
        // It looks for names like this alone.
        let name = "ttyUSB\(Int.random(in: 100_000...999_999))"
        guard unsafe symlink(modem.path, "/dev/\(name)") == 0 else {
            Issue.record("/dev/\(name) cannot be made: errno \(errno)")
            return
        }
        defer { _ = unsafe unlink("/dev/\(name)") }
        let file = Self.temporary("wvdial")
        defer { _ = unsafe unlink(file) }
        let output = try TestProcess.run(["wvdialconf", file])
        #expect(output.contains("Found a modem on /dev/\(name)."))
        #expect(output.contains("\(name)<*1>: Modem Identifier: ATI -- \(profile.identification[0])"))
        #expect(await ended(modem).isBalanced)
    }

    /// What is typed, and what has to come before the next line is.
    private static func script(_ profile: Profile) -> [(String, String)]? {
        switch profile {
        case .quectelEC25:
            [
                ("ATE0\r", "\r\nOK\r\n"), ("AT+QISDE=0\r", "\r\nOK\r\n"), ("AT+QIACT=1\r", "\r\nOK\r\n"),
                ("AT+QIOPEN=1,0,\"TCP\",\"a.example\",7,0,0\r", "\r\n+QIOPEN: 0,0\r\n"), ("AT+QISEND=0,5\r", "> "),
                ("socat", "\r\n+QIURC: \"recv\",0\r\n"), ("AT+QIRD=0,1500\r", "\r\n+QIRD: 5\r\nsocat\r\n\r\nOK\r\n"),
                ("AT+QICLOSE=0\r", "\r\nOK\r\n"), ("AT+QIDEACT=1\r", "\r\nOK\r\n"),
            ]
        case .simcomSIM800:
            [
                ("ATE0\r", "\r\nOK\r\n"), ("AT+CIPMUX=1\r", "\r\nOK\r\n"), ("AT+CIPRXGET=1\r", "\r\nOK\r\n"),
                ("AT+CSTT=\"internet\"\r", "\r\nOK\r\n"), ("AT+CIICR\r", "\r\nOK\r\n"),
                ("AT+CIFSR\r", "\r\n10.64.1.2\r\n"),
                ("AT+CIPSTART=0,\"TCP\",\"a.example\",7\r", "\r\n0, CONNECT OK\r\n"), ("AT+CIPSEND=0,5\r", "> "),
                ("socat", "\r\n+CIPRXGET: 1,0\r\n"),
                ("AT+CIPRXGET=2,0,99\r", "\r\n+CIPRXGET: 2,0,5,0\r\nsocat\r\nOK\r\n"),
                ("AT+CIPCLOSE=0\r", "\r\n0, CLOSE OK\r\n"), ("AT+CIPSHUT\r", "\r\nSHUT OK\r\n"),
            ]
        case .sierraWIP:
            // A guard time of 20 ms: the modem collects octets for as long before it sends them, so the echo comes later.
            [
                ("ATE0\r", "\r\nOK\r\n"), ("ATS12=1\r", "\r\nOK\r\n"), ("AT+WIPCFG=1\r", "\r\nOK\r\n"),
                ("AT+WIPBR=1,6\r", "\r\nOK\r\n"), ("AT+WIPBR=2,6,11,\"internet\"\r", "\r\nOK\r\n"),
                ("AT+WIPBR=4,6,0\r", "\r\nOK\r\n"),
                ("AT+WIPCREATE=2,1,\"a.example\",7\r", "\r\n+WIPREADY: 2,1\r\n"),
                ("AT+WIPDATA=2,1,1\r", "\r\nCONNECT\r\n"),
                ("so\u{10}\u{10}cat\u{10}\u{3}", "so\u{10}\u{10}cat\u{10}\u{3}"),
                ("+++", "\r\nOK\r\n"), ("AT+WIPCLOSE=2,1\r", "\r\nOK\r\n"), ("AT+WIPBR=5,6\r", "\r\nOK\r\n"),
                ("AT+WIPBR=0,6\r", "\r\nOK\r\n"), ("AT+WIPCFG=0\r", "\r\nOK\r\n"),
            ]
        default: nil
        }
    }

    @Test(arguments: Profile.allCases) func aSocatScriptSendsOctetsThroughIt(
        _ profile: Profile
    ) async throws {
        let script = try #require(Self.script(profile), "\(profile.name) has no script")
        let server = try await EchoServer()
        var options = FakeModemOptions()
        options.profile = profile
        options.routes = [Route(host: "a.example", port: 7, address: "127.0.0.1", targetPort: server.port)]
        let modem = try FakeModem(options)
        let socat = try TestProcess.start(["socat", "-,ignoreeof", "\(modem.path),raw,echo=0"])
        for (typed, answer) in script {
            socat.write(typed)
            let output = socat.readUntil(answer)
            #expect(output != nil, "\(profile.name): \(typed.debugDescription)")
        }
        socat.stop()
        #expect(await ended(modem).isBalanced)
        try await server.stop()
    }

    /// Where `scripts/install-packages test` puts it.
    private static let gsmmodem = ".build/strangers"

    /// It gets out of step where no `OK` stands behind `+CPIN?`, as on Open AT modules.
    @Test(
        .enabled(
            if: unsafe access(".build/strangers/gsmmodem", F_OK) == 0,
            "python-gsmmodem-new is not there: scripts/install-packages test fetches it"),
        arguments: Profile.allCases.filter { $0 != .sierraWIP })
    func gsmmodemIdentifiesItAndWaitsForTheNetwork(_ profile: Profile) async throws {
        let modem = try Self.modem(profile)
        let program = """
            import sys
            sys.path.insert(0, sys.argv[1])
            from gsmmodem.modem import GsmModem
            modem = GsmModem(sys.argv[2])
            modem.connect()
            print(modem.manufacturer, modem.model, modem.revision, modem.imei, modem.imsi, modem.networkName, sep="|")
            print("strength", modem.waitForNetworkCoverage(10))
            modem.close()
            """
        let output = try TestProcess.run(["/usr/bin/python3", "-W", "ignore", "-c", program, Self.gsmmodem, modem.path])
        let known = [
            profile.manufacturer, profile.model, profile.revision, profile.imei, profile.imsi, "Modemail Test",
        ]
        #expect(output.contains(known.joined(separator: "|")), "\(output)")
        #expect(output.contains("strength 24"), "\(output)")
        #expect(await ended(modem).isBalanced)
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func theProgramEndsCleanlyOnASignalAndSaysWhetherItBalances(_ signal: Int32) async throws {
        let link = Self.temporary("link")
        let ledger = Self.temporary("ledger")
        defer { _ = unsafe unlink(ledger) }
        for isBalanced in [true, false] {
            let program = try TestProcess.start([".build/debug/fake-modem", "--link", link, "--ledger", ledger])
            #expect(program.readUntil("\n") == "ready \(link)\n")
            let host = try RawHost(link)
            try host.ask(isBalanced ? "AT" : "AT+QIACT=1")
            host.close()
            program.signal(signal)
            #expect(program.wait() == (isBalanced ? 0 : 1))
            #expect(unsafe access(link, F_OK) != 0)
            let lines = try TestProcess.run(["cat", ledger]).split(separator: "\n")
            #expect(lines.last?.hasPrefix("{\"balanced\":\(isBalanced),") == true)
        }
    }

    @Test(arguments: [
        ["--profile", "nokia"], ["--sim", "pin:abc"], ["--rtt", "5"], ["--route", "x"], ["--registration", "sideways"],
        ["--faults", "/nonexistent"], ["--baud", "0"], ["--nonsense"],
    ])
    func badOptionsAreNamedAndAUsageError(_ arguments: [String]) throws {
        let program = try TestProcess.start([".build/debug/fake-modem"] + arguments)
        let output = program.readToEnd()
        #expect(program.wait() == 64)
        #expect(!output.contains("ready /"))
        #expect(output.contains(arguments[0]))
    }
}
