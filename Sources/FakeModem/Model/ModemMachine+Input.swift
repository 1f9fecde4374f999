import NIOCore

// Input: what an octet of the host means depends on what the line is for.
extension ModemMachine {
    /// Whether octets of the host are looked at now. A command that runs leaves them in the receiver's buffer (unless they
    /// abort it); a full send buffer in data mode does too, which is flow control.
    var takesInput: Bool {
        guard !carrier.isBlocked(now) else { return false }
        switch activity {
        case .idle, .prompting: return true
        case .running(let execution): return execution.isAbortable || power != .on || carrier.isSilent(now)
        case .online(let online): return room(inSlot: online.slot) > online.pending.readableBytes
        case .calling: return carrier.backlogUp(now: now) < Self.backlog
        }
    }

    /// Processes what has come in; whether anything was.
    mutating func consumeInput() -> Bool {
        var progressed = false
        while serial.available(now: now) > 0 {
            guard takesInput else {
                noteEarlyOctets()
                break
            }
            let octets = serial.take(takeLimit, now: now)
            guard octets.readableBytes > 0 else { break }
            progressed = true
            process(faults.transferred(octets, .up))
            for effect in faults.linePassed(octets.readableBytes, .up) { suffer(effect) }
        }
        return progressed
    }

    /// How many octets may be taken at once without passing over a change of meaning or a fault.
    private var takeLimit: Int {
        let untilFault = faults.lineOctets(until: .up)
        switch activity {
        case .idle, .running: return min(1, untilFault)
        case .prompting(let prompt):
            guard let expected = prompt.expected else { return min(1, untilFault) }
            return min(max(1, expected - prompt.collected.readableBytes), untilFault)
        case .online(let online):
            return min(max(1, room(inSlot: online.slot) - online.pending.readableBytes - 3), untilFault)
        case .calling: return untilFault
        }
    }

    private mutating func process(_ octets: ByteBuffer) {
        guard power == .on, !carrier.isSilent(now) else { return }
        switch activity {
        case .idle: for octet in octets.readableBytesView { type(octet) }
        case .running(let execution):
            activity = .idle
            agenda.removeAll { if case .execute(execution.token) = $0 { true } else { false } }
            result("ERROR")
        case .prompting(let prompt): collect(octets, for: prompt)
        case .online(let online): takeOnline(octets, online)
        case .calling: takeCall(octets)
        }
    }

    /// One octet in command mode: echoed as received, then looked at.
    private mutating func type(_ octet: UInt8) {
        if !reader.isMidLine { gap() }
        if settings.echo { send([octet]) }
        switch reader.take(octet, lineEnd: settings.lineEnd, backspace: settings.backspace) {
        case .none: break
        case .tooLong: result("ERROR")
        case .line(let body): run(body)
        }
    }

    private mutating func noteEarlyOctets() {
        guard case .running(var execution) = activity, !execution.sawEarlyOctets, prelude.isEmpty else { return }
        execution.sawEarlyOctets = true
        activity = .running(execution)
        ledger.note("early", "the host wrote while a command ran", now: now)
    }

    /// Types what an earlier host typed, item by item, each when the modem is free for it.
    mutating func typePrelude() {
        guard let text = prelude.first, power == .on, serial.input.readableBytes == 0 else { return }
        switch activity {
        case .idle, .prompting, .online, .calling:
            guard !slots.values.contains(where: { $0.state == .opening }) else { return }
            prelude.removeFirst()
            serial.receive(ByteBuffer(string: text), now: now, random: &random)
            agenda.add(.wake, at: now)
        case .running: break
        }
    }

    /// Whether the prelude has been typed and answered.
    var isReady: Bool {
        guard prelude.isEmpty, serial.input.readableBytes == 0 else { return false }
        if case .running = activity { return false }
        return !slots.values.contains { $0.state == .opening }
    }
}
