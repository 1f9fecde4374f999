import ByteStreams
import NIOCore

/// Readers, writers and flushes that wait, and what ends their waiting.
extension SocketMachine {
    mutating func settleReader(_ id: SocketID) {
        guard var socket = sockets[id], let most = socket.receiving.wanted else { return }
        let held = socket.receiving.octets.readableBytes
        if held > 0, let octets = socket.receiving.octets.readSlice(length: min(most, held)) {
            socket.receiving.octets.discardReadBytes()
            sockets[id] = socket
            finishRead(id, .success(octets))
            return
        }
        if case .dead(let failure) = socket.phase {
            finishRead(id, .failure(failure))
            return
        }
        guard socket.receiving.isDrained else { return }
        switch socket.receiving.ending {
        case .peerClosed: finishRead(id, .success(nil))
        case .failed(let failure): finishRead(id, .failure(failure))
        case nil: return
        }
    }

    mutating func finishRead(_ id: SocketID, _ result: Result<ByteBuffer?, StreamFailure>) {
        guard sockets[id]?.receiving.wanted != nil else { return }
        update(id) { socket in
            socket.receiving.wanted = nil
            socket.receiving.pollAt = nil
        }
        actions.append(.readFinished(id, result))
    }

    /// Takes what there is room for.
    mutating func settleWriter(_ id: SocketID) {
        guard var socket = sockets[id], var waiting = socket.sending.waiting else { return }
        if let failure = outwardFailure(of: socket) {
            finishWrite(id, .failure(failure))
            return
        }
        let room = 2 * dialect.limits.sendOctets - socket.sending.octets.readableBytes
        guard room > 0, var taken = waiting.readSlice(length: min(room, waiting.readableBytes)) else { return }
        let count = taken.readableBytes
        socket.sending.octets.writeBuffer(&taken)
        socket.counts.taken += count
        sockets[id] = socket
        finishWrite(id, .success(count))
    }

    mutating func finishWrite(_ id: SocketID, _ result: Result<Int, StreamFailure>) {
        guard sockets[id]?.sending.waiting != nil else { return }
        update(id) { $0.sending.waiting = nil }
        actions.append(.writeFinished(id, result))
    }

    /// A flush is done when all was accepted, and acknowledged where that can be asked.
    mutating func settleFlush(_ id: SocketID, isAcknowledged: Bool = false) {
        guard let socket = sockets[id], socket.flushing != nil else { return }
        if let failure = outwardFailure(of: socket) {
            finishFlush(id, failure)
            return
        }
        guard socket.sending.octets.readableBytes == 0, socket.sending.waiting == nil else { return }
        let isKnown = socket.counts.acknowledged >= socket.counts.accepted
        let isAskable = socket.slot.flatMap { try? dialect.exchange(for: .unacknowledged(slot: $0)) } != nil
        if isAcknowledged || isKnown || !isAskable { finishFlush(id, nil) }
    }

    mutating func finishFlush(_ id: SocketID, _ failure: StreamFailure?) {
        guard sockets[id]?.flushing != nil else { return }
        update(id) { $0.flushing = nil }
        actions.append(.flushFinished(id, failure))
    }

    func outwardFailure(of socket: Socket) -> StreamFailure? {
        switch socket.phase {
        case .dead(let failure): failure
        case .lingering, .closing: .closed
        case .opening, .connecting, .failing, .established: socket.sending.failure
        }
    }
}
