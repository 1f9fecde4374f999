import NIOPosix
import Synchronization

extension NIOThreadPool {
    /// Runs a call that may block on a thread of the pool, also for a cancelled caller, and waits for it.
    func call<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            // A pool that was shut down still calls, on this thread: what must be released is released.
            submit { _ in continuation.resume(returning: body()) }
        }
    }

    /// As `call`, but a cancelled caller is released at once with nil, while the call goes on.
    func abandonableCall<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        let waiter = Waiter<Value>()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard waiter.wait(continuation) else { return }
                submit { _ in waiter.resume(body()) }
            }
        } onCancel: {
            waiter.resume(nil)
        }
    }
}

/// A continuation that is resumed by whoever comes first.
private final class Waiter<Value: Sendable>: Sendable {
    private enum State {
        case fresh
        case waiting(CheckedContinuation<Value?, Never>)
        case resumed
    }

    private let state = Mutex(State.fresh)

    /// False when it was resumed before: the call then goes ahead without anybody waiting.
    func wait(_ continuation: CheckedContinuation<Value?, Never>) -> Bool {
        let early = state.withLock { state in
            guard case .fresh = state else { return true }
            state = .waiting(continuation)
            return false
        }
        if early { continuation.resume(returning: nil) }
        return !early
    }

    func resume(_ value: Value?) {
        let continuation: CheckedContinuation<Value?, Never>? = state.withLock { state in
            defer { state = .resumed }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(returning: value)
    }
}
