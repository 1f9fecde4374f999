import AT
import NIOCore
import Synchronization

/// The unsolicited lines that one reader has still to take, oldest first; bounded.
///
/// Of lines without payload it keeps the newest 256. Lines with payload are never dropped: `isFull` asks the port to stop
/// reading instead.
final class LineQueue: Sendable {
    private struct State {
        var lines: [ATLine] = []
        var payloadOctets = 0
        var hasEnded = false
        var waiter: CheckedContinuation<ATLine?, Never>?
    }

    private let state = Mutex(State())
    private let madeRoom: @Sendable () -> Void

    /// - Parameter madeRoom: is called when a full queue has room again, or is gone.
    init(madeRoom: @escaping @Sendable () -> Void) {
        self.madeRoom = madeRoom
    }

    deinit {
        madeRoom()
    }

    var isFull: Bool { state.withLock { Self.isFull($0) } }

    func append(_ line: ATLine) {
        let waiter: CheckedContinuation<ATLine?, Never>? = state.withLock { state in
            if let waiter = state.waiter {
                state.waiter = nil
                return waiter
            }
            state.lines.append(line)
            state.payloadOctets += line.payload?.readableBytes ?? 0
            let plain = state.lines.count { $0.payload == nil }
            if plain > Self.lineLimit, let oldest = state.lines.firstIndex(where: { $0.payload == nil }) {
                state.lines.remove(at: oldest)
            }
            return nil
        }
        waiter?.resume(returning: line)
    }

    func end() {
        let waiter = state.withLock { state in
            state.hasEnded = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    /// The next line; nil at the end, and for a cancelled caller.
    func next() async -> ATLine? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                take(continuation)
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: nil)
        }
    }

    private func take(_ continuation: CheckedContinuation<ATLine?, Never>) {
        enum Look {
            case line(ATLine, hasRoomAgain: Bool)
            case end
            case waits
        }
        let look: Look = state.withLock { state in
            guard state.lines.isEmpty else {
                let wasFull = Self.isFull(state)
                let line = state.lines.removeFirst()
                state.payloadOctets -= line.payload?.readableBytes ?? 0
                return .line(line, hasRoomAgain: wasFull && !Self.isFull(state))
            }
            // One reader alone waits: an AsyncStream has one iterator.
            guard !state.hasEnded, !Task.isCancelled, state.waiter == nil else { return .end }
            state.waiter = continuation
            return .waits
        }
        switch look {
        case .line(let line, let hasRoomAgain):
            if hasRoomAgain { madeRoom() }
            continuation.resume(returning: line)
        case .end: continuation.resume(returning: nil)
        case .waits: break
        }
    }

    private static func isFull(_ state: State) -> Bool {
        state.payloadOctets >= payloadLimit || state.lines.count >= 2 * lineLimit
    }

    static let lineLimit = 256
    static let payloadLimit = 65_536
}
