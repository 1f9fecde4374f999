import ArgumentParser
import Courier
import Scopes
import Settings
import Terminal

struct ATCommandLine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "at",
        abstract: "Send AT commands to the modem: a terminal with history, or commands as arguments.",
        discussion: """
            With commands as arguments, or one a line on standard input (-, or when that is no terminal): runs them in order \
            and prints their answers; the first that does not end with OK is the last. Exits with 0 for OK, 69 when the modem \
            refused, 77 for a wrong PIN or password, 75 when no answer came in time, 64 for a command that is not sent.

            On a terminal: line editing, history, Tab completes names. Lines that the modem sends unasked are marked with *. \
            Ctrl-C ends the running command or the line, Ctrl-D ends the program.

            Commands that wait for data or leave command mode are not sent. A PIN or password as an argument can be seen by \
            every user of this machine: use standard input or the terminal, which keeps no such line in its history. No guard \
            counts the tries of a PIN that is entered here.

            Example:
              modemail at --device /dev/ttyUSB2 AT+CSQ 'AT+COPS?'
            """)

    @Argument(
        help: ArgumentHelp("Commands, in order; - reads them from standard input.", valueName: "command"),
        completion: .list(CommandArguments.names))
    var commands: [String] = []
    @OptionGroup(title: "Line") var line: LineOptions
    @OptionGroup(title: "Other") var common: CommonOptions

    func run() throws {
        var flags = Flags()
        line.fill(&flags)
        common.fill(&flags)
        let settings = try LoadedSettings.load(config: common.config, flags: flags)
        let readsInput = commands == ["-"] || (commands.isEmpty && !TerminalConsole.isInteractive)
        if commands.isEmpty, !readsInput { return terminal(settings) }
        if readsInput { return run(CommandInput(), settings) }
        do {
            run(try CommandArguments(commands, baud: settings.modems.first?.baud), settings)
        } catch let failure as any Failure {
            Output.error("modemail: \(failure.line)")
            throw ExitCode(failure.exitStatus.rawValue)
        }
    }

    private func run(_ source: any CommandSource, _ settings: Settings) {
        let isJSON = settings.json
        OneShot.run { group in
            await Surroundings(settings: settings, group: group).run { courier in
                await courier.at(source) { result in
                    if !isJSON { for line in result.answer { Output.result(line) } }
                    for line in result.complaints { Output.error("modemail: \(line)") }
                }
            } show: { report in
                if isJSON { Output.result(report.json.text) }
                return Self.show(report)
            }
        }
    }

    private func terminal(_ settings: Settings) {
        OneShot.run { group in
            await Surroundings(settings: settings, group: group).run { courier in
                await courier.terminal(usesColour: TerminalConsole.usesColour) {
                    Output.error("\r\u{1B}[K", terminator: "")
                    Output.result("command mode; Tab completes, Ctrl-D ends")
                    return TerminalConsole()
                }
            } show: { report in
                Self.show(report)
            }
        }
    }

    private static func show(_ report: ATReport) -> ExitStatus {
        Output.complaints(report.failure?.line, closing: report.teardown)
        return report.exitStatus
    }
}

/// The line of a modem that stands by itself.
struct LineOptions: ParsableArguments {
    @ArgumentParser.Option(help: ArgumentHelp("The modem's AT port.", valueName: "path"))
    var device: String?
    @ArgumentParser.Option(help: ArgumentHelp("Bits per second of the line (115200).", valueName: "n"))
    var baud: String?
    @ArgumentParser.Option(help: ArgumentHelp("Flow control of the line: none or rts-cts.", valueName: "kind"))
    var flow: String?

    func fill(_ flags: inout Flags) {
        flags.set(.device, device)
        flags.set(.baud, baud)
        flags.set(.flow, flow)
    }
}
