import NIOCore

// The way of connections and octets over the carrier, both ways. A stalled carrier moves nothing; it keeps the order.
extension ModemMachine {
    /// Between the first part of a badly accepted chunk and the rest.
    static let pieceTime = TimeAmount.milliseconds(5)

    /// Resolves and connects: one round trip for the name, one for TCP.
    mutating func dial(_ key: SocketKey, host: String) {
        let resolved = now + (Carrier.isLiteral(host) ? .zero : carrier.roundTrip)
        guard carrier.address(of: host) != nil else { return agenda.add(.openFailed(key, .nameUnknown), at: resolved) }
        agenda.add(.connect(key), at: resolved + carrier.oneWay)
    }

    mutating func connectNow(_ key: SocketKey) {
        guard let id = id(of: key), let slot = slots[id], slot.state == .opening else { return }
        guard !carrier.isStalled(now) else { return agenda.add(.connect(key), at: carrier.stallEnd) }
        if !carrier.isBlackhole, let route = carrier.route(host: slot.host, port: slot.port) {
            actions.append(.connect(key, address: route.address, port: route.targetPort))
        } else if !carrier.isBlackhole, carrier.isKnown(slot.host) {
            agenda.add(.openFailed(key, .refused), at: now + carrier.oneWay)  // the host is there: it refuses
        } else {
            agenda.add(.openFailed(key, .timedOut), at: now + options.connectTimeout)
        }
    }

    /// Takes octets into the slot's send buffer and lets them travel.
    mutating func carryUp(_ id: Int, _ octets: ByteBuffer, inPieces: Bool) {
        guard var slot = slots[id] else { return }
        slot.totalSent += octets.readableBytes
        slots[id] = slot
        var rest = octets
        var start = now
        if inPieces, octets.readableBytes > 1,
            let first = rest.readSlice(length: Bool.random(using: &random) ? 1 : octets.readableBytes - 1)
        {
            agenda.add(.transmit(slot.key, first), at: carrier.arrivalUp(first.readableBytes, now: start))
            start = now + Self.pieceTime
        }
        while rest.readableBytes > 0, let segment = rest.readSlice(length: min(Carrier.segment, rest.readableBytes)) {
            agenda.add(.transmit(slot.key, segment), at: carrier.arrivalUp(segment.readableBytes, now: start))
        }
    }

    /// A segment reaches the far end, up to the octet at which something happens.
    mutating func transmit(_ key: SocketKey, _ octets: ByteBuffer) {
        guard !carrier.isStalled(now) else { return agenda.add(.transmit(key, octets), at: carrier.stallEnd) }
        var rest = octets
        while rest.readableBytes > 0, isAlive(key) {
            let count = min(rest.readableBytes, faults.octets(until: .up))
            guard let part = rest.readSlice(length: count) else { return }
            actions.append(.send(key, faults.carried(part, .up)))
            for effect in faults.passed(count, .up) { suffer(effect) }
            if carrier.isStalled(now) {
                if rest.readableBytes > 0 { agenda.add(.transmit(key, rest), at: carrier.stallEnd) }
                return
            }
        }
    }

    /// The host's end reaches the far one, behind every octet before it.
    mutating func transmitEnd(_ key: SocketKey) {
        guard !carrier.isStalled(now) else { return agenda.add(.transmitEnd(key), at: carrier.stallEnd) }
        if isAlive(key) { actions.append(.finish(key)) }
    }

    /// Whether octets on their way out still reach the far end.
    private func isAlive(_ key: SocketKey) -> Bool {
        guard let id = id(of: key), let slot = slots[id] else { return false }
        switch slot.state {
        case .connected, .closing: return true
        case .ended: return slot.isHalfOpen
        case .opening, .failed: return false
        }
    }

    mutating func carryDown(_ key: SocketKey, _ octets: ByteBuffer) {
        guard let id = id(of: key) else { return }
        slots[id]?.inTransit += octets.readableBytes
        var rest = octets
        let size = carrier.dribble == nil ? Carrier.segment : 1
        while rest.readableBytes > 0, let segment = rest.readSlice(length: min(size, rest.readableBytes)) {
            agenda.add(.arrived(key, segment), at: carrier.arrivalDown(segment.readableBytes, now: now))
        }
    }

    mutating func arrived(_ key: SocketKey, _ octets: ByteBuffer) {
        guard !carrier.isStalled(now) else { return agenda.add(.arrived(key, octets), at: carrier.stallEnd) }
        var rest = octets
        while rest.readableBytes > 0, let id = id(of: key), let state = slots[id]?.state, state == .connected {
            let count = min(rest.readableBytes, faults.octets(until: .down))
            guard let part = rest.readSlice(length: count) else { return }
            store(faults.carried(part, .down), id)
            for effect in faults.passed(count, .down) { suffer(effect) }
            if carrier.isStalled(now) {
                if rest.readableBytes > 0 { agenda.add(.arrived(key, rest), at: carrier.stallEnd) }
                return
            }
        }
        step(.received)
    }

    private mutating func store(_ octets: ByteBuffer, _ id: Int) {
        guard var slot = slots[id] else { return }
        slot.inTransit -= octets.readableBytes
        slot.totalReceived += octets.readableBytes
        slot.received.writeImmutableBuffer(octets)
        slots[id] = slot
        family.arrived(id, on: &self)
    }

    func isOnline(_ id: Int) -> Bool {
        if case .online(let online) = activity { online.slot == id } else { false }
    }

    /// The peer's end, or its reset, is here. It is told once, and never when the host closed first.
    mutating func arrivedEnd(_ key: SocketKey, wasReset: Bool) {
        guard !carrier.isStalled(now) else {
            return agenda.add(wasReset ? .arrivedReset(key) : .arrivedEnd(key), at: carrier.stallEnd)
        }
        guard let id = id(of: key), let slot = slots[id] else { return }
        switch slot.state {
        case .opening, .failed, .ended: return
        case .closing(let token):
            guard wasReset else { return }
            return family.closed(id, byResetFor: token, on: &self)
        case .connected: break
        }
        slots[id]?.state = .ended
        slots[id]?.wasReset = wasReset
        let closesHalf = family.closesHalf
        slots[id]?.isHalfOpen = !wasReset && closesHalf
        ledger.note("peer", "socket \(id) \(wasReset ? "reset" : "closed")", now: now)
        if slot.access == .push {
            slots[id]?.isArmed = false  // told behind the last octet
        } else if !isOnline(id) {
            family.peerEnded(id, wasReset: wasReset, on: &self)
        }
        step(.peerClosed)
    }
}
