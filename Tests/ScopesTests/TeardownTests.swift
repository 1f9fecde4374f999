import Scopes
import Support
import Testing

@Suite(.timeLimit(.minutes(5))) struct TeardownTests {
    struct Unlucky: Failure {
        var failureClass: FailureClass { .modem }
        var summary: String { "the modem did not answer" }
    }

    /// Ends when the task that waits is cancelled.
    private static func untilCancelled() async {
        let (never, _) = AsyncStream<Void>.makeStream()
        for await _ in never {}
    }

    @Test func stepsAreRecordedInOrderWithHowTheyEnded() async {
        let teardown = Teardown()
        await teardown.step("socket", limit: .seconds(5)) { .done }
        await teardown.step("bearer", limit: .seconds(5)) { throw Unlucky() }
        await teardown.step("line", limit: .seconds(5)) { .notNeeded }
        #expect(teardown.steps.map(\.name) == ["socket", "bearer", "line"])
        #expect(teardown.steps.map(\.outcome) == [.done, .failed("the modem did not answer"), .notNeeded])
        #expect(teardown.steps.map(\.isClean) == [true, false, true])
    }

    @Test func aStepOverItsLimitIsCutAndTheNextRuns() async {
        let teardown = Teardown()
        await teardown.step("deaf", limit: .milliseconds(10)) {
            await Self.untilCancelled()
            throw CancellationError()
        }
        await teardown.step("next", limit: .seconds(5)) { .done }
        #expect(teardown.steps.map(\.outcome) == [.cut, .done])
    }

    @Test func theWholeBudgetBoundsAStepButLeavesItTheFloor() {
        let teardown = Teardown(limit: .seconds(2), floor: .milliseconds(100))
        #expect(teardown.allowance(.seconds(40)) <= .seconds(2))
        let spent = Teardown(limit: .zero, floor: .milliseconds(100))
        #expect(spent.allowance(.seconds(40)) == .milliseconds(100))
    }

    @Test func aValueThatComesInSpiteOfTheDeadlineCounts() async throws {
        let value = try await withDeadline(.milliseconds(1), clock: ContinuousClock()) {
            await Self.untilCancelled()
            return 5
        }
        #expect(value == 5)
    }

    @Test func anOperationWithinItsLimitIsNotDisturbed() async throws {
        let value = try await withDeadline(.seconds(3600), clock: ContinuousClock()) { Task.isCancelled }
        #expect(value == false)
    }

    @Test func anErrorWithinTheLimitIsThrownOn() async {
        await #expect(throws: Unlucky.self) {
            try await withDeadline(.seconds(3600), clock: ContinuousClock()) { throw Unlucky() }
        }
    }
}
