public import NIOCore
public import Scopes
import Synchronization

/// One end of a connection in memory: what one end writes, the other reads. Bounded, so a writer that is ahead waits.
public final class MemoryStream: ByteStream {
    private let incoming: MemoryPipe
    private let outgoing: MemoryPipe

    private init(incoming: MemoryPipe, outgoing: MemoryPipe) {
        self.incoming = incoming
        self.outgoing = outgoing
    }

    /// Two ends, each direction holding at most `capacity` octets (65,536 by default; 1 makes every octet a write of its own).
    public static func pair(capacity: Int = 65_536) -> (MemoryStream, MemoryStream) {
        let one = MemoryPipe(capacity: capacity)
        let other = MemoryPipe(capacity: capacity)
        return (MemoryStream(incoming: one, outgoing: other), MemoryStream(incoming: other, outgoing: one))
    }

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await incoming.read(atMost: atMost)
    }

    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        let taken = try await outgoing.write(octets)
        octets.moveReaderIndex(forwardBy: taken)
    }

    public func flush() async throws(StreamFailure) {}

    public func endWriting() async throws(StreamFailure) -> Bool {
        outgoing.end(writerIs: .gone(.closed), readerIs: .drained)
        return true
    }

    public func close() async -> TeardownStep {
        incoming.end(writerIs: .gone(.reset("the other end closed")), readerIs: .gone(.closed))
        outgoing.end(writerIs: .gone(.closed), readerIs: .drained)
        return TeardownStep(name: "memory", outcome: .done, duration: .zero)
    }

    /// Breaks both directions at once, as a lost link does: each end's pending and later calls fail with `failure`.
    public func fail(_ failure: StreamFailure) {
        incoming.end(writerIs: .gone(failure), readerIs: .gone(failure))
        outgoing.end(writerIs: .gone(failure), readerIs: .gone(failure))
    }
}

/// One direction of a `MemoryStream`.
final class MemoryPipe: Sendable {
    /// How a side stands once the pipe has ended.
    enum Ending {
        /// The reader gets what is left, then the end.
        case drained
        case gone(StreamFailure)
    }

    private struct State {
        var octets = ByteBuffer()
        var writerEnding: Ending?
        var readerEnding: Ending?
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter: UInt64 = 0

        mutating func takeWaiters() -> [CheckedContinuation<Void, Never>] {
            defer { waiting.removeAll() }
            return Array(waiting.values)
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) {
        precondition(capacity > 0, "a pipe holds at least one octet")
        self.capacity = capacity
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        precondition(atMost > 0, "a read asks for at least one octet")
        while true {
            enum Look {
                case octets(ByteBuffer, [CheckedContinuation<Void, Never>])
                case end
                case failed(StreamFailure)
                case wait
            }
            let look: Look = state.withLock { state in
                if case .gone(let failure) = state.readerEnding { return .failed(failure) }
                if let slice = state.octets.readSlice(length: min(atMost, state.octets.readableBytes)),
                    slice.readableBytes > 0
                {
                    state.octets.discardReadBytes()
                    return .octets(slice, state.takeWaiters())
                }
                return state.readerEnding == nil ? .wait : .end
            }
            switch look {
            case .octets(let slice, let waiters):
                for waiter in waiters { waiter.resume() }
                return slice
            case .end: return nil
            case .failed(let failure): throw failure
            case .wait: try await change { $0.readerEnding == nil && $0.octets.readableBytes == 0 }
            }
        }
    }

    /// Takes at least one octet and answers how many.
    func write(_ octets: ByteBuffer) async throws(StreamFailure) -> Int {
        while true {
            enum Look {
                case taken(Int, [CheckedContinuation<Void, Never>])
                case failed(StreamFailure)
                case wait
            }
            let look: Look = state.withLock { state in
                switch state.writerEnding {
                case .gone(let failure): return .failed(failure)
                case .drained: return .failed(.closed)
                case nil: break
                }
                let room = capacity - state.octets.readableBytes
                guard room > 0 else { return .wait }
                var rest = octets
                guard var slice = rest.readSlice(length: min(room, rest.readableBytes)) else { return .wait }
                let taken = slice.readableBytes
                state.octets.writeBuffer(&slice)
                return .taken(taken, state.takeWaiters())
            }
            switch look {
            case .taken(let count, let waiters):
                for waiter in waiters { waiter.resume() }
                return count
            case .failed(let failure): throw failure
            case .wait:
                let capacity = capacity
                try await change { $0.writerEnding == nil && $0.octets.readableBytes >= capacity }
            }
        }
    }

    /// The first ending of each side counts.
    func end(writerIs: Ending, readerIs: Ending) {
        let waiters = state.withLock { state in
            state.writerEnding = state.writerEnding ?? writerIs
            if case .gone = readerIs, case .drained? = state.readerEnding {
                state.readerEnding = readerIs
            } else {
                state.readerEnding = state.readerEnding ?? readerIs
            }
            return state.takeWaiters()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits, while `holds`, until something changed; throws `.cancelled` when the caller is cancelled.
    private func change(while holds: @Sendable (borrowing State) -> Bool) async throws(StreamFailure) {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumeNow = state.withLock { state in
                    guard holds(state), !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
        if Task.isCancelled { throw .cancelled }
    }
}
