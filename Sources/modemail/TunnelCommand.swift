import ArgumentParser
import Courier
import Scopes
import Settings

struct TunnelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel", abstract: "Carry TCP connections of this machine's clients through the modem.",
        discussion: """
            Brings modem and bearer up, prints "listening ADDRESS:PORT" on stdout, and connects each client that comes to the \
            one far address, until SIGINT or SIGTERM; then everything is taken down in order. Octets pass both ways unchanged; \
            with --tls the far side is TLS, verified as for send, and the client speaks plain text.

            As many connections at once as the modem has sockets (one in a transparent mode); the next client waits. One \
            line on stderr for each connection that began or ended. A bearer that is lost ends the tunnel with 75.

            Example:
              modemail tunnel --device /dev/ttyUSB2 --apn internet --listen 127.0.0.1:2525 --connect mail.example.com:465 --tls
            """)

    @ArgumentParser.Option(
        help: ArgumentHelp("Address and port for clients; port 0 is any free one.", valueName: "address:port"))
    var listen: String
    @ArgumentParser.Option(help: ArgumentHelp("Where each client is connected to.", valueName: "host:port"))
    var connect: String
    @Flag(help: "The far side speaks TLS.")
    var tls = false
    @Flag(help: "End behind the first connection, with its status.")
    var once = false
    @Flag(help: "Listen at an address that other machines reach: whoever connects spends the data plan.")
    var allowRemote = false
    @OptionGroup(title: "TLS") var trust: TrustOptions
    @OptionGroup(title: "Modem") var modem: ModemOptions
    @OptionGroup(title: "Other") var common: CommonOptions

    func run() throws {
        let plan = try LoadedSettings.orExit { () throws(SettingsError) in
            try TunnelPlan(listen: listen, connect: connect, usesTLS: tls, isOnce: once, mayBeReached: allowRemote)
        }
        var flags = Flags()
        modem.fill(&flags)
        trust.fill(&flags)
        common.fill(&flags)
        let settings = try LoadedSettings.load(config: common.config, flags: flags)
        OneShot.run { group in
            await Surroundings(settings: settings, group: group).run { courier in
                await courier.tunnel(plan) { Output.result("listening \($0)") }
            } show: { report in
                if settings.json { Output.result(report.json.text) }
                Output.complaints(report.failure?.line, closing: report.teardown)
                return report.exitStatus
            }
        }
    }
}
