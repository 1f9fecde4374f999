/// The control lines of a serial line, as far as it has any. `SerialPort.lines` is the real thing; tests put their own.
public protocol ModemLines: Sendable {
    /// Nil where the line has none, as a pty.
    func states() async throws(SerialPortError) -> ModemLineStates?

    /// Sets DTR and RTS, each where it is not nil; false where the line has none. A call to a USB device takes
    /// milliseconds, and up to 5 s when the device no longer answers.
    func set(dtr: Bool?, rts: Bool?) async throws(SerialPortError) -> Bool
}

/// What the control lines say at one moment; DTR and RTS are ours, the others the modem's (V.24 circuits 108, 105, 106,
/// 109, 107, 125).
public struct ModemLineStates: Sendable, Equatable {
    public var dtr: Bool
    public var rts: Bool
    public var cts: Bool
    public var dcd: Bool
    public var dsr: Bool
    public var ring: Bool

    public init(
        dtr: Bool = false, rts: Bool = false, cts: Bool = false, dcd: Bool = false, dsr: Bool = false,
        ring: Bool = false
    ) {
        self.dtr = dtr
        self.rts = rts
        self.cts = cts
        self.dcd = dcd
        self.dsr = dsr
        self.ring = ring
    }
}
