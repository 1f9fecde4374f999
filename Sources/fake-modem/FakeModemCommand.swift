import ArgumentParser

struct FakeModemCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fake-modem", abstract: "A cellular modem on a pty, with a carrier and an internet behind it.",
        subcommands: [RunCommand.self], defaultSubcommand: RunCommand.self)
}
