public import Scopes

/// Who watches a delivery: progress on a terminal, a log.
public struct Observer: Sendable {
    public var phaseBegan: @Sendable (Phase) -> Void
    /// A line for a person about what is waited for: `searching for a network, signal -93 dBm`.
    public var noted: @Sendable (String) -> Void
    /// Octets of the message that the link has taken, and all of them.
    public var progressed: @Sendable (Int, Int) -> Void
    /// A line for a person that stays: a connection of a tunnel that began or ended.
    public var reported: @Sendable (String) -> Void
    /// A redacted line of the serial line's transcript, without its line end.
    public var recorded: (@Sendable (String) -> Void)?

    public init(
        phaseBegan: @escaping @Sendable (Phase) -> Void = { _ in },
        noted: @escaping @Sendable (String) -> Void = { _ in },
        progressed: @escaping @Sendable (Int, Int) -> Void = { _, _ in },
        reported: @escaping @Sendable (String) -> Void = { _ in }, recorded: (@Sendable (String) -> Void)? = nil
    ) {
        self.phaseBegan = phaseBegan
        self.noted = noted
        self.progressed = progressed
        self.reported = reported
        self.recorded = recorded
    }
}
