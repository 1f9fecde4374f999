import NIOCore

// Registration, signal, operator, clock: 3GPP TS 27.007 §7.2, §7.3, §8.2, §8.5, §10.1.
extension ModemMachine {
    /// From a ready SIM to a registration, where no search was asked for.
    static let registrationTime = TimeAmount.milliseconds(200)

    mutating func networkAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CFUN": return function(command)
        case "+CSQ": return reading(command, ["+CSQ: \(radio.status == .off ? "99,99" : "24,99")"])
        case "+CESQ": return reading(command, ["+CESQ: 99,99,255,255,\(radio.status == .off ? "255,255" : "22,56")"])
        case "+CREG": return registration(command, .circuit)
        case "+CGREG": return registration(command, .packet)
        case "+CEREG": return registration(command, .eps)
        case "+COPS": return operatorAnswer(command)
        case "+CGATT": return attachment(command)
        case "+CCLK": return clock(command)
        case "+CEER": return reading(command, ["+CEER: \(lastCause)"])
        case "+CTZU", "+CTZR", "+CGEREP": return command.form == .execute ? .refused(.plain) : .success()
        default: return nil
        }
    }

    func reading(_ command: Command, _ lines: [String]) -> Reply {
        switch command.form {
        case .execute: .success(lines)
        case .test: .success()
        case .read, .set: .refused(.plain)
        }
    }

    private mutating func function(_ command: Command) -> Reply {
        switch command.form {
        case .read: return .success(["+CFUN: \(radio.function)"])
        case .test: return .success(["+CFUN: (0,1,4),(0,1)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let level = arguments.number(0), [0, 1, 4].contains(level),
                let reset = arguments.number(1, default: 0),
                (0...1).contains(reset)
            else { return .refused(.cme(50)) }
            if reset == 1 {
                agenda.add(.restart, at: now + .milliseconds(100))
                return .success()
            }
            let before = radio.function
            radio.function = level
            if level == 1, before != 1 { seekNetwork() }
            if level != 1 { loseNetwork(.off, "+CFUN=\(level)") }
            return .success()
        }
    }

    private mutating func registration(_ command: Command, _ domain: Domain) -> Reply {
        switch command.form {
        case .read: return .success(["\(domain.command): \(settings.reporting[domain] ?? 0),\(status(domain))"])
        case .test: return .success(["\(domain.command): (0-3)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let mode = arguments.number(0, default: 0), (0...3).contains(mode) else {
                return .refused(.cme(50))
            }
            settings.reporting[domain] = mode
            return .success()
        }
    }

    /// `<stat>` and what the reporting mode adds to it: place and technology from 2 on, the reject cause at 3.
    private func status(_ domain: Domain) -> String {
        let stat = radio.stat(domain)
        let mode = settings.reporting[domain] ?? 0
        if case .denied(let cause) = radio.status, mode == 3 { return "\(stat),,,,0,\(cause)" }
        guard mode >= 2, [1, 5].contains(stat) else { return "\(stat)" }
        guard let technology = options.profile.technology else { return "\(stat),\"1A2B\",\"01C3\"" }
        return "\(stat),\"1A2B\",\"01C3D4E5\",\(technology)"
    }

    private mutating func operatorAnswer(_ command: Command) -> Reply {
        switch command.form {
        case .test:
            return .success([
                "+COPS: (2,\"Modemail Test\",\"Modemail\",\"00101\",7),(3,\"Other\",\"Other\",\"00102\",7),,(0-4),(0-2)"
            ])
        case .read:
            let mode = radio.isDeregistered ? 2 : 0
            guard radio.isRegistered else { return .success(["+COPS: \(mode)"]) }
            let name = ["Modemail Test", "Modemail", "00101"][radio.operatorFormat]
            let technology = options.profile.technology.map { ",\($0)" } ?? ""
            return .success(["+COPS: \(mode),\(radio.operatorFormat),\"\(name)\"\(technology)"])
        case .execute: return .refused(.plain)
        case .set(let arguments): return select(arguments)
        }
    }

    private mutating func select(_ arguments: [Argument]) -> Reply {
        switch arguments.number(0) {
        case 0, 1, 4:
            if radio.isDeregistered {
                radio.isDeregistered = false
                seekNetwork()
            }
            return .success()
        case 2:
            radio.isDeregistered = true
            loseNetwork(.off, "+COPS=2")
            return .success()
        case 3:
            guard let format = arguments.number(1), (0...2).contains(format) else { return .refused(.cme(50)) }
            radio.operatorFormat = format
            return .success()
        default: return .refused(.cme(50))
        }
    }

    private mutating func attachment(_ command: Command) -> Reply {
        switch command.form {
        case .read: return .success(["+CGATT: \(radio.isAttached ? 1 : 0)"])
        case .test: return .success(["+CGATT: (0,1)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let wanted = arguments.number(0), (0...1).contains(wanted) else {
                return .refused(.cme(50))
            }
            if wanted == 1 {
                guard radio.isRegistered else { return .refused(.cme(30)) }
                radio.isDetached = false
            } else {
                radio.isDetached = true
                loseContexts("+CGATT=0")
            }
            return .success()
        }
    }

    private func clock(_ command: Command) -> Reply {
        switch command.form {
        case .read: .success(["+CCLK: \"26/01/15,12:00:00+04\""])
        case .test: .success()
        case .set(let arguments): arguments.text(0) == nil ? .refused(.plain) : .success()
        case .execute: .refused(.plain)
        }
    }

    // MARK: what the network does

    /// Begins to search when SIM and radio allow it.
    mutating func seekNetwork() {
        guard power == .on, radio.function == 1, sim.state == .ready, !radio.isDeregistered else { return }
        agenda.removeAll { if case .register = $0 { true } else { false } }
        radio.status = .searching
        reportRegistration()
        switch options.registration {
        case .searching(let time, _): agenda.add(.register, at: now + time)
        case .home, .roaming, .lteOnly, .denied, .none: agenda.add(.register, at: now + Self.registrationTime)
        }
    }

    mutating func register() {
        guard power == .on, radio.function == 1, sim.state == .ready, !radio.isDeregistered else { return }
        var outcome = options.registration
        while case .searching(_, let next) = outcome { outcome = next }
        switch outcome {
        case .none, .searching: radio.status = .searching
        case .denied(let cause):
            radio.status = .denied(cause: cause)
            lastCause = Self.words(rejectCause: cause)
        case .home, .roaming, .lteOnly: radio.status = .registered(outcome)
        }
        reportRegistration()
        if radio.isRegistered { step(.registered) }
    }

    private mutating func reportRegistration() {
        for domain in Domain.allCases where (settings.reporting[domain] ?? 0) > 0 {
            announce("\(domain.command): \(status(domain))")
        }
    }

    mutating func loseNetwork(_ status: Radio.Status, _ reason: String) {
        agenda.removeAll { if case .register = $0 { true } else { false } }
        radio.status = status
        reportRegistration()
        loseContexts(reason)
    }

    /// 3GPP TS 24.301 §9.9.3.9.
    private static func words(rejectCause cause: Int) -> String {
        switch cause {
        case 2: "IMSI unknown in HSS"
        case 3: "Illegal UE"
        case 6: "Illegal ME"
        case 7: "EPS services not allowed"
        case 11: "PLMN not allowed"
        case 12: "Tracking area not allowed"
        case 13: "Roaming not allowed in this tracking area"
        case 14: "EPS services not allowed in this PLMN"
        case 15: "No suitable cells in tracking area"
        case 17: "Network failure"
        case 22: "Congestion"
        default: "Reject cause \(cause)"
        }
    }
}
