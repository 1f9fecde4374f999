public import Scopes

/// What an observer learns while a dialogue runs. No event holds a secret or an octet of a message.
public enum SMTPEvent: Sendable, Equatable {
    /// `.greeting`, `.ehlo`, `.startTLS`, `.auth` and `.message`, each followed by its end, failure or not.
    case phaseStarted(Phase)
    case phaseEnded(Phase)
    /// A command in its redacted form, or a message as a count of octets.
    case sent(String)
    /// A reply in one printable line.
    case received(String)
    /// Notices were asked for, and the server does not offer DSN: the message goes without, and the server's habit counts.
    case notificationsNotOffered
    /// The server could not bear a group of commands, although it offers PIPELINING: to be remembered for the next session.
    case pipeliningFailed
    /// Octets of the message that the link has taken, and all of them.
    case progress(octets: Int, of: Int)
}
