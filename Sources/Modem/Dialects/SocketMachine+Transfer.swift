import AT
import ByteStreams
import NIOCore
import Scopes

extension SocketMachine {
    // MARK: What the owner asks

    mutating func read(_ id: SocketID, _ most: Int, _ now: NIODeadline) {
        precondition(most > 0, "a read asks for at least one octet")
        guard let socket = sockets[id] else {
            actions.append(.readFinished(id, .failure(.closed)))
            return
        }
        precondition(socket.receiving.wanted == nil, "one reader at a time")
        guard !socket.isCloseAsked else {
            actions.append(.readFinished(id, .failure(.closed)))
            return
        }
        update(id) { [tuning, dialect] socket in
            socket.receiving.wanted = most
            if dialect.carriage == .pull { socket.receiving.pollAt = now + tuning.receivePoll }
        }
        settleReader(id)
    }

    mutating func write(_ id: SocketID, _ octets: ByteBuffer, _ now: NIODeadline) {
        precondition(octets.readableBytes > 0, "a write has at least one octet")
        guard let socket = sockets[id] else {
            actions.append(.writeFinished(id, .failure(.closed)))
            return
        }
        precondition(socket.sending.waiting == nil, "one writer at a time")
        update(id) { $0.sending.waiting = octets }
        settleWriter(id)
    }

    mutating func flush(_ id: SocketID, _ now: NIODeadline) {
        guard let socket = sockets[id] else {
            actions.append(.flushFinished(id, .closed))
            return
        }
        precondition(socket.flushing == nil, "one flush at a time")
        if let failure = outwardFailure(of: socket) {
            actions.append(.flushFinished(id, failure))
            return
        }
        update(id) { [tuning] socket in socket.flushing = Flushing(pollAt: now, pause: tuning.flushPoll, since: now) }
        settleFlush(id)
    }

    /// Ends the stream both ways; what was taken from the writer goes out first, within a limit.
    mutating func close(_ id: SocketID, _ now: NIODeadline) {
        guard let socket = sockets[id] else {
            actions.append(.closed(id, .notNeeded))
            return
        }
        guard !socket.isCloseAsked else { return }
        update(id) { socket in
            socket.isCloseAsked = true
            socket.receiving.octets.clear()
        }
        switch socket.phase {
        case .opening(let step):
            actions.append(.openFailed(id, SocketFault(.closedHere)))
            // The answer of a step under way comes first; it may bring the slot.
            guard running?.socket != id else { return }
            if step == 0 { forgetUnopened(id) } else { update(id) { $0.phase = .closing(step: 0) } }
        case .connecting:
            actions.append(.openFailed(id, SocketFault(.closedHere)))
            update(id) { $0.phase = .closing(step: 0) }
        case .failing: actions.append(.openFailed(id, SocketFault(.closedHere)))
        case .established:
            finishRead(id, .failure(.closed))
            finishWrite(id, .failure(.closed))
            finishFlush(id, .closed)
            let isDone = socket.sending.octets.readableBytes == 0 || socket.sending.failure != nil
            let limit = now + tuning.lingerLimit
            update(id) { $0.phase = isDone ? .closing(step: 0) : .lingering(until: limit) }
        case .dead:
            finishRead(id, .failure(.closed))
            forgetUnopened(id)
        case .lingering, .closing: return
        }
    }

    private mutating func forgetUnopened(_ id: SocketID) {
        remove(id)
        actions.append(.closed(id, .notNeeded))
    }

    // MARK: What answers mean

    /// A send as it was made.
    struct Offer {
        let octets: Int
        /// The modem let them be written: a refusal is not for their number.
        let isWritten: Bool
    }

    mutating func concludeSend(_ id: SocketID, _ offer: Offer, _ result: SocketResult, _ now: NIODeadline) {
        guard let socket = sockets[id] else { return }
        switch result {
        case .accepted(let count): accepted(id, min(max(count, 0), offer.octets), now)
        case .done: accepted(id, offer.octets, now)
        case .failed(let fault): refused(id, offer, fault)
        case .ended, .alreadyClosed: failSending(id, SocketFault(.reset))
        case .allocated, .opened, .opening, .received, .empty, .unacknowledged, .limit: accepted(id, 0, now)
        }
        if case .lingering = socket.phase, let after = sockets[id] {
            let isDone = after.sending.octets.readableBytes == 0 || after.sending.failure != nil
            if isDone { update(id) { $0.phase = .closing(step: 0) } }
        }
    }

    private mutating func accepted(_ id: SocketID, _ count: Int, _ now: NIODeadline) {
        let waits = dialect.limits.waitsForWritable
        update(id) { [tuning] socket in
            if count > 0 {
                socket.sending.octets.moveReaderIndex(forwardBy: count)
                socket.sending.octets.discardReadBytes()
                socket.counts.accepted += count
                socket.sending.pause = nil
                socket.sending.pausedUntil = nil
                socket.sending.stalledSince = nil
                socket.sending.keptToLimit()
                if waits { socket.sending.block(until: now + tuning.writableLimit) }
            } else {
                let pause = socket.sending.pause ?? tuning.retryPause
                socket.sending.pausedUntil = now + pause
                socket.sending.pause = min(pause * 2, tuning.retryCeiling)
                socket.sending.stalledSince = socket.sending.stalledSince ?? now
            }
        }
        if let since = sockets[id]?.sending.stalledSince, now - since >= tuning.stallLimit {
            let failure = StreamFailure.timedOut("the modem's buffer stayed full for \(tuning.stallLimit.inSeconds) s")
            endSending(id, failure)
            endReceiving(id, .failed(failure), isDrained: false)
        }
        settleWriter(id)
        settleFlush(id)
    }

    /// Where the dialect can say how many octets a send may have, that is asked before a refusal is taken for the end.
    private mutating func refused(_ id: SocketID, _ offer: Offer, _ fault: SocketFault) {
        guard let socket = sockets[id], let slot = socket.slot, socket.sending.refusal == nil, offer.octets > 1,
            !offer.isWritten,
            (try? dialect.exchange(for: .sendLimit(slot: slot))) != nil
        else { return failSending(id, fault) }
        update(id) { $0.sending.refusal = Sending.Refusal(octets: offer.octets, fault: fault) }
    }

    mutating func concludeSendLimit(_ id: SocketID, _ result: SocketResult, _ now: NIODeadline) {
        guard let refusal = sockets[id]?.sending.refusal else { return }
        guard case .limit(let limit) = result else { return failSending(id, refusal.fault) }
        guard limit > 0 else {
            update(id) { $0.sending.refusal = nil }
            return accepted(id, 0, now)
        }
        update(id) { socket in
            socket.sending.limit = min(limit, refusal.octets - 1)
            socket.sending.limitedSends = 0
            socket.sending.refusal?.isAsked = true
        }
    }

    /// The connection does not take octets any more; what it still holds for the reader is fetched, and then its end.
    private mutating func failSending(_ id: SocketID, _ fault: SocketFault) {
        let failure = StreamFailure.reset(fault.sentence("the modem refused to send"))
        endSending(id, failure)
        endReceiving(id, .failed(failure), isDrained: false)
    }

    mutating func endSending(_ id: SocketID, _ failure: StreamFailure) {
        update(id) { socket in
            socket.sending.failure = socket.sending.failure ?? failure
            socket.sending.octets.clear()
        }
        finishWrite(id, .failure(failure))
        finishFlush(id, failure)
    }

    mutating func concludeReceive(_ id: SocketID, _ asked: Int, _ result: SocketResult, _ now: NIODeadline) {
        guard let socket = sockets[id] else { return }
        let isNoticed = socket.receiving.isNoticed
        let settled = now + tuning.settleTime
        let confirmed = now + tuning.confirmPause
        switch result {
        case .received(let octets, let left):
            update(id) { socket in
                Self.append(octets, to: &socket)
                let isShort = left == nil && octets.readableBytes < asked && socket.receiving.ending == nil
                socket.receiving.mayHold = isNoticed || (left != 0 && !isShort)
                if !socket.receiving.mayHold, isShort { socket.receiving.confirmAt = confirmed }
                if left == 0, !isNoticed { socket.receiving.drain(settlingAt: settled) }
            }
        case .empty, .done, .accepted, .allocated, .opened, .opening, .unacknowledged, .limit:
            update(id) { socket in
                socket.receiving.mayHold = isNoticed
                if !isNoticed { socket.receiving.drain(settlingAt: settled) }
            }
        case .ended, .alreadyClosed: endReceiving(id, .peerClosed, isDrained: true)
        case .failed(let fault): receiveFailed(id, fault, settled)
        }
        update(id) { [tuning] socket in
            socket.receiving.isNoticed = false
            socket.receiving.pollAt = socket.receiving.wanted.map { _ in now + tuning.receivePoll }
        }
        settleReader(id)
    }

    /// Behind a known end a refused fetch says only that nothing is left; without one, the line that tells the end may follow.
    private mutating func receiveFailed(_ id: SocketID, _ fault: SocketFault, _ settled: NIODeadline) {
        guard let socket = sockets[id] else { return }
        if socket.receiving.ending == nil {
            let failure = StreamFailure.reset(fault.sentence("the modem refused to give what it received"))
            update(id) { $0.receiving.ending = .failed(failure) }
            endSending(id, failure)
        }
        update(id) { $0.receiving.drain(settlingAt: settled) }
    }

    private static func append(_ octets: ByteBuffer, to socket: inout Socket) {
        var octets = octets
        socket.counts.received += octets.readableBytes
        socket.receiving.octets.writeBuffer(&octets)
    }

    mutating func concludeUnacknowledged(_ id: SocketID, _ result: SocketResult, _ now: NIODeadline) {
        guard let socket = sockets[id], var flushing = socket.flushing else { return }
        guard case .unacknowledged(let open) = result else {
            // It cannot tell, or not any more.
            finishFlush(id, nil)
            return
        }
        update(id) {
            $0.counts.acknowledged = max($0.counts.acknowledged, $0.counts.accepted - min(open, $0.counts.accepted))
        }
        guard open > 0 else {
            settleFlush(id, isAcknowledged: true)
            return
        }
        if open < flushing.fewest {
            flushing.fewest = open
            flushing.since = now
        }
        if now - flushing.since >= tuning.stallLimit {
            finishFlush(id, .timedOut("the peer acknowledged nothing for \(tuning.stallLimit.inSeconds) s"))
            return
        }
        flushing.pollAt = now + flushing.pause
        flushing.pause = min(flushing.pause * 2, tuning.flushCeiling)
        update(id) { $0.flushing = flushing }
    }

    mutating func concludeClosing(_ id: SocketID, _ step: Int, _ result: SocketResult) {
        guard let socket = sockets[id] else { return }
        if case .failed(let fault) = result {
            update(id) { $0.closeFailure = $0.closeFailure ?? fault.sentence("the modem did not close the socket") }
        }
        if hasClosing(socket, step + 1) {
            update(id) { $0.phase = .closing(step: step + 1) }
            return
        }
        finishClose(id, result == .alreadyClosed ? .notNeeded : .done)
    }

    mutating func finishClose(_ id: SocketID, _ outcome: TeardownStep.Outcome) {
        let failure = sockets[id]?.closeFailure
        remove(id)
        actions.append(.closed(id, failure.map { .failed($0) } ?? outcome))
    }

    // MARK: What lines tell

    mutating func pushed(_ slot: Int, _ octets: ByteBuffer) {
        guard let id = id(ofSlot: slot), octets.readableBytes > 0 else { return }
        update(id) { socket in
            guard !socket.isCloseAsked else { return }
            Self.append(octets, to: &socket)
        }
        settleReader(id)
    }

    mutating func peerClosed(_ slot: Int, _ slotIsFree: Bool) {
        guard let id = id(ofSlot: slot), let socket = sockets[id] else { return }
        if slotIsFree { update(id) { $0.slotIsFree = true } }
        switch socket.phase {
        case .opening where socket.earlyVerdict == .connected:
            endReceiving(id, .peerClosed, isDrained: slotIsFree || dialect.carriage != .pull)
        case .opening:
            update(id) { $0.earlyVerdict = .failed(SocketFault(.connectFailed, words: "closed by the peer")) }
        case .connecting: fail(id, SocketFault(.connectFailed, words: "closed by the peer"))
        case .established: endReceiving(id, .peerClosed, isDrained: slotIsFree || dialect.carriage != .pull)
        case .lingering, .closing, .failing, .dead: return
        }
    }

    mutating func broken(_ slot: Int, _ fault: SocketFault) {
        guard let id = id(ofSlot: slot), let socket = sockets[id] else { return }
        switch socket.phase {
        case .opening, .connecting: notConnected(slot, fault)
        case .established:
            let failure = StreamFailure.reset(fault.sentence("the connection broke"))
            endSending(id, failure)
            endReceiving(id, .failed(failure), isDrained: dialect.carriage != .pull)
        case .lingering: update(id) { $0.phase = .closing(step: 0) }
        case .failing, .closing, .dead: return
        }
    }

    mutating func acknowledgedAll(_ slot: Int) {
        guard let id = id(ofSlot: slot) else { return }
        update(id) { $0.counts.acknowledged = $0.counts.accepted }
        settleFlush(id, isAcknowledged: true)
    }

    /// Sets what comes behind the last octet. An end by the peer stands above a failure that was only concluded.
    mutating func endReceiving(_ id: SocketID, _ ending: Receiving.Ending, isDrained: Bool) {
        update(id) { socket in
            if socket.receiving.ending == nil || ending == .peerClosed { socket.receiving.ending = ending }
            socket.receiving.isDrained = socket.receiving.isDrained || isDrained
            if !socket.receiving.isDrained { socket.receiving.notice() }
        }
        if dialect.carriage != .pull { update(id) { $0.receiving.isDrained = true } }
        settleReader(id)
    }
}

extension SocketFault {
    /// One line: what failed, and the modem's words where there are any.
    public func sentence(_ what: String) -> String {
        words.isEmpty ? what : "\(what): \(words.printable(limit: 120))"
    }
}

extension TimeAmount {
    var inSeconds: Int64 { nanoseconds / 1_000_000_000 }
}
