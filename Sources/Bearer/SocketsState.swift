import AT
import ByteStreams
import Modem
import NIOCore
import Scopes

/// What stands behind the lock of `ModemSockets`: the machine, and who waits for which of its actions.
struct SocketsState: Sendable {
    typealias SocketID = SocketMachine.SocketID
    typealias Waiter<Value: Sendable> = CheckedContinuation<Value, Never>

    /// What is done outside the lock.
    enum Effect: Sendable {
        case wake(Waiter<Void>)
        case opened(Waiter<SocketFault?>, SocketFault?)
        case read(Waiter<Result<ByteBuffer?, StreamFailure>>, Result<ByteBuffer?, StreamFailure>)
        case wrote(Waiter<Result<Int, StreamFailure>>, Result<Int, StreamFailure>)
        case flushed(Waiter<StreamFailure?>, StreamFailure?)
        case closed(Waiter<TeardownStep.Outcome>, TeardownStep.Outcome)
        case arm(NIODeadline)
    }

    var machine: SocketMachine
    var opens: [SocketID: Waiter<SocketFault?>] = [:]
    var reads: [SocketID: Waiter<Result<ByteBuffer?, StreamFailure>>] = [:]
    var writes: [SocketID: Waiter<Result<Int, StreamFailure>>] = [:]
    var flushes: [SocketID: Waiter<StreamFailure?>] = [:]
    var closes: [SocketID: [UInt64: Waiter<TeardownStep.Outcome>]] = [:]
    /// The exchange that is to run.
    var pending: Exchange?
    /// Waits for `pending`.
    var performer: Waiter<Void>?
    /// Waits until the machine is no longer saturated.
    var lineGate: Waiter<Void>?
    /// Times that somebody sleeps towards. The earliest is no later than the machine's deadline.
    var armed: Set<NIODeadline> = []
    var isStopped = false
    private var nextKey: UInt64 = 0

    init(_ machine: SocketMachine) {
        self.machine = machine
    }

    mutating func makeCloseKey() -> UInt64 {
        nextKey += 1
        return nextKey
    }

    mutating func handle(_ event: SocketMachine.Event, now: NIODeadline) -> [Effect] {
        var effects: [Effect] = []
        for action in machine.handle(event, now: now) { effects += self.effects(of: action) }
        if let gate = lineGate, !machine.isSaturated {
            lineGate = nil
            effects.append(.wake(gate))
        }
        if let deadline = machine.deadline, !armed.contains(where: { $0 <= deadline }) {
            armed.insert(deadline)
            effects.append(.arm(deadline))
        }
        return effects
    }

    private mutating func effects(of action: SocketMachine.Action) -> [Effect] {
        switch action {
        case .perform(let exchange):
            pending = exchange
            return performer.take().map { [.wake($0)] } ?? []
        case .opened(let id): return opens.removeValue(forKey: id).map { [.opened($0, nil)] } ?? []
        case .openFailed(let id, let fault): return opens.removeValue(forKey: id).map { [.opened($0, fault)] } ?? []
        case .readFinished(let id, let result): return reads.removeValue(forKey: id).map { [.read($0, result)] } ?? []
        case .writeFinished(let id, let result):
            return writes.removeValue(forKey: id).map { [.wrote($0, result)] } ?? []
        case .flushFinished(let id, let failure):
            return flushes.removeValue(forKey: id).map { [.flushed($0, failure)] } ?? []
        case .closed(let id, let outcome):
            return (closes.removeValue(forKey: id) ?? [:]).values.map { .closed($0, outcome) }
        case .bearerLost: return []
        }
    }
}
