public import Credentials
public import NIOCore
public import Tunnel

/// What a fake modem is and how its world behaves. Everything has a default: a ready modem at home, on USB, on a fast link.
public struct FakeModemOptions: Sendable {
    /// Which real modem it imitates.
    public var profile = Profile.quectelEC25
    /// A symbolic link to the pty's slave, made at the start (an old link is replaced) and removed at the end.
    public var link: String?
    /// The carrier's whole internet.
    public var routes: [Route] = []

    /// The SIM when the modem starts.
    public var sim = SIMCondition.ready
    /// Whether and how the network takes the modem.
    public var registration = Registration.home
    /// The only APN that the network knows, compared without case; nil accepts every one. An empty APN in a context means the
    /// network's default and is accepted.
    public var apn: String?
    /// What the APN wants by PAP or CHAP; nil wants nothing.
    public var account: Account?
    /// Whether the network gives IPv4 contexts alone: dual-stack and IPv6 requests are refused with cause 50.
    public var isIPv4Only = false

    /// What the network demands and offers over PPP.
    public var ppp = PPPConditions()
    /// How the namespace of the network behind a PPP call is made.
    public var tunnel = TunnelOptions()

    /// Bits per second of the serial line, both ways, 10 bits an octet; nil is USB: no pacing, any termios speed is right.
    public var baud: Int?
    /// Round-trip time of the carrier.
    public var roundTrip = TimeAmount.zero
    /// Bits per second towards the modem; nil is unlimited.
    public var down: Int?
    /// Bits per second from the modem; nil is unlimited.
    public var up: Int?
    /// How long the modem thinks before it answers a command; 2 ms by default.
    public var latency = TimeAmount.milliseconds(2)
    /// From a reset to `RDY`; 1 s by default (real ones take 10).
    public var bootTime = TimeAmount.seconds(1)
    /// How long a connection to nowhere is tried; 75 s by default.
    public var connectTimeout = TimeAmount.seconds(75)
    /// Virtual seconds per real second, 1 by default: a search of 30 s is over in half a second at 60.
    public var timeScale = 1

    /// How output is cut into writes.
    public var fragmentation = Fragmentation.none
    /// In how many of 100 gaps between lines an unsolicited line appears.
    public var chatter = 0
    /// Of 100 sends, how many the modem takes badly: `SEND FAIL` (nothing taken), or a far TCP that takes only 1 or *n* − 1
    /// octets while the rest waits in the modem's send buffer.
    public var partialWrites = 0
    /// Octets that one socket holds on their way out, until the far TCP has acknowledged them; 23,360 (16 segments).
    public var sendBuffer = 23_360
    /// Octets that one socket holds for the host; 65,535.
    public var receiveBuffer = 65_535

    /// What goes wrong, and when.
    public var faults = FaultScript()
    /// Octets that an earlier host typed, one item after another, each when the modem takes commands or payload again. Its
    /// answers are lost. So a modem can be left in data mode, at a prompt or in half a line.
    public var prelude: [String] = []
    /// Where the ledger goes, one JSON object a line; nil keeps it in memory alone.
    public var ledgerFile: String?
    /// The same seed makes the same choices.
    public var seed: UInt64 = 1

    public init() {}
}

/// A name and password that an APN wants.
public struct Account: Sendable, Equatable {
    public let user: String
    public let password: Secret

    public init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }
}

/// How output is cut into writes.
public enum Fragmentation: String, Sendable, CaseIterable {
    /// One write for all that is ready.
    case none
    /// Pieces of 1 to 9 octets by seed, some with a pause behind them.
    case random
    /// One octet a write.
    case octets
}
