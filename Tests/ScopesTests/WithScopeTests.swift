import Scopes
import Support
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct WithScopeTests {
    /// What happened, in order.
    final class Journal: Sendable {
        private let lines = Mutex<[String]>([])
        func note(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    struct Broken: Error {}

    @Test func nestedScopesCloseInReverseOrderOfOpening() async throws {
        let journal = Journal()
        let value = try await withScope(
            open: { journal.note("open outer") }, close: { _ in journal.note("close outer") },
            body: { _ in
                try await withScope(
                    open: { journal.note("open inner") }, close: { _ in journal.note("close inner") },
                    body: { _ in
                        journal.note("body")
                        return 7
                    })
            })
        #expect(value == 7)
        #expect(journal.all == ["open outer", "open inner", "body", "close inner", "close outer"])
    }

    @Test func anErrorOfTheBodyClosesAndIsThrownOn() async {
        let journal = Journal()
        await #expect(throws: Broken.self) {
            try await withScope(
                open: { 1 }, close: { _ in journal.note("close") }, body: { _ in throw Broken() })
        }
        #expect(journal.all == ["close"])
    }

    @Test func anErrorOfOpeningClosesNothing() async {
        let journal = Journal()
        await #expect(throws: Broken.self) {
            try await withScope(
                open: { throw Broken() }, close: { (_: Int) in journal.note("close") },
                body: { _ in journal.note("body") })
        }
        #expect(journal.all.isEmpty)
    }

    @Test func closeRunsUncancelledWhenTheCallerIsCancelled() async {
        let journal = Journal()
        let (started, start) = AsyncStream<Void>.makeStream()
        let task = Task {
            try await withScope(
                open: { 1 },
                close: { _ in
                    journal.note(Task.isCancelled ? "close cancelled" : "close shielded")
                },
                body: { _ in
                    start.yield()
                    let (never, _) = AsyncStream<Void>.makeStream()
                    for await _ in never {}
                    try Task.checkCancellation()
                })
        }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(journal.all == ["close shielded"])
    }
}
