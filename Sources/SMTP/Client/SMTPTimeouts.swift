/// How long each step may go without progress (RFC 5321 §4.5.3.2). The defaults are the standard's minima.
public struct SMTPTimeouts: Sendable, Equatable {
    public var greeting = Duration.seconds(300)
    /// EHLO, STARTTLS, AUTH and RSET, for which the standard has no figure.
    public var command = Duration.seconds(300)
    public var mail = Duration.seconds(300)
    public var recipient = Duration.seconds(300)
    public var data = Duration.seconds(120)
    /// Each piece of a message: from one octet taken by the link to the next.
    public var dataBlock = Duration.seconds(180)
    /// From the last octet of a message to its reply. The server may work on it; too short means mail sent twice.
    public var dataTermination = Duration.seconds(600)
    /// For the reply to QUIT, which says nothing any more.
    public var quit = Duration.seconds(1)

    public init() {}

    func limit(of step: SMTPStep) -> Duration {
        switch step {
        case .greeting: greeting
        case .ehlo, .startTLS, .auth, .reset: command
        case .sender: mail
        case .recipient: recipient
        case .data: data
        case .message: dataTermination
        case .quit: quit
        }
    }
}
