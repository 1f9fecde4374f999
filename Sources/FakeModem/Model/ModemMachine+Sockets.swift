import NIOCore

// Quectel's TCP commands but sending: open, close, read, state, errors, names, options.
extension ModemMachine {
    static let socketRange = 0...11
    static let readLimit = 1_500

    mutating func socketAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+QIOPEN": return open(command, token: token)
        case "+QICLOSE": return close(command, token: token)
        case "+QIRD": return read(command)
        case "+QISTATE": return state(command)
        case "+QIGETERROR": return .success(["+QIGETERROR: \(lastError.rawValue),\(lastError.words)"])
        case "+QIDNSGIP": return lookUp(command)
        case "+QIDNSCFG": return nameServers(command)
        case "+QICFG": return configureStack(command)
        case "+QISWTMD": return switchMode(command)
        default: return nil
        }
    }

    /// Most of the family refuses with plain `ERROR` and keeps the reason for `+QIGETERROR`.
    mutating func fail(_ error: SocketError) -> Reply {
        lastError = error
        return .refused(.plain)
    }

    func id(of key: SocketKey) -> Int? { slots.first { $0.value.key == key }?.key }

    private mutating func open(_ command: Command, token: Int) -> Reply {
        if command.form == .test {
            return .success([
                "+QIOPEN: (1-16),(0-11),\"TCP\",<IP_address>/<domain_name>,<remote_port>,<local_port>,(0-2)"
            ])
        }
        guard let arguments = command.arguments, let cid = arguments.number(0), Self.contextRange.contains(cid),
            let id = arguments.number(1), Self.socketRange.contains(id), arguments.text(2) == "TCP",
            let host = arguments.text(3), (1...200).contains(host.utf8.count), let port = arguments.number(4),
            (1...65_535).contains(port), let local = arguments.number(5, default: 0), (0...65_535).contains(local),
            let access = SocketSlot.Access(rawValue: arguments.number(6, default: 0) ?? -1), arguments.count <= 7
        else { return fail(.parameter) }
        guard contexts[cid]?.address != nil else { return fail(.openContext) }
        guard slots[id] == nil else { return inUse(id, access) }
        lastKey += 1
        var slot = SocketSlot(
            key: SocketKey(number: lastKey), context: cid, host: host, port: port,
            localPort: local == 0 ? 49_152 + lastKey % 16_000 : local, access: access)
        if access == .transparent { slot.opener = token }
        slots[id] = slot
        ledger.opened(.socket(id), "\(host):\(port)", now: now)
        step(.socketOpened)
        dial(slot.key, host: host)
        return access == .transparent ? .later : .success()
    }

    private mutating func inUse(_ id: Int, _ access: SocketSlot.Access) -> Reply {
        ledger.note("refused", "socket \(id) is in use (563)", now: now)
        guard access != .transparent else { return fail(.idInUse) }
        lastError = .idInUse
        agenda.add(.unsolicited("+QIOPEN: \(id),563"), at: now + .milliseconds(1))
        return .success()
    }

    mutating func opened(_ key: SocketKey) {
        guard let id = id(of: key), slots[id]?.state == .opening else { return }
        slots[id]?.state = .connected
        ledger.note("connected", "socket \(id)", now: now)
        lastError = .none
        if let token = slots[id]?.opener {
            slots[id]?.opener = nil
            conclude(token, .connect(id))
        } else {
            announce("+QIOPEN: \(id),0")
        }
        step(.connected)
    }

    mutating func openFailed(_ key: SocketKey, _ error: SocketError) {
        guard let id = id(of: key), slots[id]?.state == .opening else { return }
        slots[id]?.state = .failed
        ledger.note("refused", "socket \(id): \(error.rawValue) \(error.words)", now: now)
        lastError = error
        if let token = slots[id]?.opener {
            slots[id]?.opener = nil
            conclude(token, .refused(.plain))
        } else {
            announce("+QIOPEN: \(id),\(error.rawValue)")
        }
    }

    /// `+QICLOSE=id[,seconds]`: blocks until everything sent is acknowledged, at most that long (10 s; 0 resets at once).
    private mutating func close(_ command: Command, token: Int) -> Reply {
        if command.form == .test { return .success(["+QICLOSE: (0-11),(0-65535)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.socketRange.contains(id),
            let seconds = arguments.number(1, default: 10), (0...65_535).contains(seconds), arguments.count <= 2
        else { return fail(.parameter) }
        guard let slot = slots[id] else { return fail(.notAllowed) }
        guard slot.state == .connected, seconds > 0, slot.unacknowledged > 0 || carrier.roundTrip > .zero else {
            release(id, "+QICLOSE", gracefully: slot.unacknowledged == 0)
            return .success()
        }
        slots[id]?.state = .closing(token: token)
        agenda.add(.closeTimedOut(slot.key), at: now + .seconds(Int64(seconds)))
        if slot.unacknowledged == 0 { closeAfterRoundTrip(slot.key, token) }
        return .later
    }

    private mutating func closeAfterRoundTrip(_ key: SocketKey, _ token: Int) {
        guard let id = id(of: key) else { return }
        release(id, "+QICLOSE", gracefully: true)
        agenda.add(.conclude(token, .success()), at: now + carrier.roundTrip)
    }

    /// What waited for acknowledgements goes on when the last one came.
    func closingToken(_ slot: SocketSlot) -> Int? {
        guard case .closing(let token) = slot.state, slot.unacknowledged == 0 else { return nil }
        return token
    }

    mutating func acknowledged(_ key: SocketKey, _ count: Int) {
        guard let id = id(of: key) else { return }
        guard !carrier.isStalled(now) else { return agenda.add(.acknowledged(key, count), at: carrier.stallEnd) }
        slots[id]?.totalAcknowledged += count
        guard let slot = slots[id], let token = closingToken(slot) else { return }
        closeAfterRoundTrip(key, token)
    }

    mutating func closeTimedOut(_ key: SocketKey) {
        guard let id = id(of: key), case .closing(let token) = slots[id]?.state else { return }
        release(id, "+QICLOSE, not all acknowledged", gracefully: false)
        conclude(token, .success())
    }

    /// Frees a number and ends what it carried.
    mutating func release(_ id: Int, _ reason: String, gracefully: Bool) {
        guard let slot = slots.removeValue(forKey: id) else { return }
        actions.append(gracefully ? .close(slot.key) : .abort(slot.key))
        if case .online(let online) = activity, online.slot == id { leaveDataMode("NO CARRIER", reason) }
        ledger.closed(.socket(id), reason, now: now)
        step(.socketClosed)
    }

    private mutating func read(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QIRD: (0-11),(0-1500)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.socketRange.contains(id),
            let limit = arguments.number(1, default: Self.readLimit), (0...Self.readLimit).contains(limit)
        else { return fail(.parameter) }
        guard var slot = slots[id], slot.state == .connected || slot.state == .ended, slot.access != .push else {
            return fail(.notAllowed)
        }
        if arguments.count > 1, limit == 0 {
            return .success(["+QIRD: \(slot.totalReceived),\(slot.totalRead),\(slot.received.readableBytes)"])
        }
        let count = min(limit, slot.received.readableBytes)
        let octets = slot.received.readSlice(length: count) ?? ByteBuffer()
        slot.received.discardReadBytes()
        slot.totalRead += count
        if slot.received.readableBytes == 0 { slot.isArmed = true }
        slots[id] = slot
        return .octets(header: "+QIRD: \(count)", octets)
    }

    mutating func informOctets(_ header: String, _ octets: ByteBuffer) {
        gap()
        let end = [settings.lineEnd, settings.lineFeed]
        var text = (settings.verbose ? end : []) + Array(header.utf8)
        if settings.viewMode == 1, octets.readableBytes > 0 {
            text += [UInt8(ascii: ",")] + Array(octets.readableBytesView) + end
        } else {
            text += end + Array(octets.readableBytesView) + (octets.readableBytes > 0 ? end : [])
        }
        send(text)
    }

    private func state(_ command: Command) -> Reply {
        let wanted: (Int, SocketSlot) -> Bool
        switch command.form {
        case .test: return .success(["+QISTATE: (0,1)"])
        case .read, .execute: wanted = { _, _ in true }
        case .set(let arguments):
            guard let kind = arguments.number(0), let value = arguments.number(1) else { return .refused(.plain) }
            wanted = { id, slot in kind == 1 ? id == value : slot.context == value }
        }
        return .success(
            slots.sorted { $0.key < $1.key }.filter { wanted($0.key, $0.value) }.map { id, slot in
                let address = carrier.address(of: slot.host) ?? "0.0.0.0"
                return "+QISTATE: \(id),\"TCP\",\"\(address)\",\(slot.port),\(slot.localPort),\(slot.number),"
                    + "\(slot.context),\(id),\(slot.access.rawValue),\"usbmodem\""
            })
    }

    private mutating func lookUp(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QIDNSGIP: (1-16),<hostname>"]) }
        guard let arguments = command.arguments, let cid = arguments.number(0), let name = arguments.text(1),
            !name.isEmpty
        else { return fail(.parameter) }
        guard contexts[cid]?.address != nil else { return fail(.openContext) }
        let time = now + carrier.roundTrip
        if let address = carrier.address(of: name) {
            agenda.add(.unsolicited("+QIURC: \"dnsgip\",0,1,600"), at: time)
            agenda.add(.unsolicited("+QIURC: \"dnsgip\",\"\(address)\""), at: time)
        } else {
            lastError = .dnsFailed
            agenda.add(.unsolicited("+QIURC: \"dnsgip\",565"), at: time)
        }
        return .success()
    }

    private mutating func nameServers(_ command: Command) -> Reply {
        guard let arguments = command.arguments, let cid = arguments.number(0), Self.contextRange.contains(cid) else {
            return command.form == .test ? .success(["+QIDNSCFG: (1-16),<pridnsaddr>,<secdnsaddr>"]) : fail(.parameter)
        }
        return arguments.count == 1 ? .success(["+QIDNSCFG: \(cid),\"10.64.0.53\",\"10.64.0.54\""]) : .success()
    }
}
