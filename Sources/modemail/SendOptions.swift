import ArgumentParser
import Settings

/// The modem and its line.
struct ModemOptions: ParsableArguments {
    @ArgumentParser.Option(help: ArgumentHelp("The modem's AT port, or auto.", valueName: "path"))
    var device: String?
    @ArgumentParser.Option(help: ArgumentHelp("Bits per second of the line (115200).", valueName: "n"))
    var baud: String?
    @ArgumentParser.Option(help: ArgumentHelp("Flow control of the line: none or rts-cts.", valueName: "kind"))
    var flow: String?
    @ArgumentParser.Option(help: ArgumentHelp("Access point name; without it the network's own.", valueName: "name"))
    var apn: String?
    @ArgumentParser.Option(
        name: .customLong("apn-user"), help: ArgumentHelp("User of the access point.", valueName: "name"))
    var apnUser: String?
    @ArgumentParser.Option(
        name: .customLong("apn-password-file"),
        help: ArgumentHelp("File with the access point's password.", valueName: "file"))
    var apnPasswordFile: String?
    @ArgumentParser.Option(
        name: .customLong("sim-pin-file"), help: ArgumentHelp("File with the SIM's PIN.", valueName: "file"))
    var simPINFile: String?
    @ArgumentParser.Option(
        name: .customLong("pin-guard"),
        help: ArgumentHelp(
            "required: a PIN is sent only when its use can be recorded; or off (required).", valueName: "rule"))
    var pinGuard: String?
    @ArgumentParser.Option(
        help: ArgumentHelp("Whether a visited network may be used: allow or deny (deny).", valueName: "rule"))
    var roaming: String?
    @ArgumentParser.Option(
        help: ArgumentHelp(
            "What carries TCP: auto (ppp where it can be, else socket), ppp, socket or interface:NAME (auto).",
            valueName: "bearer"))
    var via: String?
    @ArgumentParser.Option(
        help: ArgumentHelp(
            """
            The modem's socket commands: auto, quectel, quectel/push, quectel/transparent, simcom, simcom/send-ok, \
            simcom/push, simcom/transparent, wip, wip/transparent.
            """,
            valueName: "name"))
    var dialect: String?
    @ArgumentParser.Option(
        help: ArgumentHelp(
            "Try again for so long when modem, network or server is not ready: 90s, 5m.", valueName: "duration"))
    var wait: String?

    func fill(_ flags: inout Flags) {
        flags.set(.device, device)
        flags.set(.baud, baud)
        flags.set(.flow, flow)
        flags.set(.apn, apn)
        flags.set(.apnUser, apnUser)
        flags.set(.apnPasswordFile, apnPasswordFile)
        flags.set(.simPINFile, simPINFile)
        flags.set(.pinGuard, pinGuard)
        flags.set(.roaming, roaming)
        flags.set(.via, via)
        flags.set(.dialect, dialect)
        flags.set(.wait, wait)
    }
}

/// The submission server.
struct ServerOptions: ParsableArguments {
    @ArgumentParser.Option(
        help: ArgumentHelp(
            "smtps://[user@]host[:465] or smtp://[user@]host[:587]; the user percent-encoded.", valueName: "url"))
    var server: String?
    @ArgumentParser.Option(
        name: .customLong("password-file"),
        help: ArgumentHelp("File with the password, readable by its owner.", valueName: "file"))
    var passwordFile: String?
    @ArgumentParser.Option(
        name: .customLong("token-file"),
        help: ArgumentHelp("File with an OAuth access token, in place of a password.", valueName: "file"))
    var tokenFile: String?
    @ArgumentParser.Option(
        help: ArgumentHelp(
            """
            fewest-round-trips, strongest, none, or a mechanism: PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-256, SCRAM-SHA-256-PLUS, \
            XOAUTH2, OAUTHBEARER, EXTERNAL (fewest-round-trips).
            """, valueName: "choice"))
    var auth: String?
    @ArgumentParser.Option(
        help: ArgumentHelp("Name to greet with; otherwise this host's, or the bearer's address.", valueName: "name"))
    var ehlo: String?

    func fill(_ flags: inout Flags) {
        flags.set(.server, server)
        flags.set(.passwordFile, passwordFile)
        flags.set(.tokenFile, tokenFile)
        flags.set(.auth, auth)
        flags.set(.ehlo, ehlo)
    }
}

/// The message.
struct MessageOptions: ParsableArguments {
    @ArgumentParser.Option(help: ArgumentHelp("Sender: an address, or 'Name <address>'.", valueName: "address"))
    var from: String?
    @ArgumentParser.Option(help: ArgumentHelp("Recipient; may be given more than once.", valueName: "address"))
    var to: [String] = []
    @ArgumentParser.Option(help: ArgumentHelp("Recipient of a copy.", valueName: "address"))
    var cc: [String] = []
    @ArgumentParser.Option(help: ArgumentHelp("Recipient whom the message does not name.", valueName: "address"))
    var bcc: [String] = []
    @ArgumentParser.Option(help: ArgumentHelp("Subject, in any script.", valueName: "text"))
    var subject: String?
    @ArgumentParser.Option(help: ArgumentHelp("The text itself.", valueName: "text"))
    var body: String?
    @ArgumentParser.Option(
        name: .customLong("body-file"),
        help: ArgumentHelp("File with the text; - is standard input.", valueName: "file"))
    var bodyFile: String?
    @ArgumentParser.Option(
        name: .customLong("html-file"),
        help: ArgumentHelp("File with the text as HTML, beside the plain one.", valueName: "file"))
    var htmlFile: String?
    @ArgumentParser.Option(help: ArgumentHelp("File to attach; may be given more than once.", valueName: "file"))
    var attach: [String] = []
    @ArgumentParser.Option(help: ArgumentHelp("A further header field: 'Name: value'.", valueName: "field"))
    var header: [String] = []
    @ArgumentParser.Option(
        help: ArgumentHelp(
            "A ready-made message (RFC 5322) in place of the options above; - is standard input.", valueName: "file"))
    var message: String?

    @ArgumentParser.Option(
        help: ArgumentHelp(
            "When the server should send a notice of delivery: never, or failure, delay, success with commas between.",
            valueName: "occasions"))
    var notify: String?
    @ArgumentParser.Option(
        name: .customLong("notify-return"),
        help: ArgumentHelp("What a notice of failure brings back of the message: headers or full.", valueName: "part"))
    var notifyReturn: String?
    @ArgumentParser.Option(
        name: .customLong("notify-id"),
        help: ArgumentHelp("What notices call this mail, in ASCII.", valueName: "text"))
    var notifyID: String?

    func fill(_ flags: inout Flags) {
        flags.set(.notify, notify)
        flags.set(.notifyReturn, notifyReturn)
        flags.set(.notifyID, notifyID)
        flags.set(.from, from)
        flags.set(.to, to)
        flags.set(.cc, cc)
        flags.set(.bcc, bcc)
        flags.set(.subject, subject)
        flags.set(.body, body)
        flags.set(.bodyFile, bodyFile)
        flags.set(.htmlFile, htmlFile)
        flags.set(.attach, attach)
        flags.set(.header, header)
        flags.set(.message, message)
    }
}

/// Where settings come from, and what is remembered.
struct CommonOptions: ParsableArguments {
    @ArgumentParser.Option(
        help: ArgumentHelp(
            "Settings (YAML); otherwise ~/.config/modemail/modemail.yaml or /etc/modemail/modemail.yaml.",
            valueName: "file"))
    var config: String?
    @ArgumentParser.Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("Folder for TLS sessions and the record of PINs.", valueName: "folder"))
    var stateDir: String?
    @ArgumentParser.Flag(help: "Print the result as JSON.")
    var json = false
    @ArgumentParser.Option(
        help: ArgumentHelp("Write a record of the line, without secrets and contents.", valueName: "file"))
    var transcript: String?

    func fill(_ flags: inout Flags) {
        flags.set(.stateDir, stateDir)
        flags.set(.json, isOn: json)
        flags.set(.transcript, transcript)
    }
}
