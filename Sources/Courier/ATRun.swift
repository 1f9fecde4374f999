import AT
import Scopes
import Settings
import Synchronization

/// The modem's line for typed commands: opened, proven, used, proven again and closed.
struct ATRun {
    let settings: Settings
    let host: Host
    let observer: Observer

    /// Runs commands one after the other; the first that does not end with `OK` is the last.
    /// - Parameter shown: told of each result as it comes, on any thread.
    func commands(
        _ source: any CommandSource, shown: @Sendable (CommandResult) -> Void
    ) async -> ATReport {
        let collected = Collected()
        var report = ATReport()
        (report.failure, report.teardown) = await withConversation { conversation in
            let unsolicited = await conversation.unsolicited()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [observer] in
                    for await line in unsolicited {
                        let text = line.text.printable(limit: 4_096)
                        collected.add(unsolicited: text)
                        observer.reported("unsolicited: \(text)")
                    }
                }
                defer { group.cancelAll() }
                while let command = try await source.next(baud: conversation.baud) {
                    let result = await conversation.perform(command)
                    try Task.checkCancellation()
                    collected.add(result)
                    shown(result)
                    guard result.exitStatus == .ok else {
                        return await conversation.settle(after: result)
                    }
                }
            }
        }
        (report.results, report.unsolicited) = collected.all
        return report
    }

    private final class Collected: Sendable {
        private let state = Mutex((results: [CommandResult](), unsolicited: [String]()))
        private static let lineLimit = 1_000

        var all: ([CommandResult], [String]) { state.withLock { ($0.results, $0.unsolicited) } }

        func add(_ result: CommandResult) { state.withLock { $0.results.append(result) } }

        func add(unsolicited line: String) {
            state.withLock { if $0.unsolicited.count < Self.lineLimit { $0.unsolicited.append(line) } }
        }
    }

    /// What went wrong with the line, and the record of its closing.
    func withConversation(
        _ body: (ATConversation) async throws -> Void
    ) async -> (failure: (any Failure)?, teardown: [TeardownStep]) {
        let timeline = Timeline { observer.phaseBegan($0) }
        let teardown = Teardown(limit: settings.timeouts.teardown)
        let session = ModemSession(
            settings: settings, host: host, observer: observer, timeline: timeline, teardown: teardown)
        do {
            let baud = try settings.requiredModem.baud
            try await session.withLine { port in try await body(ATConversation(port: port, baud: baud)) }
            return (nil, teardown.steps)
        } catch {
            return (FailureOf.error(error, during: timeline.current), teardown.steps)
        }
    }
}
