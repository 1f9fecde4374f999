import AT
import ByteStreams
import NIOCore
import Scopes

extension SocketMachine {
    mutating func open(_ id: SocketID, _ endpoint: SocketEndpoint) {
        if let lostWords {
            actions.append(.openFailed(id, SocketFault(.lost, words: lostWords)))
            return
        }
        switch dialect.slots {
        case .modem: admit(id, Socket(endpoint: endpoint, slot: nil))
        case .host(let range):
            guard let slot = freeSlot(range) else {
                actions.append(.openFailed(id, SocketFault(.noFreeSlot)))
                return
            }
            admit(id, Socket(endpoint: endpoint, slot: slot))
        }
    }

    private mutating func admit(_ id: SocketID, _ socket: Socket) {
        precondition(sockets[id] == nil, "a socket is opened once")
        sockets[id] = socket
        order.append(id)
    }

    private func freeSlot(_ range: ClosedRange<Int>) -> Int? {
        let used = Set(sockets.values.compactMap(\.slot)).union(foreignSlots)
        return range.first { !used.contains($0) }
    }

    // MARK: Answers

    mutating func concludeOpening(_ id: SocketID, _ step: Int, _ result: SocketResult, _ now: NIODeadline) {
        guard let socket = sockets[id], case .opening = socket.phase else { return }
        switch result {
        case .allocated(let slot):
            if let holder = self.id(ofSlot: slot), holder != id {
                fail(id, SocketFault(.other, words: "the modem gave socket \(slot) twice"), isSlotOurs: false)
                return
            }
            update(id) { $0.slot = slot }
            advance(id, step, now)
        case .done, .accepted, .received, .empty, .unacknowledged, .limit: advance(id, step, now)
        case .opening: advance(id, step, now)
        case .opened:
            update(id) { $0.earlyVerdict = .connected }
            advance(id, step, now)
        case .failed(let fault): fail(id, fault)
        case .ended, .alreadyClosed: fail(id, SocketFault(.connectFailed))
        }
    }

    /// To the next step of opening, or to what comes behind the last.
    private mutating func advance(_ id: SocketID, _ step: Int, _ now: NIODeadline) {
        guard let socket = sockets[id] else { return }
        if socket.isCloseAsked {
            update(id) { $0.phase = .closing(step: 0) }
            return
        }
        let next = SocketOperation.open(slot: socket.slot, socket.endpoint, cid: cid, step: step + 1)
        if (try? dialect.exchange(for: next)) != nil {
            update(id) { $0.phase = .opening(step: step + 1) }
            return
        }
        switch socket.earlyVerdict {
        case .connected: establish(id, now)
        case .failed(let fault): fail(id, fault)
        case nil:
            let limit = now + dialect.limits.openLimit
            update(id) { $0.phase = .connecting(until: limit) }
            if dialect.limits.opensSilently {
                update(id) { [tuning] socket in socket.stateAt = now + tuning.statePoll }
            }
        }
    }

    private mutating func establish(_ id: SocketID, _ now: NIODeadline) {
        let isClosing = sockets[id]?.isCloseAsked == true
        update(id) { socket in
            socket.phase = isClosing ? .closing(step: 0) : .established
            socket.stateAt = nil
        }
        if !isClosing { actions.append(.opened(id)) }
    }

    /// Opening failed: the slot is freed, then the failure reported.
    mutating func fail(_ id: SocketID, _ fault: SocketFault, isSlotOurs: Bool = true) {
        guard let socket = sockets[id] else { return }
        if fault.kind == .slotBusy, !socket.isCloseAsked {
            reclaim(id, socket, fault)
            return
        }
        guard isSlotOurs, socket.slot != nil else {
            report(id, fault)
            return
        }
        update(id) { socket in
            socket.stateAt = nil
            socket.phase = .failing(fault, fault.words.isEmpty ? .explain : .close(step: 0))
        }
    }

    /// A slot in use is freed once, since a run before this one may have left it; the second time it is somebody else's.
    private mutating func reclaim(_ id: SocketID, _ socket: Socket, _ fault: SocketFault) {
        guard socket.isReclaimed else {
            update(id) { socket in
                socket.isReclaimed = true
                socket.earlyVerdict = nil
                socket.phase = .failing(fault, .reclaim(step: 0))
            }
            return
        }
        if let slot = socket.slot { foreignSlots.insert(slot) }
        guard case .host(let range) = dialect.slots, let slot = freeSlot(range) else {
            report(id, SocketFault(.noFreeSlot, words: fault.words))
            return
        }
        update(id) { socket in
            socket.slot = slot
            socket.isReclaimed = false
            socket.earlyVerdict = nil
            socket.phase = .opening(step: 0)
        }
    }

    /// The end of a failed opening.
    mutating func report(_ id: SocketID, _ fault: SocketFault) {
        let isCloseAsked = sockets[id]?.isCloseAsked == true
        remove(id)
        if isCloseAsked {
            actions.append(.closed(id, .done))
        } else {
            actions.append(.openFailed(id, fault))
        }
    }

    /// An answer to the question why, or to freeing the slot of a failed opening.
    mutating func concludeFailing(_ id: SocketID, _ answer: Exchange.Answer?) {
        guard let socket = sockets[id], case .failing(let fault, let release) = socket.phase else { return }
        switch release {
        case .explain:
            let better = answer.flatMap { dialect.explanation(in: $0) } ?? fault
            update(id) { $0.phase = .failing(better, .close(step: 0)) }
            if better.kind == .slotBusy { fail(id, better) }
        case .close(let step):
            if hasClosing(socket, step + 1) {
                update(id) { $0.phase = .failing(fault, .close(step: step + 1)) }
            } else {
                report(id, fault)
            }
        case .reclaim(let step):
            if hasClosing(socket, step + 1) {
                update(id) { $0.phase = .failing(fault, .reclaim(step: step + 1)) }
            } else if socket.isCloseAsked {
                report(id, fault)
            } else {
                update(id) { $0.phase = .opening(step: 0) }
            }
        }
    }

    func hasClosing(_ socket: Socket, _ step: Int) -> Bool {
        guard let slot = socket.slot, !socket.slotIsFree else { return false }
        return (try? dialect.exchange(for: .close(slot: slot, step: step))) != nil
    }

    // MARK: Lines

    mutating func connected(_ slot: Int, _ now: NIODeadline) {
        guard let id = id(ofSlot: slot), let socket = sockets[id] else { return }
        switch socket.phase {
        case .opening: update(id) { $0.earlyVerdict = .connected }
        case .connecting: establish(id, now)
        case .failing, .established, .lingering, .closing, .dead: return
        }
    }

    mutating func notConnected(_ slot: Int, _ fault: SocketFault) {
        guard let id = id(ofSlot: slot), let socket = sockets[id] else { return }
        switch socket.phase {
        case .opening: update(id) { $0.earlyVerdict = .failed(fault) }
        case .connecting: fail(id, fault)
        case .failing, .established, .lingering, .closing, .dead: return
        }
    }

    // MARK: The state, asked

    mutating func concludeState(_ id: SocketID, _ result: SocketResult, _ now: NIODeadline) {
        guard let socket = sockets[id] else { return }
        switch (socket.phase, result) {
        case (.connecting, .opened): establish(id, now)
        case (.connecting, .failed(let fault)): fail(id, fault)
        case (.connecting, .ended), (.connecting, .alreadyClosed): fail(id, SocketFault(.connectFailed))
        case (.connecting, _): update(id) { [tuning] socket in socket.stateAt = now + tuning.statePoll }
        case (.established, .ended): endReceiving(id, .peerClosed, isDrained: false)
        case (.established, .alreadyClosed), (.established, .failed): endReceiving(id, .peerClosed, isDrained: true)
        case (.established, _), (.opening, _), (.failing, _), (.lingering, _), (.closing, _), (.dead, _): return
        }
    }

    /// A close without a number: the sockets that stand are asked, or fetched from where the dialect has no such question.
    mutating func askEveryState(_ now: NIODeadline) {
        for id in order {
            guard let socket = sockets[id], socket.isEstablished, let slot = socket.slot else { continue }
            let isAskable = (try? dialect.exchange(for: .state(slot: slot))) != nil
            update(id) { socket in
                if isAskable { socket.stateAt = now } else { socket.receiving.notice() }
            }
        }
    }
}
