public import NIOCore

/// What was found on the line at start-up and what it took to reach command mode.
public struct StartUpReport: Sendable, Equatable {
    /// What the line was in. Each of these was left.
    public enum Finding: Sendable, Equatable, CaseIterable {
        /// Somebody had typed part of a command.
        case halfTypedLine
        /// A text prompt (`>`) was open; it was cancelled with ESC.
        case openPrompt
        /// A counted payload was being waited for; octets were supplied.
        case countedPayload
        /// A transparent socket or a call in data mode; it was left with a guarded `+++` and hung up with `ATH`, which a socket
        /// may outlive.
        case dataMode
        /// Frames of PPP; the link was ended by LCP, or left with a guarded `+++` and hung up with `ATH`.
        case ppp
        /// A multiplexer was running (3GPP TS 27.010); it was closed down.
        case cmux
        /// Its result codes were suppressed (`ATQ1`).
        case suppressedResultCodes
        /// The modem announced its start meanwhile.
        case starting
    }

    public var findings: [Finding]
    /// Whether the modem echoes commands.
    public var echoes: Bool
    /// Whether its result codes are numeric (`ATV0`).
    public var isNumeric: Bool
    /// Command lines written, the answered one included: 1 for a modem that was ready.
    public var commands: Int
    public var duration: TimeAmount

    public init(
        findings: [Finding] = [], echoes: Bool = false, isNumeric: Bool = false, commands: Int = 1,
        duration: TimeAmount = .zero
    ) {
        self.findings = findings
        self.echoes = echoes
        self.isNumeric = isNumeric
        self.commands = commands
        self.duration = duration
    }
}
