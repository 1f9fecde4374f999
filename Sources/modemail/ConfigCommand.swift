import ArgumentParser
import Scopes
import Settings

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check the settings, or show what counts.",
        subcommands: [Check.self, Show.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Read the settings and every secret file, and say what is wrong with them.",
            discussion:
                "Exits with 0 when all is well, else with 78 and one line. It opens no device and no connection.")

        @ArgumentParser.Option(help: ArgumentHelp("Settings file in place of the usual one.", valueName: "file"))
        var config: String?

        func run() throws {
            let settings = try LoadedSettings.load(config: config, flags: Flags())
            try LoadedSettings.orExit { () throws(SettingsError) in try settings.checkSecrets() }
            Output.result("the settings are valid")
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show every setting that counts, and where it came from; secrets are <redacted>.")

        @ArgumentParser.Option(help: ArgumentHelp("Settings file in place of the usual one.", valueName: "file"))
        var config: String?

        func run() throws {
            let settings = try LoadedSettings.load(config: config, flags: Flags())
            let width = settings.listing.map(\.key.count).max() ?? 0
            for line in settings.listing {
                let padding = String(repeating: " ", count: width - line.key.count)
                Output.result("\(line.key):\(padding) \(line.value)  # \(line.origin)")
            }
        }
    }
}
