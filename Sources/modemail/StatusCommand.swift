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

    @OptionGroup(title: "Line") var line: LineOptions
    @OptionGroup(title: "Other") var common: CommonOptions

    func run() throws {
        var flags = Flags()
        line.fill(&flags)
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
