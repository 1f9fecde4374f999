import NIOCore

// Quectel's TCP commands but sending: open, close, read, state, errors, names, options.
extension ModemMachine {
    static let quectelSockets = 0...11
    static let quectelReadLimit = 1_500

    mutating func quectelSocketAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+QIOPEN": return open(command, token: token)
        case "+QICLOSE": return close(command, token: token)
        case "+QIRD": return read(command)
        case "+QISTATE": return state(command)
        case "+QIGETERROR":
            return .success(["+QIGETERROR: \(quectel.lastError.rawValue),\(quectel.lastError.words)"])
        case "+QIDNSGIP": return lookUp(command)
        case "+QIDNSCFG": return nameServers(command)
        case "+QICFG": return configureStack(command)
        case "+QISWTMD": return switchMode(command)
        case "+QISDE": return payloadEcho(command)
        default: return nil
        }
    }

    /// Most of the family refuses with plain `ERROR` and keeps the reason for `+QIGETERROR`.
    mutating func fail(_ error: QuectelError) -> Reply {
        quectel.lastError = error
        return .refused(.plain)
    }

    private mutating func open(_ command: Command, token: Int) -> Reply {
        if command.form == .test {
            return .success([
                "+QIOPEN: (1-16),(0-11),\"TCP\",<IP_address>/<domain_name>,<remote_port>,<local_port>,(0-2)"
            ])
        }
        guard let arguments = command.arguments, let cid = arguments.number(0), Self.contextRange.contains(cid),
            let id = arguments.number(1), Self.quectelSockets.contains(id), arguments.text(2) == "TCP",
            let host = arguments.text(3), (1...200).contains(host.utf8.count), let port = arguments.number(4),
            (1...65_535).contains(port), let local = arguments.number(5, default: 0), (0...65_535).contains(local),
            let access = SocketSlot.Access(rawValue: arguments.number(6, default: 0) ?? -1), arguments.count <= 7
        else { return fail(.parameter) }
        guard contexts[cid]?.address != nil else { return fail(.openContext) }
        guard slots[id] == nil else { return inUse(id, access) }
        occupy(
            id, context: cid, host: host, port: port, localPort: local, access: access,
            opener: access == .transparent ? token : nil)
        return access == .transparent ? .later : .success()
    }

    private mutating func inUse(_ id: Int, _ access: SocketSlot.Access) -> Reply {
        ledger.note("refused", "socket \(id) is in use (563)", now: now)
        guard access != .transparent else { return fail(.idInUse) }
        quectel.lastError = .idInUse
        agenda.add(.unsolicited("+QIOPEN: \(id),563"), at: now + .milliseconds(1))
        return .success()
    }

    /// `+QICLOSE=id[,seconds]`: blocks until everything sent is acknowledged, at most that long (10 s; 0 resets at once).
    private mutating func close(_ command: Command, token: Int) -> Reply {
        if command.form == .test { return .success(["+QICLOSE: (0-11),(0-65535)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.quectelSockets.contains(id),
            let seconds = arguments.number(1, default: 10), (0...65_535).contains(seconds), arguments.count <= 2
        else { return fail(.parameter) }
        guard let slot = slots[id] else { return fail(.notAllowed) }
        guard slot.state == .connected, seconds > 0, slot.unacknowledged > 0 || carrier.roundTrip > .zero else {
            release(id, "+QICLOSE", gracefully: slot.unacknowledged == 0)
            return .success()
        }
        close(id, token: token, within: .seconds(Int64(seconds)))
        if slot.unacknowledged == 0 { closeAfterRoundTrip(slot.key, token) }
        return .later
    }

    mutating func closeAfterRoundTrip(_ key: SocketKey, _ token: Int) {
        guard let id = id(of: key) else { return }
        release(id, "+QICLOSE", gracefully: true)
        agenda.add(.conclude(token, .success()), at: now + carrier.roundTrip)
    }

    private mutating func read(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QIRD: (0-11),(0-1500)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.quectelSockets.contains(id),
            let limit = arguments.number(1, default: Self.quectelReadLimit), (0...Self.quectelReadLimit).contains(limit)
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
        return .framed(quectelBlock("+QIRD: \(count)", octets))
    }

    /// Counted octets behind their header, in its line or in the next.
    func quectelBlock(_ header: String, _ octets: ByteBuffer) -> [UInt8] {
        let text = (settings.verbose ? lineEnd : []) + Array(header.utf8)
        if quectel.viewMode == 1, octets.readableBytes > 0 {
            return text + [UInt8(ascii: ",")] + Array(octets.readableBytesView) + lineEnd
        }
        return text + lineEnd + Array(octets.readableBytesView) + (octets.readableBytes > 0 ? lineEnd : [])
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
            quectel.lastError = .dnsFailed
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

    /// `+QISWTMD=id,mode`.
    mutating func switchMode(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QISWTMD: (0-11),(0-2)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), let number = arguments.number(1),
            let access = SocketSlot.Access(rawValue: number), arguments.count == 2
        else { return fail(.parameter) }
        guard slots[id]?.state == .connected else { return fail(.notAllowed) }
        slots[id]?.access = access
        guard access == .transparent else { return .success() }
        return .connect(id)
    }
}
