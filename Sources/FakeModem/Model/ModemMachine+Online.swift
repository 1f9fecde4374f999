import NIOCore

// Data mode: a transparent socket has the line. Only the escape sequence, DTR and the peer's end leave it.
extension ModemMachine {
    /// Output that is kept ahead of the wire in data mode.
    static let onlineBacklog = 2_048

    var guardTime: TimeAmount { .milliseconds(20 * Int64(settings.registers[12] ?? 50)) }

    mutating func goOnline(_ id: Int) {
        result("CONNECT")
        activity = .online(Online(slot: id, detector: EscapeDetector(now: now)))
        ledger.opened(.dataMode, "socket \(id)", now: now)
        step(.dataMode)
    }

    /// The same of a connection for which no command waits, as soon as the line is free.
    mutating func goOnline(_ key: SocketKey) {
        guard let id = id(of: key), slots[id]?.state == .connected else { return }
        guard case .idle = activity else { return agenda.add(.online(key), at: now + .milliseconds(1)) }
        goOnline(id)
    }

    /// Octets of the host in data mode: payload, but for a guarded `+++`.
    mutating func takeOnline(_ octets: ByteBuffer, _ online: Online) {
        var online = online
        agenda.removeAll { if case .escapeGuard = $0 { true } else { false } }
        let typed = octets.readableBytesView.flatMap { online.detector.take($0, guardTime: guardTime, now: now) }
        activity = .online(online)
        for piece in family.pieces(of: typed, for: online.slot, on: &self) {
            switch piece {
            case .octets(let payload):
                online.pending.writeBytes(payload)
                activity = .online(online)
            case .end:
                forwardTransparent()
                online.pending = ByteBuffer()
                finishSending(online.slot)
            }
        }
        if let completion = online.detector.completion(guardTime: guardTime) {
            agenda.add(.escapeGuard, at: completion)
        }
        guard online.pending.readableBytes > 0 else { return }
        let packet = stack.packet
        if online.pending.readableBytes >= packet.octets || packet.wait == .zero {
            forwardTransparent()
        } else {
            agenda.removeAll { if case .transparentWait = $0 { true } else { false } }
            agenda.add(.transparentWait, at: now + packet.wait)
        }
    }

    /// Sends what waited for a packet to fill; to a dead connection it goes nowhere.
    mutating func forwardTransparent() {
        guard case .online(var online) = activity, online.pending.readableBytes > 0 else { return }
        let octets = online.pending
        online.pending = ByteBuffer()
        activity = .online(online)
        guard slots[online.slot]?.takesOctets == true else { return }
        carryUp(online.slot, octets, inPieces: random.percent(options.partialWrites))
    }

    mutating func completeEscape() {
        guard case .online(let online) = activity, online.detector.heldOctets == 3 else { return }
        forwardTransparent()
        family.leftDataMode(online.slot, on: &self)
        leaveDataMode("OK", "+++")
    }

    /// Back to command mode; what is still in the receiver's buffer lands in the command parser.
    mutating func leaveDataMode(_ words: String, _ reason: String) {
        guard case .online = activity else { return }
        forwardTransparent()
        agenda.removeAll {
            switch $0 {
            case .escapeGuard, .transparentWait: true
            default: false
            }
        }
        // Nothing unsolicited stands ahead of the words: a host takes all ahead of them for payload.
        result(words)
        activity = .idle
        ledger.closed(.dataMode, reason, now: now)
    }

    /// Moves received octets to the line, and ends data mode behind the last one when the peer has ended.
    mutating func feedOnline() {
        guard case .online(let online) = activity, var slot = slots[online.slot] else { return }
        while slot.received.readableBytes > 0, serial.output.readableBytes < Self.onlineBacklog, hosts > 0 {
            guard let octets = slot.received.readSlice(length: min(1_460, slot.received.readableBytes)) else { break }
            slot.totalRead += octets.readableBytes
            send(family.onLine(Array(octets.readableBytesView), of: online.slot, on: self))
        }
        slot.received.discardReadBytes()
        slots[online.slot] = slot
        if slot.state == .ended, slot.received.readableBytes == 0 { family.endedOnline(online.slot, on: &self) }
    }

    /// The host ends its own direction.
    private mutating func finishSending(_ id: Int) {
        guard let slot = slots[id], slot.takesOctets else { return }
        slots[id]?.hasFinished = true
        agenda.add(.transmitEnd(slot.key), at: carrier.arrivalUp(0, now: now))
    }

    /// Push mode: what was received leaves as URCs with their octets.
    mutating func feedPush() {
        guard unsolicited.isEmpty, mayPush else { return }
        for (id, slot) in slots where slot.access == .push && slot.received.readableBytes > 0 {
            guard serial.output.readableBytes < 4 * Self.onlineBacklog else { return }
            var slot = slot
            let count = min(family.pushLimit, slot.received.readableBytes)
            let octets = slot.received.readSlice(length: count) ?? ByteBuffer()
            slot.received.discardReadBytes()
            slot.totalRead += count
            slots[id] = slot
            family.push(id, octets, on: &self)
            agenda.add(.wake, at: now)
        }
        for (id, slot) in slots where slot.access == .push && slot.state == .ended && !slot.isArmed {
            guard slot.received.readableBytes == 0 else { continue }
            slots[id]?.isArmed = true
            family.pushEnded(id, on: &self)
        }
    }

    private var mayPush: Bool {
        switch activity {
        case .idle: hosts > 0 && !reader.isMidLine
        case .running: hosts > 0
        case .prompting, .online, .calling: false
        }
    }

    /// What the drop of DTR does in data mode, by `&D`.
    mutating func dropDTR() {
        if call != nil { dropDTRInCall() }
        guard case .online(let online) = activity else { return }
        switch settings.dataTerminalReady {
        case 0: break
        case 1: leaveDataMode("OK", "DTR, &D1")
        default:
            leaveDataMode("NO CARRIER", "DTR, &D2")
            if let slot = slots[online.slot] {
                actions.append(.abort(slot.key))
                slots[online.slot]?.state = .ended
            }
        }
    }
}
