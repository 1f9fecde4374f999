import NIOCore

// Channels: `+WIPCREATE`, `+WIPDATA`, `+WIPCLOSE`, `+WIPOPT`; and what else Wavecom's modems add.
extension ModemMachine {
    private static let wipChannels = 1...8
    private static let wipCloseTime = TimeAmount.seconds(10)

    mutating func wipChannelAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+WIPCREATE": return createChannel(command)
        case "+WIPDATA": return joinChannel(command)
        case "+WIPCLOSE": return closeChannel(command, token: token)
        case "+WIPOPT": return channelOption(command)
        default: return nil
        }
    }

    /// The index of a TCP client's command, or what refuses it: 837 and 834 for other protocols, 830 for another index.
    private func channel(_ arguments: [Argument]) -> Result<Int, Refused> {
        guard let kind = arguments.number(0), (1...6).contains(kind) else { return .failure(Refused(code: 837)) }
        guard kind == 2 else { return .failure(Refused(code: 834)) }
        guard let id = arguments.number(1), Self.wipChannels.contains(id) else { return .failure(Refused(code: 830)) }
        return .success(id)
    }

    private struct Refused: Error {
        let code: Int
    }

    /// `OK` says that the command was understood; what becomes of the connection comes later.
    private mutating func createChannel(_ command: Command) -> Reply {
        guard let arguments = command.arguments else { return wipQuestion(command, "+WIPCREATE: (1-6),(1-8)") }
        guard isWIPSessionUp else { return .refused(.cme(803)) }
        switch channel(arguments) {
        case .failure(let refused): return .refused(.cme(refused.code))
        case .success(let id):
            guard let host = arguments.text(2), (1...128).contains(host.utf8.count) else { return .refused(.cme(833)) }
            guard let port = arguments.number(3), (1...65_535).contains(port) else { return .refused(.cme(832)) }
            guard arguments.count == 4 else { return .refused(.cme(800)) }
            guard slots[id] == nil else {
                ledger.note("refused", "channel \(id) is in use (840)", now: now)
                return .refused(.cme(840))
            }
            wip.told.remove(id)
            wip.modes[id] = nil
            occupy(id, context: 1, host: host, port: port, access: .transparent)
            return .success()
        }
    }

    /// `+WIPDATA=2,idx,mode`: the line becomes the channel. Mode 0 is for another port of the modem, and does nothing here.
    private mutating func joinChannel(_ command: Command) -> Reply {
        guard let arguments = command.arguments else {
            let waiting = slots.filter { $0.value.received.readableBytes > 0 }.sorted { $0.key < $1.key }
            guard command.form == .read else { return wipQuestion(command, "+WIPDATA: (1,2),(1-8),(0-2)") }
            return .success(waiting.map { "+WIPDATA: 2,\($0.key),\($0.value.received.readableBytes)" })
        }
        switch channel(arguments) {
        case .failure(let refused): return .refused(.cme(refused.code))
        case .success(let id):
            guard let mode = arguments.number(2), (0...2).contains(mode), arguments.count == 3 else {
                return .refused(.cme(801))
            }
            guard let slot = slots[id] else { return .refused(.cme(831)) }
            guard mode > 0 else { return .success() }
            switch slot.state {
            case .connected: break
            case .ended where slot.wasReset: return .refused(.cme(843))
            case .ended: break
            case .opening, .failed, .closing: return .refused(.cme(831))
            }
            wip.modes[id] = mode
            wip.sawEscape = false
            return .connect(id)
        }
    }

    /// The index is free behind this alone. What was taken from the host goes out first.
    private mutating func closeChannel(_ command: Command, token: Int) -> Reply {
        guard let arguments = command.arguments else { return wipQuestion(command, "+WIPCLOSE: (1-6),(1-8)") }
        switch channel(arguments) {
        case .failure(let refused): return .refused(.cme(refused.code))
        case .success(let id):
            guard let slot = slots[id] else { return .refused(.cme(831)) }
            guard slot.state == .connected || slot.isHalfOpen, slot.unacknowledged > 0 else {
                release(id, "+WIPCLOSE", gracefully: true)
                return .success()
            }
            close(id, token: token, within: Self.wipCloseTime)
            return .later
        }
    }

    /// Only what can be read of any socket: its peer (option 6 the port, 7 no-delay, 8 TTL, 9 TOS).
    private func channelOption(_ command: Command) -> Reply {
        guard let arguments = command.arguments else { return wipQuestion(command, "+WIPOPT: (1-6),(1-8),(1,2)") }
        switch channel(arguments) {
        case .failure(let refused): return .refused(.cme(refused.code))
        case .success(let id):
            guard slots[id]?.state == .connected else { return .refused(.cme(831)) }
            guard let action = arguments.number(2), (1...2).contains(action), let option = arguments.number(3),
                (6...9).contains(option)
            else { return .refused(.cme(800)) }
            guard action == 1 else { return .success() }
            let value = [7: 0, 8: 64, 9: 0][option] ?? slots[id]?.port ?? 0
            return .success(["+WIPOPT: 2,\(id),\(option),\(value)"])
        }
    }

    private func wipQuestion(_ command: Command, _ values: String) -> Reply {
        switch command.form {
        case .test: .success([values])
        case .read: .success()
        case .execute, .set: .refused(.plain)
        }
    }

    // MARK: What else Wavecom added

    mutating func wipOwnAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CPIN" where command.form == .read: return pinState()
        case "+CPINC": return pinCounters(command)
        case "+CCID": return wipCardNumber(command)
        case "+CGDCONT": return oldDefinition(command)
        case "+WIND": return indications(command)
        case "+WOPEN":
            return command.form == .read ? .success(["+WOPEN: 1,\"AT v01.0\",\"WIPsoft v3.11\""]) : .success()
        default: return nil
        }
    }

    /// The answer has no `OK` (S000437C p. 5).
    private func pinState() -> Reply? {
        switch sim.state {
        case .ready: .final("+CPIN: READY")
        case .locked: .final("+CPIN: SIM PIN")
        case .blocked: .final("+CPIN: SIM PUK")
        case .absent, .busy: nil
        }
    }

    private func pinCounters(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        if let refusal = sim.unreadable { return .refused(refusal) }
        return .success(["+CPINC: \(sim.pinTries),3,\(sim.pukTries),10"])
    }

    /// Quoted, where others give the bare number.
    private func wipCardNumber(_ command: Command) -> Reply? {
        guard case .success(let lines) = cardNumber(command, prefix: "") else { return nil }
        return .success(lines.map { "+CCID: \"\($0)\"" })
    }

    /// GPRS knows one type of address.
    private func oldDefinition(_ command: Command) -> Reply? {
        switch command.form {
        case .test: return .success(["+CGDCONT: (1-4),\"IP\",,,(0-1),(0-1)"])
        case .set(let arguments):
            guard let type = arguments.text(1), type != "IP" else { return nil }
            return .refused(.cme(50))
        case .read, .execute: return nil
        }
    }

    private mutating func indications(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+WIND: (0-32767)"])
        case .read: return .success(["+WIND: \(wip.indications)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let mask = arguments.number(0), (0...32_767).contains(mask) else { return .refused(.cme(50)) }
            wip.indications = mask
            return .success()
        }
    }
}
