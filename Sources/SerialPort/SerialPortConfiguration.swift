/// How a serial line is opened: raw, 8 data bits, no parity, 1 stop bit, always.
///
/// Carrier is not looked at (CLOCAL is on): many modems drop DCD when they leave data mode, and that must not end the
/// session. Opening a line raises DTR and RTS; Linux does that by itself and it cannot be kept from it.
public struct SerialPortConfiguration: Sendable, Equatable {
    public enum FlowControl: String, Sendable, Equatable, CaseIterable {
        case none
        /// Hardware handshake by RTS and CTS.
        case rtsCts = "rts-cts"
    }

    /// The device, or a symbolic link to it (`/dev/serial/by-id/…`).
    public var path: String
    /// Bits per second, 50 to 12,000,000; any rate, not only the classic ones. 115,200 by default. USB modems ignore it.
    public var baud: Int
    public var flowControl: FlowControl
    /// Whether closing drops DTR and RTS (HUPCL), which hangs up and resets some modems. Off by default, so that neither
    /// this close nor a later one toggles the lines. Off means that HUPCL stays off after the close even where it was
    /// found on: every other setting is restored as found.
    public var hangUpOnClose: Bool
    /// Asks the driver to hand over octets at once (ASYNC_LOW_LATENCY; 16 ms less per answer on some USB adapters). On by
    /// default; a driver that has no such thing is no error. Restored at close.
    public var lowLatency: Bool
    /// Where the UUCP lock file goes; nil (default) for the first of `/run/lock` and `/var/lock` that exists. A directory that
    /// cannot be written is a note of the port, no error: the other two locks hold.
    public var lockDirectory: String?

    public init(
        path: String, baud: Int = 115_200, flowControl: FlowControl = .none, hangUpOnClose: Bool = false,
        lowLatency: Bool = true, lockDirectory: String? = nil
    ) {
        self.path = path
        self.baud = baud
        self.flowControl = flowControl
        self.hangUpOnClose = hangUpOnClose
        self.lowLatency = lowLatency
        self.lockDirectory = lockDirectory
    }

    static let baudRange = 50...12_000_000
}
