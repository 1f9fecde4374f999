import NIOCore

// SIMCom's connections: open, send, fetch, close (SIM800 V1.09 §8.2.2 to §8.2.6, §8.2.26).
extension ModemMachine {
    static let simcomChunk = 1_460
    static let simcomHexChunk = 730

    var simcomNumbers: ClosedRange<Int> { simcom.hasSeveral ? 0...5 : 0...0 }

    mutating func simcomSocketAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+CIPSTART": return simcomStart(command)
        case "+CIPSEND": return simcomSend(command, token: token)
        case "+CIPRXGET": return simcomFetch(command)
        case "+CIPACK": return simcomAcknowledged(command)
        case "+CIPCLOSE": return simcomClose(command, token: token)
        default: return nil
        }
    }

    /// The number in front, where there may be several connections, and the parameters behind it.
    private func numbered(_ arguments: [Argument]) -> (Int, [Argument])? {
        guard simcom.hasSeveral else { return (0, arguments) }
        guard let id = arguments.number(0), simcomNumbers.contains(id) else { return nil }
        return (id, Array(arguments.dropFirst()))
    }

    private mutating func simcomStart(_ command: Command) -> Reply {
        if command.form == .test {
            return .success([
                simcom.hasSeveral
                    ? "+CIPSTART: (0-5),(\"TCP\",\"UDP\"),(\"(0-255).(0-255).(0-255).(0-255)\"),(1-65535)"
                    : "+CIPSTART: (\"TCP\",\"UDP\"),(\"(0-255).(0-255).(0-255).(0-255)\"),(1-65535)"
            ])
        }
        guard let (id, rest) = command.arguments.flatMap(numbered), rest.count == 3, rest.text(0) == "TCP",
            let host = rest.text(1), (1...100).contains(host.utf8.count),
            let port = rest.number(2) ?? rest.text(2).flatMap({ Int($0) }), (1...65_535).contains(port)
        else { return .refused(.plain) }
        guard isSIMComReady else {
            guard !simcom.hasSeveral else { return .refused(.cme(3)) }
            agenda.add(.unsolicited("STATE: IP INITIAL"), at: now)
            agenda.add(.unsolicited("CONNECT FAIL"), at: now)
            return .success()
        }
        if let slot = slots[id], slot.state != .ended {
            ledger.note("refused", "socket \(id) is in use", now: now)
            agenda.add(.unsolicited(simcomLine(id, "ALREADY CONNECT")), at: now)
            return .success()
        }
        if slots[id] != nil { release(id, "opened anew", gracefully: false) }
        let access: SocketSlot.Access =
            simcom.isTransparent ? .transparent : simcom.isPulled ? .buffer : .push
        occupy(id, context: Self.simcomContext, host: host, port: port, access: access)
        return .success()
    }

    // MARK: Sending

    private mutating func simcomSend(_ command: Command, token: Int) -> Reply {
        let slot: (Int) -> Bool = { [slots] in slots[$0]?.state == .connected }
        switch command.form {
        case .test: return .success([simcom.hasSeveral ? "+CIPSEND: (0-5),<length>" : "+CIPSEND: <length>"])
        case .read:
            let open = slots.keys.sorted().filter(slot)
            guard !open.isEmpty else { return .refused(.cme(3)) }
            return .success(
                open.map { id in
                    let size = min(Self.simcomChunk, room(inSlot: id))
                    return simcom.hasSeveral ? "+CIPSEND: \(id),\(size)" : "+CIPSEND: \(size)"
                })
        case .execute, .set:
            guard let (id, rest) = numbered(command.arguments ?? []), rest.count <= 1 else { return .refused(.plain) }
            let count = rest.number(0)
            guard rest.isEmpty || count.map({ (1...Self.simcomChunk).contains($0) }) == true else {
                return .refused(.plain)
            }
            guard slot(id), slots[id]?.access != .transparent else { return .refused(.cme(3)) }
            var prompt = Prompt(
                token: token, slot: id, expected: count, limit: Self.simcomChunk, isEchoed: settings.echo,
                inputTime: nil)
            if simcom.promptMode != 1 { prompt.text = "" }
            return .prompt(prompt)
        }
    }

    mutating func simcomConfirmation(of prompt: Prompt) -> Reply {
        let id = prompt.slot
        switch prompt.failure {
        case .error: return .refused(.plain)
        case .sendFail: return .final(simcomLine(id, "SEND FAIL"))
        case nil: break
        }
        guard let slot = slots[id], slot.state == .connected else { return .refused(.cme(3)) }
        guard !simcom.isQuick else { return quickConfirmation(of: prompt) }
        guard prompt.collected.readableBytes <= room(inSlot: id) else {
            return .final(simcomLine(id, "SEND FAIL"))
        }
        carryUp(id, prompt.collected, inPieces: random.percent(options.partialWrites))
        simcom.awaiting[id] = SIMComStack.Awaiting(
            token: prompt.token, total: slot.totalSent + prompt.collected.readableBytes)
        return .later
    }

    /// As many octets as there is room for; where bad acceptance is asked for, none, one, or all but one.
    private mutating func quickConfirmation(of prompt: Prompt) -> Reply {
        let offered = prompt.collected.readableBytes
        var count = min(offered, room(inSlot: prompt.slot))
        if random.percent(options.partialWrites) {
            count = min(count, [0, 1, offered - 1].randomElement(using: &random) ?? 0)
        }
        if count > 0, let octets = prompt.collected.getSlice(at: prompt.collected.readerIndex, length: count) {
            carryUp(prompt.slot, octets, inPieces: false)
        }
        return .final(simcom.hasSeveral ? "DATA ACCEPT:\(prompt.slot),\(count)" : "DATA ACCEPT:\(count)")
    }

    private func simcomAcknowledged(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard let (id, rest) = numbered(command.arguments ?? []), rest.isEmpty, let slot = slots[id] else {
            return .refused(.plain)
        }
        return .success(["+CIPACK: \(slot.totalSent),\(slot.totalAcknowledged),\(slot.unacknowledged)"])
    }

    // MARK: Fetching

    /// `+CIPRXGET=2` raw, `=3` in hexadecimal, `=4` how much there is.
    private mutating func simcomFetch(_ command: Command) -> Reply {
        guard simcom.isPulled, let arguments = command.arguments, let kind = arguments.number(0),
            (2...4).contains(kind), let (id, rest) = numbered(Array(arguments.dropFirst())), rest.count <= 1
        else { return .refused(.plain) }
        guard var slot = slots[id], slot.state == .connected || slot.state == .ended else {
            return .refused(.cme(3))
        }
        let tag = simcom.hasSeveral ? "\(id)," : ""
        if kind == 4 { return .success(["+CIPRXGET: 4,\(tag)\(slot.received.readableBytes)"]) }
        let most = kind == 2 ? Self.simcomChunk : Self.simcomHexChunk
        guard let wanted = rest.number(0), (1...most).contains(wanted) else { return .refused(.plain) }
        let count = min(wanted, slot.received.readableBytes)
        let octets = Array((slot.received.readSlice(length: count) ?? ByteBuffer()).readableBytesView)
        slot.received.discardReadBytes()
        slot.totalRead += count
        let left = slot.received.readableBytes
        if left == 0 { slot.isArmed = true }
        slots[id] = slot
        simcomForget(id)
        let header = Array("+CIPRXGET: \(kind),\(tag)\(count),\(left)".utf8)
        let shown = kind == 2 ? octets : octets.flatMap { Array(Self.hex($0).utf8) }
        return .framed(lineEnd + header + lineEnd + shown)
    }

    private static func hex(_ octet: UInt8) -> String {
        let text = String(octet, radix: 16, uppercase: true)
        return octet < 16 ? "0" + text : text
    }

    // MARK: Closing

    /// Only what connects or is connected can be closed. Mode 0, the default: when the peer has everything; 1: at once.
    private mutating func simcomClose(_ command: Command, token: Int) -> Reply {
        if command.form == .test { return .success() }
        guard let (id, rest) = numbered(command.arguments ?? []), rest.count <= 1,
            let mode = rest.number(0, default: 0), (0...1).contains(mode), let slot = slots[id]
        else { return .refused(.plain) }
        switch slot.state {
        case .opening: break
        case .connected:
            guard mode == 0, slot.unacknowledged > 0 || carrier.roundTrip > .zero else { break }
            close(id, token: token, within: .seconds(9))
            if slot.unacknowledged == 0 { simcomClosed(id, token) }
            return .later
        case .ended, .failed:
            release(id, "+CIPCLOSE behind the peer's close", gracefully: true)
            return .refused(.plain)
        case .closing: return .refused(.plain)
        }
        simcom.wasClosed = true
        release(id, "+CIPCLOSE", gracefully: slot.unacknowledged == 0)
        return .final(simcomLine(id, "CLOSE OK"))
    }

    mutating func simcomClosed(_ id: Int, _ token: Int) {
        simcom.wasClosed = true
        release(id, "+CIPCLOSE", gracefully: true)
        agenda.add(.conclude(token, .final(simcomLine(id, "CLOSE OK"))), at: now + carrier.roundTrip)
    }
}
