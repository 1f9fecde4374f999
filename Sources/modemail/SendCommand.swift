import ArgumentParser
import Courier
import Scopes
import Settings

struct SendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send one message through the modem.",
        discussion: """
            Brings the modem and its bearer up, sends the message, and takes everything down again in order. Every option can \
            also stand in the settings file under the same name, or in the environment (MODEMAIL_APN).

            Example:
              modemail send --device /dev/ttyUSB2 --apn internet --server smtps://me%40example.com@mail.example.com \\
                --password-file ~/password --from me@example.com --to ops@example.com --subject alert --body 'pump 3 stopped'
            """)

    @OptionGroup(title: "Modem") var modem: ModemOptions
    @OptionGroup(title: "Server") var server: ServerOptions
    @OptionGroup(title: "TLS") var trust: TrustOptions
    @OptionGroup(title: "Message") var message: MessageOptions
    @OptionGroup(title: "Other") var common: CommonOptions
    @Flag(help: "Show each phase with its time, octets and round trips.")
    var timeline = false

    func run() throws {
        var flags = Flags()
        modem.fill(&flags)
        server.fill(&flags)
        trust.fill(&flags)
        message.fill(&flags)
        common.fill(&flags)
        flags.set(.timeline, isOn: timeline)
        let settings = try LoadedSettings.load(config: common.config, flags: flags)
        OneShot.run { group in
            await Surroundings(settings: settings, group: group).run { courier in
                await courier.send()
            } show: { report in
                Presentation(json: settings.json, timeline: settings.timeline).show(report)
            }
        }
    }
}
