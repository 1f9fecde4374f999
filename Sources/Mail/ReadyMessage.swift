/// A message that somebody else has made (`--message`): it passes through unchanged but for what RFC 6409 §8 lets a
/// submission agent do.
public struct ReadyMessage: Sendable {
    let source: any OctetSource
    let from: Mailbox

    /// - Parameter from: stands in for a missing From field.
    public init(_ source: any OctetSource, from: Mailbox) {
        self.source = source
        self.from = from
    }

    /// Reads the message once, checks it and measures it.
    public func prepare(_ stamp: MessageStamp) async throws(MailError) -> PreparedMessage {
        throw .message(problem: "is not built yet")
    }
}
