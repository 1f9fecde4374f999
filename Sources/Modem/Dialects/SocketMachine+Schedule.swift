import AT
import ByteStreams
import NIOCore
import Scopes

/// Whose turn it is on the line.
extension SocketMachine {
    /// What a socket may want of the line, in the order of one round.
    private enum Wish: Int, CaseIterable {
        /// Opening, closing, asking for the state: rare and short.
        case control
        case receive
        case send
        case unacknowledged
    }

    /// Starts the next exchange when none runs. Wishes are looked at from the one behind the last that was granted, so
    /// reading and sending alternate, and so do the sockets.
    mutating func startNext(_ now: NIODeadline) {
        endWithoutClosing(now)
        while running == nil, let turn = nextTurn(now) {
            do throws(ATError) {
                if let exchange = try dialect.exchange(for: turn.operation) {
                    start(turn, exchange, now)
                    return
                }
                skip(turn, nil, now)
            } catch {
                skip(turn, error, now)
            }
            endWithoutClosing(now)
        }
    }

    /// A slot that was never given, or that the modem has freed, needs no exchange to be closed.
    private mutating func endWithoutClosing(_ now: NIODeadline) {
        for id in order {
            guard let socket = sockets[id], socket.slot == nil || socket.slotIsFree else { continue }
            switch socket.phase {
            case .closing: finishClose(id, .notNeeded)
            case .failing(let fault, .close): report(id, fault)
            case .failing(_, .reclaim): update(id) { $0.phase = .opening(step: 0) }
            case .opening, .connecting, .failing(_, .explain), .established, .lingering, .dead: continue
            }
        }
    }

    private mutating func nextTurn(_ now: NIODeadline) -> Turn? {
        let kinds = Wish.allCases
        let total = order.count * kinds.count
        for offset in 0..<total {
            let place = (cursor + offset) % total
            let id = order[place / kinds.count]
            guard let socket = sockets[id], let operation = operation(of: socket, kinds[place % kinds.count], now)
            else {
                continue
            }
            cursor = (place + 1) % total
            return Turn(socket: id, operation: operation)
        }
        return nil
    }

    private mutating func start(_ turn: Turn, _ exchange: Exchange, _ now: NIODeadline) {
        running = turn
        update(turn.socket) { socket in
            switch turn.operation {
            case .send: socket.counts.sends += 1
            case .receive:
                socket.counts.fetches += 1
                socket.receiving.isNoticed = false
                socket.receiving.confirmAt = nil
            case .state: socket.stateAt = nil
            case .open, .openOnline, .resumeOnline, .sendLimit, .unacknowledged, .explain, .close: return
            }
        }
        actions.append(.perform(exchange))
    }

    /// The dialect has no such turn, or a value cannot go on the line.
    private mutating func skip(_ turn: Turn, _ error: ATError?, _ now: NIODeadline) {
        switch turn.operation {
        case .open:
            let words = error?.summary ?? "the dialect cannot open a socket"
            report(turn.socket, SocketFault(.parameter, words: words))
        case .explain: concludeFailing(turn.socket, nil)
        case .close(_, let step):
            if case .closing = sockets[turn.socket]?.phase {
                concludeClosing(turn.socket, step, .alreadyClosed)
            } else {
                concludeFailing(turn.socket, nil)
            }
        case .state: update(turn.socket) { $0.stateAt = nil }
        case .unacknowledged: finishFlush(turn.socket, nil)
        case .send: endSending(turn.socket, .corrupt(error?.summary ?? "the dialect cannot send"))
        case .sendLimit: concludeSendLimit(turn.socket, .done, now)
        case .receive, .openOnline, .resumeOnline: update(turn.socket) { $0.receiving.mayHold = false }
        }
    }

    // MARK: Wishes

    private func operation(of socket: Socket, _ wish: Wish, _ now: NIODeadline) -> SocketOperation? {
        switch wish {
        case .control: control(of: socket, now)
        case .receive: receive(of: socket)
        case .send: send(of: socket, now)
        case .unacknowledged: unacknowledged(of: socket, now)
        }
    }

    private func control(of socket: Socket, _ now: NIODeadline) -> SocketOperation? {
        switch socket.phase {
        case .opening(let step): return .open(slot: socket.slot, socket.endpoint, cid: cid, step: step)
        case .failing(_, .explain): return .explain
        case .failing(_, .close(let step)), .failing(_, .reclaim(let step)), .closing(let step):
            return socket.slot.map { .close(slot: $0, step: step) }
        case .connecting, .established:
            guard let at = socket.stateAt, at <= now, let slot = socket.slot else { return nil }
            return .state(slot: slot)
        case .lingering, .dead: return nil
        }
    }

    /// Fetches ahead of the reader while it has less than one fetch to read: an edge-triggered notice is armed anew only by
    /// emptying the modem.
    private func receive(of socket: Socket) -> SocketOperation? {
        guard socket.isEstablished, dialect.carriage == .pull, let slot = socket.slot else { return nil }
        guard socket.receiving.mayHold, !socket.receiving.isDrained else { return nil }
        guard socket.receiving.octets.readableBytes <= dialect.limits.receiveOctets else { return nil }
        return .receive(slot: slot, atMost: dialect.limits.receiveOctets)
    }

    private func send(of socket: Socket, _ now: NIODeadline) -> SocketOperation? {
        guard let slot = socket.slot, socket.sending.isDue(now) else { return nil }
        switch socket.phase {
        case .established, .lingering:
            if let refusal = socket.sending.refusal, !refusal.isAsked { return .sendLimit(slot: slot) }
            let limit = min(dialect.limits.sendOctets, socket.sending.limit ?? .max)
            let count = min(limit, socket.sending.octets.readableBytes)
            guard let chunk = socket.sending.octets.getSlice(at: socket.sending.octets.readerIndex, length: count)
            else {
                return nil
            }
            return .send(slot: slot, chunk)
        case .opening, .connecting, .failing, .closing, .dead: return nil
        }
    }

    private func unacknowledged(of socket: Socket, _ now: NIODeadline) -> SocketOperation? {
        guard socket.isEstablished, let flushing = socket.flushing, flushing.pollAt <= now, let slot = socket.slot
        else {
            return nil
        }
        guard socket.sending.octets.readableBytes == 0, socket.sending.waiting == nil else { return nil }
        return .unacknowledged(slot: slot)
    }

    // MARK: Answers

    mutating func conclude(_ turn: Turn, _ result: SocketResult, _ answer: Exchange.Answer, _ now: NIODeadline) {
        switch turn.operation {
        case .open(_, _, _, let step): concludeOpening(turn.socket, step, result, now)
        case .state: concludeState(turn.socket, result, now)
        case .send(_, let octets):
            let offer = Offer(octets: octets.readableBytes, isWritten: answer.octetsWritten > 0)
            concludeSend(turn.socket, offer, result, now)
        case .receive(_, let most): concludeReceive(turn.socket, most, result, now)
        case .sendLimit: concludeSendLimit(turn.socket, result, now)
        case .unacknowledged: concludeUnacknowledged(turn.socket, result, now)
        case .explain: concludeFailing(turn.socket, answer)
        case .close(_, let step):
            switch sockets[turn.socket]?.phase {
            case .closing: concludeClosing(turn.socket, step, result)
            case .failing: concludeFailing(turn.socket, answer)
            case .opening, .connecting, .established, .lingering, .dead, nil: return
            }
        case .openOnline, .resumeOnline: return
        }
    }

    /// The exchange did not end with an answer of the modem's: what it took or gave is not known.
    mutating func abandon(_ turn: Turn, _ error: ATError, _ now: NIODeadline) {
        let id = turn.socket
        switch turn.operation {
        case .open: fail(id, SocketFault(.modem, words: error.summary))
        case .openOnline, .resumeOnline: return
        case .state: update(id) { [tuning] socket in socket.stateAt = now + tuning.statePoll }
        case .send, .receive:
            endSending(id, .linkLost(error.summary))
            endReceiving(id, .failed(.linkLost(error.summary)), isDrained: true)
            if case .lingering = sockets[id]?.phase { update(id) { $0.phase = .closing(step: 0) } }
        case .sendLimit: concludeSendLimit(id, .done, now)
        case .unacknowledged: finishFlush(id, nil)
        case .explain: concludeFailing(id, nil)
        case .close(_, let step):
            if case .closing = sockets[id]?.phase {
                concludeClosing(id, step, .failed(SocketFault(.other, words: error.summary)))
            } else {
                concludeFailing(id, nil)
            }
        }
    }

    // MARK: Time

    /// Only what this machine cannot start by itself: while an exchange runs, what is due waits for its answer.
    func nextDeadline(of id: SocketID, _ socket: Socket) -> NIODeadline? {
        var times: [NIODeadline] = []
        switch socket.phase {
        case .connecting(let until): times.append(until)
        case .lingering(let until): if running?.socket != id { times.append(until) }
        case .opening, .failing, .established, .closing, .dead: break
        }
        if running == nil, let at = socket.stateAt { times.append(at) }
        if socket.sending.octets.readableBytes > 0, socket.sending.failure == nil, let at = socket.sending.pausedUntil {
            times.append(at)
        }
        if !socket.receiving.isDrained, let at = socket.receiving.settleAt { times.append(at) }
        if socket.isEstablished, !socket.receiving.mayHold, let at = socket.receiving.confirmAt { times.append(at) }
        if socket.isEstablished, !socket.receiving.mayHold, socket.receiving.ending == nil,
            let at = socket.receiving.pollAt
        {
            times.append(at)
        }
        if running == nil, socket.isEstablished, socket.sending.octets.readableBytes == 0,
            let flushing = socket.flushing
        {
            times.append(flushing.pollAt)
        }
        return times.min()
    }

    mutating func passDeadlines(_ now: NIODeadline) {
        for id in order {
            guard let socket = sockets[id] else { continue }
            switch socket.phase {
            case .connecting(let until) where until <= now:
                fail(id, SocketFault(.timedOut, words: "no connection within \(dialect.limits.openLimit.inSeconds) s"))
            case .lingering(let until) where until <= now:
                guard running?.socket != id else { continue }
                let left = socket.sending.octets.readableBytes
                update(id) { socket in
                    socket.closeFailure = "\(left) octets were not taken by the modem"
                    socket.phase = .closing(step: 0)
                }
            case .opening, .connecting, .failing, .established, .lingering, .closing, .dead: break
            }
            if let at = socket.sending.pausedUntil, at <= now {
                update(id) { socket in
                    socket.sending.pausedUntil = nil
                    socket.sending.isBlocked = false
                }
            }
            if let at = socket.receiving.settleAt, at <= now, !socket.receiving.isDrained {
                update(id) { $0.receiving.isDrained = true }
                settleReader(id)
            }
            if let at = socket.receiving.confirmAt, at <= now {
                update(id) { socket in
                    socket.receiving.mayHold = true
                    socket.receiving.confirmAt = nil
                }
            }
            if let at = socket.receiving.pollAt, at <= now {
                update(id) { [tuning] socket in
                    socket.receiving.mayHold = true
                    socket.receiving.pollAt = now + tuning.receivePoll
                }
            }
        }
    }
}
