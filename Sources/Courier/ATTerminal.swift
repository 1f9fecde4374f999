import AT
import Scopes
import Synchronization
import Terminal

/// A person at the modem's AT line: the line editor between a console and a conversation.
///
/// Keys and unsolicited lines reach the editor as they come, each in its own task; commands run one at a time beside them.
final class ATTerminal: Sendable {
    private let console: any Console
    private let conversation: ATConversation
    private let history: HistoryFile
    private let editor: Mutex<LineEditor>
    /// Holds one submitted line at most: the editor waits for `.ready`.
    private let submitted = AsyncStream.makeStream(of: String.self)
    private let interrupts = Interrupts()
    /// Lines for the history, for a disk that may be slow.
    private let remembered = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(100))

    init(console: any Console, conversation: ATConversation, history: HistoryFile, lines: [String], usesColour: Bool) {
        self.console = console
        self.conversation = conversation
        self.history = history
        var configuration = LineEditor.Configuration()
        configuration.usesColour = usesColour
        configuration.completions = { CommandNames.completions(of: $0) }
        configuration.mayRemember = { !TypedCommand.mayHoldSecret($0) }
        editor = Mutex(LineEditor(configuration, history: lines))
    }

    /// Until the end of input, or cancellation.
    func run() async {
        console.write(editor.withLock { $0.opening })
        let unsolicited = await conversation.unsolicited()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await line in unsolicited { self.handle(.show(line.text, .unsolicited)) }
                if !Task.isCancelled { self.handle(.show("the modem is gone", .failure)) }
            }
            group.addTask {
                for await line in self.remembered.stream { await self.history.append(line) }
            }
            group.addTask {
                await self.readKeys()
                self.submitted.continuation.finish()
            }
            var last: CommandResult?
            for await line in submitted.stream {
                last = await perform(line)
                handle(.ready)
            }
            remembered.continuation.finish()
            await conversation.settle(after: last)
            group.cancelAll()
        }
    }

    private func readKeys() async {
        while let octets = await console.read() {
            if handle(.typed(octets)) { return }
        }
        interrupts.fire()
    }

    /// Whether the person wants to end.
    @discardableResult
    private func handle(_ event: LineEditor.Event) -> Bool {
        let columns = console.columns
        // Writes under the lock, so that they come in the order of the events.
        return editor.withLock { editor in
            editor.columns = columns
            var isEnd = false
            for action in editor.handle(event) {
                switch action {
                case .write(let text): console.write(text)
                case .submit(let line):
                    interrupts.arm()
                    submitted.continuation.yield(line)
                case .remember(let line): remembered.continuation.yield(line)
                case .interrupt: interrupts.fire()
                case .end: isEnd = true
                }
            }
            return isEnd
        }
    }

    /// nil for a line that was not sent.
    private func perform(_ line: String) async -> CommandResult? {
        let command: TypedCommand
        do {
            command = try TypedCommand(line, baud: conversation.baud)
        } catch {
            handle(.show(error.line, .failure))
            return nil
        }
        let result = await interruptible { await self.conversation.perform(command) }
        for line in result.lines { handle(.show(line, .plain)) }
        if let note = result.note { handle(.show(note, .failure)) }
        if case ATError.cancelled? = result.failure {
            let end =
                command.exchange.isAbortable ? "is told to stop" : "has no way to be stopped; its answer is waited for"
            handle(.show("interrupted: \(command.text.redacted) \(end)", .failure))
        } else if let failure = result.failure {
            handle(.show(failure.line, .failure))
        } else if let code = result.code {
            handle(.show(code.description, code == .ok ? .plain : .failure))
        }
        return result
    }

    /// Runs `body`, which an interrupt cancels.
    private func interruptible(_ body: @escaping @Sendable () async -> CommandResult) async -> CommandResult {
        await withTaskGroup(of: CommandResult?.self) { group in
            group.addTask { await body() }
            group.addTask {
                await self.interrupts.next()
                return nil
            }
            var result: CommandResult?
            while let finished = await group.next() {
                group.cancelAll()
                result = finished ?? result
            }
            return result ?? CommandResult(command: "")
        }
    }
}

/// Ctrl-C: ends whoever waits for it, or who waits next for the line that was submitted last. (An `AsyncStream` ends with its
/// first cancelled reader.)
private final class Interrupts: Sendable {
    private enum State {
        case idle
        /// Pressed before the command that was submitted had begun.
        case fired
        case waiting(CheckedContinuation<Void, Never>)
    }

    private let state = Mutex(State.idle)

    /// Forgets what was pressed before: a line is submitted.
    func arm() {
        state.withLock { state in
            if case .fired = state { state = .idle }
        }
    }

    func fire() {
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            guard case .waiting(let waiter) = state else {
                state = .fired
                return nil
            }
            state = .idle
            return waiter
        }
        waiter?.resume()
    }

    /// Returns with the next one, or when the caller is cancelled.
    func next() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if case .fired = state {
                        state = .idle
                        return true
                    }
                    guard !Task.isCancelled else { return true }
                    state = .waiting(continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            fire()
        }
    }
}
