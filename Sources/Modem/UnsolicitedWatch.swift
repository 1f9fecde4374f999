import AT
import Synchronization

/// Wakes whoever waits for the SIM or for a network, as soon as the modem tells of a change by itself.
final class UnsolicitedWatch: Sendable {
    private struct State {
        var isSignalled = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// How the lines begin that tell of SIM, registration, attach or start-up.
    private static let prefixes = [
        "+CREG:", "+CGREG:", "+CEREG:", "+CPIN:", "+CGEV:", "+QIND:", "+QUSIM:", "+CFUN:", "Call Ready", "SMS Ready",
        "PB DONE",
    ]

    private let state = Mutex(State())

    /// Runs until the lines end or its task is cancelled.
    func observe(_ lines: AsyncStream<ATLine>) async {
        for await line in lines where Self.prefixes.contains(where: line.text.hasPrefix) { signal() }
    }

    /// Returns after `limit`, or earlier when a line came since the last wait, or when the task is cancelled.
    func wait(atMost limit: Duration, clock: any Clock<Duration>) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await clock.sleep(for: limit) }
            group.addTask { await self.signalled() }
            await group.next()
            group.cancelAll()
        }
        state.withLock { $0.isSignalled = false }
    }

    private func signal() {
        let waiter = state.withLock { state in
            state.isSignalled = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    private func signalled() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard !state.isSignalled, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            signal()
        }
    }
}
