import ArgumentParser
import FakeModem
import NIOCore
import Scopes

/// Runs a modem until SIGINT or SIGTERM.
struct FakeModemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-modem", abstract: "A cellular modem on a pty, with a carrier and an internet behind it.",
        discussion: """
            Prints `ready PATH` when a host can open it. Each line of the ledger is a JSON object; whenever everything that had
            been opened is closed again, a line says `balanced`, and the last one says {"balanced": true|false, …}. The exit
            status is 1 when it does not balance.

              fake-modem --link /tmp/modem --apn internet --route mail.example.com:465=127.0.0.1:10465

            With --replay it plays a transcript instead (`modemail --transcript` records one), says `played to the end: N lines` when
            the host went with it and closed the port, or at which line the host left it, and ends. The exit status is 76 when
            the host left it. Of TLS, whose octets differ in each run, a transcript knows no more than the counts: a replay of a
            mail goes as far as the server's first flight.

              fake-modem --link /tmp/modem --replay session.transcript

            \(FaultScript.grammar)

            \(Transcript.grammar)
            """,
        subcommands: [SinkCommand.self])

    @Option(help: "The real modem to imitate; --list-profiles shows which.")
    var profile = Profile.quectelEC25.rawValue

    @Flag(help: "Print the names of the profiles, and end.")
    var listProfiles = false

    @Option(help: "A symbolic link to the device; an old link is replaced.")
    var link: String?

    @Option(
        parsing: .singleValue,
        help:
            "HOST:PORT=ADDR:PORT: the name resolves, and that port is carried to the address. Repeatable; nothing else exists."
    )
    var route: [String] = []

    @Option(help: "The only APN that the network knows; any, when not given.")
    var apn: String?

    @Option(help: "USER:PASSWORD-FILE: the account that the APN wants.")
    var apnAccount: String?

    @Flag(help: "The network gives IPv4 contexts alone.")
    var ipv4Only = false

    @Option(help: "The SIM's PIN: short for --sim pin:PIN.")
    var pin: String?

    @Option(help: "none, ready, pin:DIGITS, puk, puk:DIGITS, busy:D or busy:D,STATE.")
    var sim: String?

    @Option(help: "home, roaming, lte-only, none, denied:CAUSE, searching:D or searching:D,STATE.")
    var registration = "home"

    @OptionGroup(title: "PPP")
    var ppp: PPPArguments

    @Option(help: "Bits per second of the serial line; without it the line is USB, and any speed is right.")
    var baud: Int?

    @Option(help: "Round-trip time of the carrier, such as 700ms.")
    var rtt = "0ms"

    @Option(help: "Bits per second towards the modem, such as 40k.")
    var down: String?

    @Option(help: "Bits per second from the modem, such as 20k.")
    var up: String?

    @Option(help: "How long the modem thinks about a command.")
    var latency = "2ms"

    @Option(help: "How long a connection to nowhere is tried.")
    var connectTimeout = "75s"

    @Option(help: "From a reset to RDY.")
    var bootTime = "1s"

    @Option(help: "How output is cut into writes: none, random, octets.")
    var fragments = Fragmentation.none.rawValue

    @Option(help: "In how many of 100 gaps between lines an unsolicited line appears.")
    var chatter = 0

    @Option(help: "How many of 100 sends are taken badly: SEND FAIL, or 1 or n-1 octets first.")
    var partialWrites = 0

    @Option(
        parsing: .singleValue,
        help: "What an earlier host typed, with \\r and \\xHH; repeatable. So a modem can be left in any state.")
    var prelude: [String] = []

    @Option(help: "Virtual seconds per second.")
    var timeScale = 1

    @Option(help: "A fault script; see below.")
    var faults: String?

    @Option(help: "Play this transcript; of the options above, --link and --time-scale count.")
    var replay: String?

    @Flag(help: "With --replay: every line at once, not when it was recorded.")
    var atOnce = false

    @Option(help: "Where the ledger goes.")
    var ledger: String?

    @Option(help: "The same seed makes the same choices.")
    var seed: UInt64 = 1

    func run() throws {
        if listProfiles {
            for profile in Profile.allCases { print(profile.rawValue) }
            return
        }
        try reporting {
            let signals = Signals()
            if let replay { return try play(replay, signals) }
            let modem = try FakeModem(options())
            say("ready \(modem.path)")
            signals.wait()
            guard modem.stopAndWait().isBalanced else { throw ExitCode(1) }
        }
    }

    /// Plays a transcript to its end, to where the host leaves it, or to a signal.
    private func play(_ path: String, _ signals: Signals) throws {
        var options = FakeModemOptions()
        options.link = link
        options.timeScale = try within("--time-scale", timeScale, 1...1_000)
        options.ledgerFile = ledger
        let transcript = try Transcript(parsing: Files.text(path, option: "--replay", limit: Files.transcriptLimit))
        let modem = try ReplayModem(transcript, options, isPaced: !atOnce) { Signals.wake() }
        say("ready \(modem.path)")
        signals.wait()
        let outcome = modem.stopAndWait()
        guard outcome.isWhole else { throw Departure(transcript: path, outcome: outcome) }
        say("\(outcome)")
    }

    private func options() throws(FakeModemError) -> FakeModemOptions {
        var options = FakeModemOptions()
        options.profile = try choice("--profile", profile)
        options.link = link
        for text in route { options.routes.append(try Route(parsing: text)) }
        options.apn = apn
        if let apnAccount { options.account = try Files.account(apnAccount, option: "--apn-account") }
        options.isIPv4Only = ipv4Only
        options.ppp = try ppp.conditions()
        options.registration = try Registration(parsing: registration)
        try setSIM(&options)
        try setLine(&options)
        options.seed = seed
        options.ledgerFile = ledger
        options.prelude = prelude.map(Escapes.resolve)
        if let faults { options.faults = try FaultScript(parsing: Files.text(faults, option: "--faults")) }
        return options
    }

    private func setSIM(_ options: inout FakeModemOptions) throws(FakeModemError) {
        if let pin {
            guard sim == nil else { throw .badOption("--pin", given: "beside --sim", wanted: "one of the two") }
            options.sim = try SIMCondition(parsing: "pin:" + pin)
        } else if let sim {
            options.sim = try SIMCondition(parsing: sim)
        }
    }

    private func setLine(_ options: inout FakeModemOptions) throws(FakeModemError) {
        options.baud = try baud.map { rate throws(FakeModemError) in try within("--baud", rate, 300...4_000_000) }
        options.roundTrip = try duration("--rtt", rtt)
        options.down = try rate("--down", down)
        options.up = try rate("--up", up)
        options.latency = try duration("--latency", latency)
        options.connectTimeout = try duration("--connect-timeout", connectTimeout)
        options.bootTime = try duration("--boot-time", bootTime)
        options.fragmentation = try choice("--fragments", fragments)
        options.chatter = try within("--chatter", chatter, 0...100)
        options.partialWrites = try within("--partial-writes", partialWrites, 0...90)
        options.timeScale = try within("--time-scale", timeScale, 1...1_000)
    }

    private func rate(_ option: String, _ text: String?) throws(FakeModemError) -> Int? {
        guard let text else { return nil }
        guard let rate = BitRate.parse(text) else {
            throw .badOption(option, given: text, wanted: "bits per second, such as 9600, 40k or 1M")
        }
        return rate
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ option: String, _ text: String
    ) throws(FakeModemError) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            throw .badOption(option, given: text, wanted: Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}

/// A host that left a transcript.
private struct Departure: Failure {
    let transcript: String
    let outcome: ReplayOutcome

    var failureClass: FailureClass { .peer }
    var summary: String { "\(transcript.printable()): \(outcome)" }
}
