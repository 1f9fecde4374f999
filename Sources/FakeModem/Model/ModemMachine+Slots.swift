import NIOCore

// Slots: the numbers of connections, from the taking to the freeing of each.
extension ModemMachine {
    func id(of key: SocketKey) -> Int? { slots.first { $0.value.key == key }?.key }

    /// Takes a number for a connection, and begins to make it.
    ///
    /// - Parameter opener: the command that waits for it; nil when a line will tell.
    mutating func occupy(
        _ id: Int, context: Int, host: String, port: Int, localPort: Int = 0, access: SocketSlot.Access,
        opener: Int? = nil
    ) {
        lastKey += 1
        var slot = SocketSlot(
            key: SocketKey(number: lastKey), context: context, host: host, port: port,
            localPort: localPort == 0 ? 49_152 + lastKey % 16_000 : localPort, access: access)
        slot.opener = opener
        slots[id] = slot
        ledger.opened(.socket(id), "\(host):\(port)", now: now)
        step(.socketOpened)
        dial(slot.key, host: host)
    }

    mutating func opened(_ key: SocketKey) {
        guard let id = id(of: key), slots[id]?.state == .opening else { return }
        slots[id]?.state = .connected
        ledger.note("connected", "socket \(id)", now: now)
        family.connected(id, on: &self)
        step(.connected)
    }

    mutating func openFailed(_ key: SocketKey, _ failure: ConnectFailure) {
        guard let id = id(of: key), slots[id]?.state == .opening else { return }
        slots[id]?.state = .failed
        ledger.note("refused", "socket \(id): \(failure)", now: now)
        family.notConnected(id, failure, on: &self)
    }

    /// Closes a connection for a command: at once where nothing is unacknowledged, else when all is, or the time is over.
    mutating func close(_ id: Int, token: Int, within time: TimeAmount) {
        guard let slot = slots[id] else { return }
        slots[id]?.state = .closing(token: token)
        agenda.add(.closeTimedOut(slot.key), at: now + time)
    }

    /// The command that closes a slot, once nothing is unacknowledged.
    func closingToken(_ slot: SocketSlot) -> Int? {
        guard case .closing(let token) = slot.state, slot.unacknowledged == 0 else { return nil }
        return token
    }

    mutating func acknowledged(_ key: SocketKey, _ count: Int) {
        guard let id = id(of: key) else { return }
        guard !carrier.isStalled(now) else { return agenda.add(.acknowledged(key, count), at: carrier.stallEnd) }
        slots[id]?.totalAcknowledged += count
        family.acknowledged(id, on: &self)
    }

    mutating func closeTimedOut(_ key: SocketKey) {
        guard let id = id(of: key), case .closing(let token) = slots[id]?.state else { return }
        family.closeTimedOut(id, token: token, on: &self)
    }

    /// Frees a number and ends what it carried.
    mutating func release(_ id: Int, _ reason: String, gracefully: Bool) {
        guard let slot = slots.removeValue(forKey: id) else { return }
        actions.append(gracefully ? .close(slot.key) : .abort(slot.key))
        if case .online(let online) = activity, online.slot == id { leaveDataMode(family.onlineEnd, reason) }
        ledger.closed(.socket(id), reason, now: now)
        step(.socketClosed)
    }

    /// Octets that the slot's send buffer still takes.
    func room(inSlot id: Int) -> Int {
        guard let slot = slots[id], slot.state == .connected else { return 2 * Carrier.segment }
        return max(0, options.sendBuffer - slot.unacknowledged)
    }
}
