import AT
import Modem
import Synchronization

/// A modem that answers from a table: each command has its answers in order, the last of which stays.
///
/// An answer is its lines, the final result code last: `["+CPIN: READY", "OK"]`. Three words stand for what is no answer:
/// `TIMEOUT`, `GONE` and `REBOOT`. A command that the table lacks is answered with `ERROR`.
final class ScriptedPort: CommandPort {
    private struct State {
        var answers: [String: [[String]]]
        var commands: [String] = []
        var shown: [String] = []
        var streams: [AsyncStream<ATLine>.Continuation] = []
    }

    private let state: Mutex<State>
    private let onCommand: (@Sendable (String) -> Void)?

    init(_ answers: [String: [[String]]], onCommand: (@Sendable (String) -> Void)? = nil) {
        state = Mutex(State(answers: answers))
        self.onCommand = onCommand
    }

    /// What was sent, in order.
    var commands: [String] { state.withLock { $0.commands } }
    /// The same as a log would show it.
    var shown: [String] { state.withLock { $0.shown } }

    func count(_ command: String) -> Int { commands.filter { $0 == command }.count }

    func answer(_ command: String, _ answers: [[String]]) {
        state.withLock { $0.answers[command] = answers }
    }

    func emit(_ line: String) {
        for stream in state.withLock({ $0.streams }) { stream.yield(ATLine(line)) }
    }

    func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        guard !Task.isCancelled else { throw .cancelled }
        let wire = exchange.text.wire
        let lines = state.withLock { state in
            state.commands.append(wire)
            state.shown.append(exchange.text.redacted)
            guard var answers = state.answers[wire], let first = answers.first else { return ["ERROR"] }
            if answers.count > 1 { answers.removeFirst() }
            state.answers[wire] = answers
            return first
        }
        onCommand?(wire)
        switch lines.last ?? "ERROR" {
        case "TIMEOUT": throw .timedOut(command: exchange.text.redacted)
        case "GONE": throw .portGone("unplugged")
        case "REBOOT": throw .rebooted("RDY")
        case let final:
            return Exchange.Answer(lines: lines.dropLast().map { ATLine($0) }, result: Self.code(final))
        }
    }

    func unsolicited() async -> AsyncStream<ATLine> {
        let (stream, continuation) = AsyncStream<ATLine>.makeStream()
        state.withLock { $0.streams.append(continuation) }
        return stream
    }

    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {}

    func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        throw .refused(command: exchange.text.redacted, code: .noCarrier)
    }

    private static func code(_ text: String) -> FinalResultCode {
        let marker = "+CME ERROR: "
        if text == "OK" { return .ok }
        guard text.hasPrefix(marker) else { return .error }
        let detail = String(text.dropFirst(marker.count))
        return Int(detail).map { .cme(number: $0, text: "") } ?? .cme(number: nil, text: detail)
    }
}
