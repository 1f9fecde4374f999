public import Scopes

/// What bring-up does right now, for a terminal, a log and the timeline.
public struct ModemProgress: Sendable, Equatable {
    public enum Event: Sendable, Equatable {
        case began
        /// A line for a person: `searching for a network, signal -93 dBm`.
        case noted(String)
        /// The phase ended with success.
        case ended
        /// The phase failed; its error is thrown.
        case failed
    }

    public let phase: Phase
    public let event: Event
    /// Counted from 1: how often this phase has asked the modem for what it waits for.
    public let attempt: Int
    /// AT commands of this phase so far.
    public let commands: Int
    /// Since the phase began.
    public let elapsed: Duration

    public init(phase: Phase, event: Event, attempt: Int = 1, commands: Int = 0, elapsed: Duration = .zero) {
        self.phase = phase
        self.event = event
        self.attempt = attempt
        self.commands = commands
        self.elapsed = elapsed
    }
}
