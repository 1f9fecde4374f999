public import AT
public import ByteStreams
public import NIOCore
public import Scopes

/// What bring-up, status and dialects need of a modem's AT port: exchanges in order, and the lines between them.
///
/// `ATPort` is the real one; tests answer from a transcript.
public protocol CommandPort: Sendable {
    /// Runs the exchange and waits for its answer, whatever final result code that has. Exchanges run one at a time in the
    /// order of the calls. A cancelled caller is released at once with `.cancelled`; its exchange keeps the line until its
    /// final result code.
    func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer

    /// Unsolicited result codes from now on, oldest first, whole lines with their payload. Each call makes a stream of its
    /// own; it holds the newest 256 lines that were not read (none is dropped that carries payload: the port then stops
    /// reading the line instead), and ends when the port is gone.
    func unsolicited() async -> AsyncStream<ATLine>

    /// Adds a dialect's eye for counted octets within lines, and its unsolicited prefixes.
    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async

    /// Runs an exchange that ends with `CONNECT` (completion `.dataMode`) and answers with the line in data mode: its first
    /// octet is the one behind the line end of `CONNECT`. Any other final result code is thrown as `.refused`.
    func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine
}

/// A port on a channel: handlers can be put behind it, which have the line while it is in data mode.
public protocol DialPort: CommandPort {
    /// Runs an exchange that ends with `CONNECT`, after which the octets of the line go to the handlers that `makeHandlers`
    /// makes, behind the port's own in the pipeline, and their writes to the line: PPP, a multiplexer. Each is told by a
    /// `DataModeEvent` that data mode began, before its first octet, and that it has ended. The result serves to leave data
    /// mode; its `read` and `write` throw. The handlers are removed when it was left, or was not reached.
    func dial(
        _ exchange: Exchange, makeHandlers: @Sendable () -> [any ChannelHandler]
    ) async throws(ATError) -> any DataModeLine
}

/// What the port tells the handlers behind it, as a user inbound event.
public enum DataModeEvent: Sendable, Equatable {
    /// `CONNECT` came: the octets behind it are theirs, and they may write.
    case began
    /// Data mode was left, or the port has ended (with its error). No write is taken any more.
    case left(ATError?)
}

/// The line in data mode, as a stream of octets. `close` is `leave` with the profile's default way.
public protocol DataModeLine: ByteStream {
    /// Back to command mode, proven by a probe: a guarded `+++` (silence, three characters, silence, `OK`), unless the modem
    /// left data mode by itself. Octets of the modem that arrive meanwhile can still be read.
    func leave() async -> TeardownStep

    /// For the reader of the octets, when it saw the in-band text (`NO CARRIER`, `CLOSED`) with which the modem left data mode
    /// by itself: octets of ours that were under way went to its command parser, so the line is tainted and then proven by
    /// a probe; where none is answered, by a guarded `+++` as `leave` does it.
    func markLeft() async -> TeardownStep
}

extension CommandPort {
    /// Queues the command and waits for its typed answer; throws `.refused` for any final result code but `OK`.
    public func send<Command: ATCommand>(_ command: Command) async throws(ATError) -> Command.Response {
        let answer = try await perform(Exchange(command))
        guard answer.result == .ok else { throw .refused(command: command.text.redacted, code: answer.result) }
        do {
            return try command.response(from: answer.lines.map(\.text))
        } catch {
            // The line that was not understood may hold what nobody may see.
            guard command.answerIsSecret, case .malformed(let text, _) = error else { throw error }
            throw .malformed(command: text, line: "<redacted>")
        }
    }
}
