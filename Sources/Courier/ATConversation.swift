public import AT
import Modem
public import Scopes

/// What one typed command came to.
public struct CommandResult: Sendable {
    /// As a transcript may show it.
    public let command: String
    /// The information responses, in order.
    public var lines: [String] = []
    /// The modem's final result code; nil when none came.
    public var code: FinalResultCode?
    /// Why there is none, or what is wrong with the line behind it.
    public var failure: (any Failure)?
    /// What else has to be said of it: data that was asked for, data mode that was left.
    public var note: String?
    public var duration = Duration.zero

    /// 0 for `OK`; 77 when a PIN or password was refused, 69 for any other refusal, 75 without an answer in time.
    public var exitStatus: ExitStatus {
        if case ATError.timedOut? = failure { return .tryAgain }
        if let failure { return failure.exitStatus }
        switch code {
        case .ok, .connect: return .ok
        case .cme(number: 16, _): return .credentialsRefused
        case .error, .cme, .cms, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor, nil: return .unavailable
        }
    }

    /// For a person and a script: the information responses, then the final result code; control characters are visible.
    public var answer: [String] {
        lines.map { $0.printable(limit: 4_096) } + (code.map { [$0.description] } ?? [])
    }

    /// What has to be said beside it, a line each.
    public var complaints: [String] {
        (note.map { ["\(command): \($0)"] } ?? []) + (failure.map { [$0.line] } ?? [])
    }

    public var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("command", .string(command)),
            .init("lines", .array(lines.map { .string($0.printable(limit: 4_096)) })),
            .init("result", code.map { .string($0.description) } ?? .null),
        ]
        if let failure { members.append(.init("error", JSONValue(failure))) }
        if let note { members.append(.init("note", .string(note))) }
        return .object(members + [.init("seconds", .seconds(duration))])
    }
}

/// Typed commands on one AT port, one at a time.
public struct ATConversation: Sendable {
    private let port: ATPort
    /// Bits per second of the line.
    public let baud: Int

    init(port: ATPort, baud: Int) {
        self.port = port
        self.baud = baud
    }

    /// Lines that belong to no command, from now on.
    public func unsolicited() async -> AsyncStream<ATLine> { await port.unsolicited() }

    /// Runs the command, and brings the line back to command mode when it left it.
    public func perform(_ command: TypedCommand) async -> CommandResult {
        let clock = ContinuousClock()
        let start = clock.now
        var result = CommandResult(command: command.text.redacted)
        do {
            try await perform(command, &result)
        } catch {
            result.failure = error
        }
        result.duration = clock.now - start
        return result
    }

    private func perform(_ command: TypedCommand, _ result: inout CommandResult) async throws(ATError) {
        let answer: Exchange.Answer
        do {
            answer = try await port.perform(command.exchange)
        } catch .outOfStep {
            // An earlier command left the line so; this one was not sent.
            _ = try await port.synchronise()
            answer = try await port.perform(command.exchange)
        }
        result.lines = answer.lines.map(\.text)
        if let line = answer.completingLine, result.lines.last != line.text { result.lines.append(line.text) }
        result.code = answer.result
        if answer.octetsWritten > 0 { result.note = "the modem asked for data; ESC was sent, and none" }
        guard case .connect = answer.result else { return }
        result.note = "the modem entered data mode, and was brought back to command mode"
        let step = await port.leaveDataMode()
        if !step.isClean { _ = try await port.synchronise() }
    }

    /// Proves that the line is in command mode, by all means that a start has: behind a command without an answer.
    func settle(after result: CommandResult?) async {
        if Task.isCancelled { return }
        switch result?.failure {
        case ATError.timedOut?, ATError.outOfStep?, ATError.babbling?: _ = try? await port.synchronise()
        default: break
        }
    }
}
