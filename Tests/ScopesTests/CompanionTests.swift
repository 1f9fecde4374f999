import Scopes
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5))) struct CompanionTests {
    /// What a companion does until it is told to stop.
    private final class Work: Sendable {
        let stream: AsyncStream<Int>
        let source: AsyncStream<Int>.Continuation
        let seen = Mutex<[Int]>([])
        let isOver = Mutex(false)

        init() {
            (stream, source) = AsyncStream.makeStream()
        }

        func run() async {
            for await number in stream { seen.withLock { $0.append(number) } }
            isOver.withLock { $0 = true }
        }
    }

    @Test func itEndsBeforeTheCallReturns() async {
        let work = Work()
        let result = await withCompanion(
            { await work.run() }, stop: { work.source.finish() },
            body: {
                work.source.yield(1)
                return "done"
            })
        #expect(result == "done")
        #expect(work.isOver.withLock { $0 })
        #expect(work.seen.withLock { $0 } == [1])
    }

    @Test func itWorksOnWhenTheCallerIsCancelledOrFails() async {
        struct Broken: Error {}
        let work = Work()
        let task = Task {
            try await withCompanion(
                { await work.run() }, stop: { work.source.finish() },
                body: {
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                    work.source.yield(1)
                    work.source.yield(2)
                    throw Broken()
                })
        }
        await #expect(throws: Broken.self) { try await task.value }
        #expect(work.seen.withLock { $0 } == [1, 2])
    }
}
