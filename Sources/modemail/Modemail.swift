import ArgumentParser

struct Modemail: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "modemail", abstract: "Sends mail through a cellular modem that it drives itself.",
        discussion: """
            Exit codes are those of sysexits(3): 0 sent, 64 usage, 65 bad message, 67 recipient refused, 69 modem or network \
            unavailable, 75 try again, 76 protocol error by the server (certificates too), 77 password or PIN refused, \
            78 configuration.
            """,
        version: "0.1.0",
        subcommands: [
            SendCommand.self, StatusCommand.self, ATCommandLine.self, TunnelCommand.self, ConfigCommand.self,
        ])
}
