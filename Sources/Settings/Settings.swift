public import Credentials

// Settings: what the file, the environment and the command line say, as typed and checked values.
//
// Precedence: command line, environment (`MODEMAIL_…`), file, default. The file is YAML, read with libyaml, so that every
// complaint names line and column. Nothing here opens a device, reads a message or talks to a network; secrets are read when
// asked for (`SecretSource.read`).

/// Every setting of one run.
public struct Settings: Sendable {
    /// In order of preference; empty when nothing names a device. One modem with the values of `device`, `apn` and so on, or
    /// the file's `modems:`, whose entries take from these what they do not say; command line and environment overrule both.
    public var modems: [ModemSettings] = []
    public var via = Via.auto
    public var dialect = DialectChoice(name: nil, mode: nil)
    public var roaming = Roaming.deny
    public var pinGuard = PINGuardChoice.required
    /// How long a failed attempt is repeated; zero by default: never.
    /// `0` says never, too.
    public var wait = Duration.zero
    public var timeouts = Timeouts()
    /// Time limits of AT commands in place of ours; the key is how the command begins: `AT+QIACT`.
    public var commandTimeouts: [String: Duration] = [:]

    public var server: ServerURL?
    public var password: SecretSource?
    /// An OAuth access token, in place of a password. What renews it writes its file anew.
    public var token: SecretSource?
    public var caFile: String?
    public var auth = AuthChoice.fewestRoundTrips
    public var ehlo: String?
    /// Keys of which the server must have one; with a `caFile` both count, without one they stand in place of the system's
    /// trust. Empty: none.
    public var pins: [PublicKeyPin] = []
    /// The certificate that proves this client, with its intermediates (PEM); there is a `clientKey` when there is one.
    public var clientCertificate: String?
    /// Its private key (PEM, not encrypted); it may be in the same file.
    public var clientKey: SecretSource?
    public var linkProfile = LinkProfileChoice.metered
    public var tlsKeyLog: String?

    public var message = MessageSettings()

    /// Where TLS sessions and the PIN guard are kept.
    public var stateDirectory = ""
    public var timeline = false
    public var json = false
    public var transcript: String?

    /// Each setting that is not at its default, and each default, in the order of `Option`: for `config show`.
    public var listing: [Listing] = []

    public init() {}
}

/// One line of `config show`; a secret's content never stands in it.
public struct Listing: Sendable, Equatable {
    public let key: String
    public let value: String
    public let origin: Origin
}

/// One modem and the account of its context.
public struct ModemSettings: Sendable, Equatable {
    public var device: DeviceChoice
    /// Bits per second; 115,200 by default.
    public var baud = 115_200
    public var flow = FlowControl.none
    /// nil: the context that the network or the SIM defined.
    public var apn: String?
    public var apnUser: String?
    public var apnPassword: SecretSource?
    public var simPIN: SecretSource?
    /// Further AT commands after identification.
    public var initCommands: [String] = []
}

/// How long each phase may take.
public struct Timeouts: Sendable, Equatable {
    /// SIM and registration; 3 minutes by default.
    public var registration = Duration.seconds(180)
    /// Name and connection; 75 s by default.
    public var connect = Duration.seconds(75)
    /// The TLS handshake; 90 s by default.
    public var tls = Duration.seconds(90)
    /// The server's greeting; 5 minutes by default. This and the next four are those of RFC 5321 §4.5.3.2, each without progress.
    public var greeting = Duration.seconds(300)
    /// The reply to each command but DATA; 5 minutes by default.
    public var command = Duration.seconds(300)
    /// The reply to DATA; 2 minutes by default.
    public var data = Duration.seconds(120)
    /// Each piece of the message; 3 minutes by default.
    public var dataBlock = Duration.seconds(180)
    /// The reply to the message; 10 minutes by default. A shorter one means mail sent twice where the server works long.
    public var dataTermination = Duration.seconds(600)
    /// How long a tunnel's connection of which one end has ended may be silent, where that end cannot be passed on; 10 s by
    /// default.
    public var halfClose = Duration.seconds(10)
    /// All of one attempt without the teardown; 30 minutes by default.
    public var total = Duration.seconds(1800)
    /// The whole teardown; 15 s by default.
    public var teardown = Duration.seconds(15)
}

/// The message as the command line words it; `Mail` parses the addresses and header fields.
public struct MessageSettings: Sendable, Equatable {
    public var from: String?
    /// Each word may hold several addresses, separated by commas.
    public var to: [String] = []
    public var cc: [String] = []
    public var bcc: [String] = []
    public var subject: String?
    public var body: String?
    /// A path, or `-` for standard input.
    public var bodyFile: String?
    public var htmlFile: String?
    public var attachments: [String] = []
    public var headers: [String] = []
    /// When a notice of delivery is asked for; nil: nothing is asked, empty: never.
    public var notify: [NotifyOccasion]?
    /// What of the message a notice of failure is to bring back; nil: nothing is asked.
    public var notifyReturn: NotifyReturn?
    /// What notices are to call this mail; nil: nothing is asked.
    public var notifyID: String?
    /// A ready-made message: a path, or `-` for standard input.
    public var message: String?
}
