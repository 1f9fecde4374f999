import Glibc
import Synchronization

/// The ledger as others see it: kept in memory, written to a file, waited for.
final class LedgerRecord: Sendable {
    /// Entries kept in memory; the file has them all.
    static let limit = 100_000

    private struct Waiter: Sendable {
        let id: Int
        let condition: @Sendable ([LedgerEntry]) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var entries: [LedgerEntry] = []
        var balance = Balance()
        var hasEnded = false
        var waiters: [Waiter] = []
        var nextID = 0
        var cancelled: Set<Int> = []
        var enders: [CheckedContinuation<Balance, Never>] = []
    }

    private let state = Mutex(State())

    var entries: [LedgerEntry] { state.withLock { $0.entries } }
    var balance: Balance { state.withLock { $0.balance } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func add(_ entries: [LedgerEntry], balance: Balance) {
        let ready = state.withLock { state in
            state.entries += entries
            if state.entries.count > Self.limit { state.entries.removeFirst(state.entries.count - Self.limit) }
            state.balance = balance
            let all = state.entries
            let ready = state.waiters.filter { $0.condition(all) }
            state.waiters.removeAll { waiter in ready.contains { $0.id == waiter.id } }
            return ready
        }
        for waiter in ready { waiter.continuation.resume(returning: true) }
    }

    func finish() {
        let (waiters, enders, balance) = state.withLock { state in
            state.hasEnded = true
            defer { (state.waiters, state.enders) = ([], []) }
            return (state.waiters, state.enders, state.balance)
        }
        for waiter in waiters { waiter.continuation.resume(returning: false) }
        for ender in enders { ender.resume(returning: balance) }
    }

    func end() async -> Balance {
        await withCheckedContinuation { continuation in
            let balance = state.withLock { state -> Balance? in
                if state.hasEnded { return state.balance }
                state.enders.append(continuation)
                return nil
            }
            if let balance { continuation.resume(returning: balance) }
        }
    }

    /// Blocks the calling thread until the end, which the loop's thread reaches by itself.
    func waitForEnd() -> Balance {
        while !hasEnded { usleep(1_000) }
        return balance
    }

    func wait(until condition: @escaping @Sendable ([LedgerEntry]) -> Bool) async -> Bool {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Bool? in
                    if condition(state.entries) { return true }
                    if state.hasEnded || state.cancelled.remove(id) != nil { return false }
                    state.waiters.append(Waiter(id: id, condition: condition, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiters.remove(at: index)
            }
            waiter?.continuation.resume(returning: false)
        }
    }
}
