import Credentials
import FakeModem
import NIOCore
import Support
import Testing

/// What `--transcript` records, `fake-modem --replay` plays; and neither knows a secret.
@Suite(.timeLimit(.minutes(15))) struct ReplayTests {
    /// `fake-modem --replay`, at a link of its own.
    private struct Replay {
        let link: String
        let process: TestProcess

        init(_ transcript: String, _ words: [String] = [], folder: String) throws {
            link = folder + "/replayed"
            process = try TestProcess.start(
                [Gateway.programs + "/fake-modem", "--link", link, "--replay", transcript] + words)
            guard process.readUntil("ready ") != nil else {
                throw TestProcess.Failure.ended(
                    program: "fake-modem", status: process.wait(), output: process.readToEnd())
            }
        }

        /// What it says when it has ended by itself, and its status.
        func end() -> (status: Int32, words: String) {
            let words = process.readToEnd()
            return (process.wait(), words)
        }
    }

    private static func status(_ device: String, _ words: [String] = []) throws -> Gateway.Run {
        let process = try TestProcess.start(
            [
                "env", "-i", "HOME=" + device.split(separator: "/").dropLast().map { "/" + $0 }.joined(),
                Gateway.programs + "/modemail", "status", "--device", device,
            ] + words)
        process.endInput()
        let output = process.readToEnd()
        return Gateway.Run(status: process.wait(), output: output)
    }

    /// Without what is no step and with the identities that a transcript does not know.
    private static func facts(_ output: String) -> [Substring] {
        output.split(separator: "\n").filter { !$0.hasPrefix("IMEI") }
    }

    @Test(arguments: [[], ["--at-once"], ["--time-scale", "20"]])
    func aStatusPlaysToTheEndAndSaysTheSame(_ words: [String]) async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(
                modem: ["--chatter", "30", "--seed", "5", "--fragments", "random"], server: server)
            let path = gateway.directory + "/status.transcript"
            let first = try Self.status(gateway.directory + "/modem", ["--transcript", path])
            #expect(first.status == 0, "\(first.output)")
            let replay = try Replay(path, words, folder: gateway.directory)
            let second = try Self.status(replay.link)
            let end = replay.end()
            #expect(end.status == 0 && end.words.contains("played to the end"), "\(end.words)\n\(second.output)")
            #expect(second.status == 0, "\(second.output)")
            #expect(Self.facts(second.output) == Self.facts(first.output))
        }
    }

    /// The octets of TLS differ in each run, so that a replayed server's are not the host's: a mail is played up to the answer to
    /// the first flight, and the line where the host left it is the first one behind that.
    @Test func aMailPlaysUpToTheServersFirstFlightAndNoTranscriptHoldsASecret() async throws {
        try await onThread {
            let server = try MailServer.aiosmtpd()
            let gateway = try Gateway(modem: nil, server: server)
            let folder = gateway.directory
            let modem = try Self.lockedModem(server)
            try TemporaryFolder.write(TestSecrets.pin, to: folder + "/pin")
            try TemporaryFolder.write(TestSecrets.apnPassword, to: folder + "/apn-password")
            func words(_ device: String, _ transcript: String) -> [String] {
                [
                    "--device", device, "--apn", "internet", "--apn-user", "m2m", "--apn-password-file",
                    folder + "/apn-password", "--sim-pin-file", folder + "/pin", "--subject", "s", "--body-file", "-",
                    "--state-dir", folder + "/state-" + transcript, "--transcript",
                    "\(folder)/\(transcript).transcript",
                ]
            }
            let sent = try gateway.send(words(modem.path, "first"), input: TestSecrets.body)
            #expect(sent.status == 0, "\(sent.output)")
            #expect(modem.stopAndWait().isBalanced)
            let record = TemporaryFolder.read(folder + "/first.transcript") ?? ""
            #expect(record.contains("> AT+CPIN=\"<redacted>\"") && record.contains("<15 digits>"))
            #expect(record.contains("= closed\n"))

            let replay = try Replay(folder + "/first.transcript", folder: folder)
            let again = try gateway.send(words(replay.link, "second"), input: TestSecrets.body)
            let end = replay.end()
            #expect(end.status == 76, "\(end.words)")
            #expect([69, 75, 76].contains(again.status), "\(again.output)")
            let lines = record.split(separator: "\n", omittingEmptySubsequences: false)
            let flight = try #require(lines.firstIndex { $0.contains("< +QIRD: ") && $0.hasSuffix(" octets)") })
            let left = try #require(Int(end.words.split(separator: "left at line ").last?.prefix { $0.isNumber } ?? ""))
            #expect((flight + 2...flight + 8).contains(left), "\(end.words)\n\(record)")
            for text in [record, TemporaryFolder.read(folder + "/second.transcript") ?? "", end.words] {
                for secret in Self.secrets { #expect(!text.contains(secret)) }
            }
        }
    }

    /// The tests', and the identities of the imitated modem, of which the card's and the subscriber's are shown unasked as well.
    private static let secrets = [
        TestSecrets.pin, TestSecrets.apnPassword, TestSecrets.password, TestSecrets.passwordInPlain,
        TestSecrets.passwordInLogin, TestSecrets.body, "001010123456789", "8988211000000123459", "861641040012345",
    ]

    private static func lockedModem(_ server: MailServer) throws -> FakeModem {
        var options = FakeModemOptions()
        options.routes = [Route(host: Gateway.host, port: 465, address: "127.0.0.1", targetPort: server.port)]
        options.sim = .locked(pin: Secret(TestSecrets.pin))
        options.apn = "internet"
        options.account = Account(user: "m2m", password: Secret(TestSecrets.apnPassword))
        options.faults = FaultScript([
            Fault(at: .command("AT+CSQ", nth: 1), .urc("+CIMI: 001010123456789")),
            Fault(at: .command("AT+CGDCONT=", nth: 1), .urc("001010123456789")),
            Fault(at: .step(.connected, nth: 1), .urc("^ICCID: \"8988211000000123459F\"")),
        ])
        return try FakeModem(options)
    }

    /// A modem of a maker that nobody here knows, as its manual would show it.
    static let falcon = """
        # ACME Falcon-4G: LTE, unlocked. No questions for registers: they are answered anyway.
        >> ATQ0V1E0<CR>
        << OK
        >> AT+CMEE=1<CR>
        << OK
        >> ATI<CR>
        << ACME Telematics
        << Falcon-4G
        << Revision: 11.200.3
        << OK
        >> AT+CGMI<CR>
        << ACME Telematics
        << OK
        >> AT+CGMM<CR>
        << Falcon-4G
        << OK
        >> AT+CGMR<CR>
        << 11.200.3
        << OK
        >> AT+CGSN<CR>
        << 359998070012345
        << OK
        >> AT+CFUN?<CR>
        << +CFUN: 1,0
        << OK
        >> AT+CPIN?<CR>
        << +CPIN:READY
        << OK
        >> AT+CCID<CR>
        << ERROR
        >> AT+ICCID<CR>
        << +ICCID: 89490200001234567890
        << OK
        >> AT+CPINR<CR>
        << +CPINR: SIM PIN, 3, 3
        << +CPINR: SIM PUK, 10, 10
        << OK
        >> AT+CREG?<CR>
        << +CREG: 0,0
        << OK
        >> AT+CGREG?<CR>
        << +CGREG: 0,0
        << OK
        >> AT+CEREG?<CR>
        << ^HCSQ:"LTE",50,47,150,22
        << +CEREG: 2,1,"7A05","01A2D003",7
        << OK
        >> AT+COPS?<CR>
        << +COPS: 0,2,"26202",7
        << OK
        >> AT+CSQ<CR>
        << +CSQ:18,99
        << OK
        >> AT+CESQ<CR>
        << +CESQ: 99,99,255,255,20,50
        << OK
        >> AT+CGATT?<CR>
        << +CGATT: 1
        << OK
        >> AT+CGDCONT?<CR>
        << +CGDCONT: 1,"IP","m2m.example","",0,0
        << OK
        >> AT+CGACT?<CR>
        << +CGACT: 1,1
        << +CGACT: 2,0
        << OK
        >> AT+CGCONTRDP=1<CR>
        << +CME ERROR: 3
        >> AT+CGPADDR=1<CR>
        << +CGPADDR: 1,10.20.30.40
        << OK
        >> AT+CCLK?<CR>
        << +CCLK: "80/01/06,00:01:05"
        << OK
        >> AT+CMEE?<CR>
        << +CMEE: 1
        << OK
        """

    /// An old one: no registers to ask for, its echo comes behind a line of its own, and its card is locked.
    static let oldtech = """
        >> ATS3?S4?<CR>
        << ERROR
        >> ATS3?S4?<CR>
        << ERROR
        >> AT+CMEE?<CR>
        << +CMEE: 2
        << OK
        >> AT+CMEE=?<CR>
        << +CMEE: (0,1,2)
        << OK
        >> ATQ0V1E0<CR>
        << <CR><LF>^BOOT:37243423,0,0,0,89<CR><LF>ATQ0V1E0<CR><CR><LF>OK<CR><LF>
        > AT+CMEE=1
        < OK
        > ATI
        < Manufacturer: oldtech
        < Model: U3
        < OK
        > AT+CGMI
        < oldtech
        < OK
        > AT+CGMM
        < U3
        < OK
        > AT+CGMR
        < 11.1
        < OK
        > AT+CGSN
        << <CR><LF>359998070012345<CR><LF><CR><LF>^RSSI:15<CR><LF><CR><LF>OK<CR><LF>
        > AT+CFUN?
        < +CFUN: 1
        < OK
        > AT+CPIN?
        < +CPIN: SIM PIN
        < OK
        > AT+CCID
        < +CCID: <19 digits>
        < OK
        > AT+CPINR
        < +CPINR: SIM PIN,3
        < OK
        > AT+CREG?
        < +CREG: 0,4
        < OK
        > AT+CGREG?
        < ERROR
        > AT+CEREG?
        < ERROR
        > AT+COPS?
        < ERROR
        > AT+CSQ
        < +CSQ: 99,99
        < OK
        > AT+CESQ
        < ERROR
        > AT+CGATT?
        < +CGATT: 0
        < OK
        > AT+CGDCONT?
        < OK
        > AT+CCLK?
        < ERROR
        > AT+CMEE?
        < +CMEE: 2
        < OK
        """

    @Test(arguments: [
        (falcon, ["ACME Telematics", "359998070012345", "home network, LTE", "m2m.example", "10.20.30.40"]),
        (oldtech, ["oldtech U3", "11.1", "wants its PIN", "attached:        no"]),
    ])
    func aModemThatWasWrittenByHandIsAsked(_ text: String, _ says: [String]) async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write(text, to: folder + "/modem.at")
            let replay = try Replay(folder + "/modem.at", folder: folder)
            let run = try Self.status(replay.link)
            let end = replay.end()
            #expect(end.status == 0 && end.words.contains("played to the end"), "\(end.words)")
            #expect(run.status == 0, "\(run.output)")
            for word in says { #expect(run.output.contains(word), "\(run.output)") }
        }
    }

    /// The line talks frames when the port is opened, and the modem takes the first question for one.
    @Test(arguments: [
        "> (18 octets)\n<< <F9><03>?<01><1C><F9>\n> <CLD>\n",
        "> (18 octets)\n<< ~<FF>}#<C0>!~\n> (17 octets)\n<< ~<FF>}#<C0>!}&<FE>}\u{20}}$~<CR><LF>NO CARRIER<CR><LF>\n",
        "> (18 octets)\n<< ~<FF>}#<C0>!~\n> (17 octets)\n> +++\n<< <CR><LF>OK<CR><LF>\n> ATH\n< OK\n",
    ])
    func aModemThatWasLeftInAMultiplexerOrInPPPIsBroughtBack(_ start: String) async throws {
        try await aModemThatWasWrittenByHandIsAsked(start + Self.falcon, ["ACME Telematics", "home network, LTE"])
    }

    @Test func aHostThatLeavesATranscriptEndsItWithTheLine() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("# one\n> ATQ0V1E0\n< OK\n> AT+CMEE=2\n< OK\n", to: folder + "/modem.at")
            let replay = try Replay(folder + "/modem.at", folder: folder)
            let run = try Self.status(replay.link)
            let end = replay.end()
            #expect(end.status == 76)
            #expect(
                end.words.contains("modem.at: left at line 4: expected \"AT+CMEE=2\", got \"AT+CMEE=1\"\n"),
                "\(end.words)")
            #expect(run.status == 69, "\(run.output)")
        }
    }

    @Test func aTranscriptThatIsNoneIsAnErrorWithItsLine() async throws {
        try await onThread {
            let folder = try TemporaryFolder.make()
            defer { TemporaryFolder.remove(folder) }
            try TemporaryFolder.write("> AT\n< OK\n?? what\n", to: folder + "/modem.at")
            let process = try TestProcess.start([
                Gateway.programs + "/fake-modem", "--link", folder + "/modem", "--replay", folder + "/modem.at",
            ])
            let words = process.readToEnd()
            #expect(process.wait() == 78)
            #expect(words.hasPrefix("fake-modem: transcript, line 3: "), "\(words)")
            #expect(words.split(separator: "\n").count == 1)
        }
    }
}
