import NIOCore

// SIM commands: 3GPP TS 27.007 §8.3 (`+CPIN`), `+CPINR`, §8.17 (`+CSIM`), §7.4 (`+CLCK`).
extension ModemMachine {
    /// From the right PIN until the card's files can be read.
    static let settlingTime = TimeAmount.milliseconds(300)

    mutating func simAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CPIN": return unlock(command)
        case "+CPINR": return counters(command)
        case "+CSIM": return cardCommand(command)
        case "+CLCK": return lock(command)
        default: return nil
        }
    }

    private mutating func unlock(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        if sim.state == .absent || sim.state == .busy, let refusal = sim.refusal { return .refused(refusal) }
        guard radio.function != 0 else { return .refused(.cme(13)) }
        guard let arguments = command.arguments else {
            guard command.form == .read else { return .refused(.plain) }
            switch sim.state {
            case .locked: return .success(["+CPIN: SIM PIN"])
            case .blocked: return .success(["+CPIN: SIM PUK"])
            case .ready, .absent, .busy: return .success(["+CPIN: READY"])
            }
        }
        guard let code = Self.code(arguments.first), arguments.count <= 2 else { return .refused(.cme(50)) }
        switch (sim.state, arguments.count) {
        case (.locked, 1): return opened(sim.enter(pin: code))
        case (.blocked, 2):
            guard let new = Self.code(arguments[1]) else { return .refused(.cme(50)) }
            return opened(sim.enter(puk: code, newPIN: new))
        case (.blocked, _): return .refused(.cme(12))
        case (.locked, _), (.ready, _), (.absent, _), (.busy, _): return .refused(.cme(3))
        }
    }

    private mutating func opened(_ wasRight: Bool) -> Reply {
        guard wasRight else {
            ledger.note("pin", "refused, \(sim.pinTries) left", now: now)
            return .refused(.cme(16))
        }
        ledger.note("pin", "accepted", now: now)
        sim.isSettling = true
        agenda.add(.unsolicited("+CPIN: READY"), at: now + .milliseconds(20))
        agenda.add(.simSettled, at: now + Self.settlingTime)
        for line in options.profile.settled { agenda.add(.unsolicited(line), at: now + Self.settlingTime) }
        seekNetwork()
        return .success()
    }

    /// A code may be typed with or without quotes.
    private static func code(_ argument: Argument?) -> String? {
        switch argument {
        case .text(let text), .word(let text): (4...8).contains(text.utf8.count) ? text : nil
        case .number(let number): String(number).utf8.count >= 4 ? String(number) : nil
        case .omitted, nil: nil
        }
    }

    private func counters(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        if let refusal = sim.unreadable { return .refused(refusal) }
        let lines = [
            ("SIM PIN", "+CPINR: SIM PIN,\(sim.pinTries),3"), ("SIM PUK", "+CPINR: SIM PUK,\(sim.pukTries),10"),
            ("SIM PIN2", "+CPINR: SIM PIN2,3,3"), ("SIM PUK2", "+CPINR: SIM PUK2,10,10"),
        ]
        guard let name = command.arguments?.text(0) else { return .success(lines.map(\.1)) }
        return .success(lines.filter { $0.0 == name }.map(\.1))
    }

    /// Only VERIFY without data, which asks for the tries left (ETSI TS 102 221 §11.1.9).
    private func cardCommand(_ command: Command) -> Reply {
        guard sim.state != .absent else { return .refused(.cme(10)) }
        guard let text = command.arguments?.text(1) else { return .refused(.plain) }
        switch text.uppercased() {
        case "0020000100": return .success(["+CSIM: 4,\"63C\(max(0, sim.pinTries))\""])
        case "002C000100": return .success(["+CSIM: 4,\"63C\(String(sim.pukTries, radix: 16).uppercased())\""])
        default: return .success(["+CSIM: 4,\"6D00\""])
        }
    }

    private func lock(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+CLCK: (\"SC\")"]) }
        guard let arguments = command.arguments, arguments.text(0) == "SC" else { return .refused(.plain) }
        guard arguments.number(1) == 2 else { return .refused(.cme(3)) }
        return .success(["+CLCK: \(sim.asksPIN ? 1 : 0)"])
    }

    /// The card's state after a wait, or when it is pulled out.
    mutating func simBecomes(_ condition: SIMCondition) {
        sim.become(condition)
        switch condition {
        case .ready:
            announce("+CPIN: READY")
            seekNetwork()
        case .locked: announce("+CPIN: SIM PIN")
        case .blocked: announce("+CPIN: SIM PUK")
        case .absent: announce("+CPIN: NOT INSERTED")
        case .busy(let time, let next): agenda.add(.simBecomes(next), at: now + time)
        }
    }
}
