public import AT

/// What bring-up, status and dialects need of a modem's AT port: commands in order, and the lines between them.
///
/// `ATPort` is the real one; tests answer from a transcript.
public protocol CommandPort: Sendable {
    /// Queues the command and waits for its answer. Commands run one at a time in the order of the calls. A cancelled
    /// caller is released at once with `.cancelled`; its command keeps the line until its final result code.
    func send<Command: ATCommand>(_ command: Command) async throws(ATError) -> Command.Response

    /// Unsolicited result codes from now on, oldest first, whole lines. Each call makes a stream of its own; it holds the
    /// newest 256 lines that were not read, and ends when the port is gone.
    func unsolicited() async -> AsyncStream<String>
}
