import ByteStreams
import NIOCore

/// What came in data mode and was not read yet, and who waits for it. Confined to the port's event loop.
final class DataBuffer {
    enum Look {
        case octets(ByteBuffer)
        case ended(StreamFailure)
        case empty
    }

    private var octets = ByteBuffer()
    private var ending: StreamFailure?
    private(set) var mayWrite = true
    private var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
    private var nextWaiter: UInt64 = 0
    /// Writes that the line did not take yet.
    private(set) var pendingWrites = 0
    private var whenWritten: [() -> Void] = []

    /// Whether the line has to be read no further. While data mode is being left it is read in any case: the answer to the
    /// escape stands behind the data, and what goes beyond the limit then is dropped.
    var isFull: Bool { mayWrite && octets.readableBytes >= Self.limit }

    func append(_ more: ByteBuffer) {
        guard mayWrite || octets.readableBytes < Self.limit else { return }
        octets.writeImmutableBuffer(more)
        wake()
    }

    func take(atMost limit: Int) -> Look {
        if let slice = octets.readSlice(length: min(max(1, limit), octets.readableBytes)), slice.readableBytes > 0 {
            if octets.readableBytes == 0 { octets.clear() } else { octets.discardReadBytes() }
            return .octets(slice)
        }
        return ending.map { .ended($0) } ?? .empty
    }

    func endWriting() {
        mayWrite = false
        wake()
    }

    /// The first ending counts.
    func end(_ failure: StreamFailure) {
        ending = ending ?? failure
        mayWrite = false
        wake()
    }

    /// Why no octet is taken any more.
    var writeFailure: StreamFailure? { mayWrite ? nil : ending ?? .closed }

    func writeBegan() { pendingWrites += 1 }

    func writeEnded(_ failure: StreamFailure?) {
        pendingWrites -= 1
        if let failure { end(failure) }
        wake()
        guard pendingWrites == 0 else { return }
        let all = whenWritten
        whenWritten = []
        for body in all { body() }
    }

    /// Once the line has taken every write, or refused it.
    func whenWritten(_ body: @escaping () -> Void) {
        guard pendingWrites > 0 else { return body() }
        whenWritten.append(body)
    }

    /// A name for a wait, to end it by.
    func makeWaiter() -> UInt64 {
        nextWaiter += 1
        return nextWaiter
    }

    /// Waits for a change; whoever waits looks again.
    func wait(_ id: UInt64, _ continuation: CheckedContinuation<Void, Never>) {
        waiters[id] = continuation
    }

    func endWait(_ id: UInt64) {
        waiters.removeValue(forKey: id)?.resume()
    }

    private func wake() {
        let all = waiters
        waiters = [:]
        for waiter in all.values { waiter.resume() }
    }

    private static let limit = 65_536
}
