import ArgumentParser
import Courier
import Scopes
import Settings

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Ask the modem for SIM, registration, signal and contexts.",
        discussion: """
            Opens the modem's AT port, asks, changes nothing, and closes it again.

            Example:
              modemail status --device /dev/ttyUSB2
            """)

    @ArgumentParser.Option(help: ArgumentHelp("The modem's AT port.", valueName: "path"))
    var device: String?
    @ArgumentParser.Option(help: ArgumentHelp("Bits per second of the line (115200).", valueName: "n"))
    var baud: String?
    @ArgumentParser.Option(help: ArgumentHelp("Flow control of the line: none or rts-cts.", valueName: "kind"))
    var flow: String?
    @OptionGroup(title: "Other") var common: CommonOptions

    func run() throws {
        var flags = Flags()
        flags.set(.device, device)
        flags.set(.baud, baud)
        flags.set(.flow, flow)
        common.fill(&flags)
        let settings = try LoadedSettings.load(config: common.config, flags: flags)
        OneShot.run { group in
            await Surroundings(settings: settings, group: group).run { courier in
                await courier.status()
            } show: { result in
                switch result {
                case .success(let report):
                    if settings.json {
                        Output.result(report.json.text)
                    } else {
                        for line in report.lines { Output.result(line) }
                    }
                    return .ok
                case .failure(let stopped):
                    Output.error("modemail: \(stopped.failure.line)")
                    return stopped.failure.exitStatus
                }
            }
        }
    }
}
