import NIOCore
import PPP

// Start, reset, and what the fault script does.
extension ModemMachine {
    /// The modem has been on for a while: where nothing has to be waited for, it is registered.
    mutating func begin() {
        for case let fault in options.faults.faults {
            if case .time(let time) = fault.trigger { agenda.add(.fault(fault.effect), at: start + time) }
        }
        if case .busy(let time, let next) = options.sim { agenda.add(.simBecomes(next), at: now + time) }
        guard sim.state == .ready else { return }
        radio.status = .searching
        if case .searching(let time, _) = options.registration {
            agenda.add(.register, at: now + time)
        } else {
            register()
        }
    }

    mutating func step(_ step: Fault.Step) {
        for effect in faults.take(step: step) { suffer(effect) }
    }

    mutating func suffer(_ effect: Fault.Effect) {
        ledger.note("fault", "\(effect)", now: now)
        switch effect {
        case .silence(let time): wake(carrier.silence(for: time, now: now))
        case .stopReading(let time): wake(carrier.block(for: time, now: now))
        case .reboot: restart()
        case .unplug: unplug()
        case .dropDTR: dropDTR()
        case .late, .error, .noPrompt, .promptThenError, .sendFail: burden(effect)
        case .dropCarrier: loseNetwork(.searching, "carrier lost")
        case .deactivate: loseContexts("by the network")
        case .terminatePPP: feed(link: .close)
        case .hangUp:
            if call != nil { serial.dropOutput() }
            hangUp("by the network")
        case .babble(let count): carrier.babbleLeft += count
        case .halfURC: send(lineEnd + Array(options.profile.halfLine.utf8))
        case .urc(let text): announce(text)
        case .reset: endConnections(wasReset: true)
        case .close: endConnections(wasReset: false)
        case .stall(let time):
            carrier.stall(for: time, now: now)
            wake(carrier.stallEnd)
        case .blackhole: carrier.isBlackhole = true
        case .removeSIM:
            sim.become(.absent)
            announce("+CPIN: NOT INSERTED")
            loseNetwork(.off, "SIM removed")
        case .corrupt(let direction, let count): faults.corrupt(count, direction)
        case .noise(let direction, let count): faults.addNoise(count, direction)
        case .chatter(let count): carrier.chatterLeft += min(count ?? 1_000_000_000, 1_000_000_000)
        case .halfClose:
            for (_, slot) in slots.sorted(by: { $0.key < $1.key }) where slot.state == .connected {
                arrivedEnd(slot.key, wasReset: false)
            }
        case .mute(let time): carrier.mute(for: time, now: now)
        case .dribble(let time): carrier.dribble = time
        }
    }

    private mutating func wake(_ end: NIODeadline) {
        if end < .distantFuture { agenda.add(.wake, at: end) }
    }

    /// An effect on a command, without one named: the command or prompt at work bears it, or else the next one.
    private mutating func burden(_ effect: Fault.Effect) {
        switch activity {
        case .running(var execution) where !effect.concernsPrompt && !execution.isWaiting:
            execution.effects.append(effect)
            activity = .running(execution)
            if case .late(let time) = effect { delay(execution.token, by: time) }
        case .prompting(var prompt) where effect == .sendFail || effect == .promptThenError:
            prompt.failure = effect == .sendFail ? .sendFail : .error
            activity = .prompting(prompt)
        case .running, .prompting, .idle, .online, .calling: faults.postpone(effect)
        }
    }

    /// A command that is planned comes later.
    private mutating func delay(_ token: Int, by time: TimeAmount) {
        let isPlanned = agenda.removeAll { if case .execute(token) = $0 { true } else { false } }
        if isPlanned { agenda.add(.execute(token), at: now + options.latency + time) }
    }

    private mutating func endConnections(wasReset: Bool) {
        for (_, slot) in slots.sorted(by: { $0.key < $1.key }) where slot.state == .connected {
            actions.append(wasReset ? .abort(slot.key) : .close(slot.key))
            arrivedEnd(slot.key, wasReset: wasReset)
        }
    }

    private mutating func unplug() {
        forgetEverything("unplugged")
        power = .off
        carrier.isUnplugged = true
        if hosts > 0 { ledger.closed(.port, "unplugged", now: now) }  // its close can be seen no more
        hosts = 0
        actions.append(.unplug)
    }

    /// What a reset or a loss of power ends. The ledger is told: it was not left open by the host.
    private mutating func forgetEverything(_ reason: String) {
        switch activity {
        case .online, .calling: ledger.closed(.dataMode, reason, now: now)
        case .idle, .running, .prompting: break
        }
        activity = .idle
        call = nil
        for (id, slot) in slots.sorted(by: { $0.key < $1.key }) {
            actions.append(.abort(slot.key))
            ledger.closed(.socket(id), reason, now: now)
        }
        slots = [:]
        for (cid, context) in contexts.sorted(by: { $0.key < $1.key }) where context.state != .inactive {
            contexts[cid]?.state = .inactive
            ledger.closed(.bearer(cid), reason, now: now)
        }
        for case .layer(let name) in ledger.balance.open.keys { ledger.closed(.layer(name), reason, now: now) }
        unsolicited.removeAll()
        faults.forgetBurdens()
        serial.dropOutput()
        serial.dropInput()
        settings = options.profile.settings
        stack = options.profile.stack.init()
        reader = CommandLineReader()
        radio = Radio()
        agenda.removeAll { due in
            switch due {
            case .fault, .simBecomes, .wake: false
            default: true
            }
        }
    }

    mutating func restart() {
        guard power != .off, !carrier.isUnplugged else { return }
        forgetEverything("reset")
        sim.restart()
        power = .booting
        ledger.note("boot", "", now: now)
        agenda.add(.boot(0), at: now + options.bootTime)
    }

    mutating func shutDown(_ words: String?) {
        if let words { send(lineEnd + Array(words.utf8) + lineEnd) }
        flush()
        forgetEverything("powered down")
        power = .off
    }

    /// The lines of a start, group by group.
    mutating func boot(_ number: Int) {
        power = .on
        let groups = options.profile.boot
        for line in groups.dropFirst(number).first ?? [] { announceBoot(line) }
        if number == 0 { step(.boot) }
        if number == 1 { seekNetwork() }
        if number + 1 < groups.count, power == .on { agenda.add(.boot(number + 1), at: now + .milliseconds(100)) }
    }

    private mutating func announceBoot(_ line: Profile.BootLine) {
        switch line {
        case .text(let text): announce(text)
        case .whenReady(let text): if sim.state == .ready { announce(text) }
        case .sim:
            switch sim.state {
            case .ready: announce("+CPIN: READY")
            case .locked: announce("+CPIN: SIM PIN")
            case .blocked: announce("+CPIN: SIM PUK")
            case .absent: announce("+CPIN: NOT INSERTED")
            case .busy: break
            }
        }
    }
}
