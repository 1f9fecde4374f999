import ArgumentParser
import Credentials
import FakeModem
import Glibc
import NIOCore
import Scopes

struct FakeModemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-modem", abstract: "A cellular modem on a pty, with a carrier behind it.",
        subcommands: [Run.self], defaultSubcommand: Run.self)
}

/// Runs a modem until a signal.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a modem (the default).")

    @Option(help: "A symbolic link to the device.")
    var link: String?

    @Option(parsing: .singleValue, help: "HOST:PORT=ADDR:PORT; repeatable: the carrier's whole internet.")
    var route: [String] = []

    @Option(help: "Where the ledger goes.")
    var ledger: String?

    func run() throws {
        var options = FakeModemOptions()
        options.link = link
        options.routes = try route.map { try Route(parsing: $0) }
        options.ledgerFile = ledger
        let signals = Signals()
        let modem = try FakeModem(options)
        print("ready \(modem.path)")
        fflush(nil)
        signals.wait()
        guard modem.stopAndWait().isBalanced else { throw ExitCode(1) }
    }
}
