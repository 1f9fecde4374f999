import NIOCore

// Sending behind a prompt: `+QISEND=id,len` (counted), `+QISEND=id` (to `<^Z>`), `+QISENDEX` (in hexadecimal).
//
// Quectel has no short acceptance: a chunk is queued whole (`SEND OK`) or not at all (`SEND FAIL`, the same octets again). Where
// `partialWrites` asks for bad acceptance, nothing of a chunk is taken (`SEND FAIL`), or all of it is queued and the far TCP
// takes 1 or n − 1 octets of it first, the rest a while later: `+QISEND=id,0` shows that, and the send buffer fills earlier.
extension ModemMachine {
    static let sendLimit = 1_460
    static let hexLimit = 512

    mutating func sendAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+QISEND": return sendPrompt(command, token: token)
        case "+QISENDEX": return sendHex(command)
        default: return nil
        }
    }

    private mutating func sendPrompt(_ command: Command, token: Int) -> Reply {
        if command.form == .test { return .success(["+QISEND: (0-11),(0-1460)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.socketRange.contains(id),
            arguments.count <= 2
        else { return fail(.parameter) }
        guard let slot = slots[id], slot.state == .connected || slot.state == .ended else { return fail(.notAllowed) }
        guard arguments.count == 2 else {
            return slot.state == .connected ? .prompt(Prompt(token: token, slot: id, expected: nil)) : fail(.closed)
        }
        guard let count = arguments.number(1), (0...Self.sendLimit).contains(count) else { return fail(.parameter) }
        if count == 0 {
            return .success(["+QISEND: \(slot.totalSent),\(slot.totalAcknowledged),\(slot.unacknowledged)"])
        }
        guard slot.state == .connected else { return fail(.closed) }
        return .prompt(Prompt(token: token, slot: id, expected: count))
    }

    private mutating func sendHex(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QISENDEX: (0-11),(0-512)"]) }
        guard let arguments = command.arguments, arguments.count == 2, let id = arguments.number(0),
            let text = arguments.text(1), let octets = Self.octets(hex: text),
            (1...Self.hexLimit).contains(octets.count)
        else { return fail(.parameter) }
        guard let slot = slots[id], slot.state == .connected else { return fail(.closed) }
        return .final(accept(ByteBuffer(bytes: octets), slot: id) ? "SEND OK" : "SEND FAIL")
    }

    private static func octets(hex text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue ?? 255) }
        guard digits.count.isMultiple(of: 2), !digits.contains(255) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// Shows the prompt: CR LF, `>`, a blank, and no line end. Unsolicited lines may follow until the first octet of payload.
    mutating func show(_ prompt: Prompt, _ execution: Execution) {
        var prompt = prompt
        if execution.effects.contains(.promptThenError) { prompt.failure = .error }
        if execution.effects.contains(.sendFail) { prompt.failure = .sendFail }
        activity = .prompting(prompt)
        gap()
        if !execution.effects.contains(.noPrompt) {
            send([settings.lineEnd, settings.lineFeed] + Array("> ".utf8))
        }
        gap()
        if settings.inputTimeout > 0 {
            agenda.add(.promptTimedOut(prompt.token), at: now + .seconds(Int64(settings.inputTimeout)))
        }
        step(.prompt)
    }

    /// Takes payload. A line feed that the host sent behind the command's CR is payload, too.
    mutating func collect(_ octets: ByteBuffer, for prompt: Prompt) {
        var prompt = prompt
        if prompt.expected == nil {
            switch octets.readableBytesView.first {
            case 0x1A: return complete(prompt)
            case 0x1B: return cancel(prompt)
            default: break
            }
        }
        if settings.echoesPayload { send(Array(octets.readableBytesView)) }
        prompt.collected.writeImmutableBuffer(octets)
        activity = .prompting(prompt)
        let limit = prompt.expected ?? Self.sendLimit
        if prompt.collected.readableBytes >= limit { complete(prompt) }
    }

    private mutating func cancel(_ prompt: Prompt) {
        lastError = .sendCancelled
        finish("OK")
        forgetTimeout(prompt)
    }

    private mutating func complete(_ prompt: Prompt) {
        forgetTimeout(prompt)
        activity = .running(Execution(token: prompt.token, remaining: []))
        step(.sent)
        guard case .running(let execution) = activity, execution.token == prompt.token, power == .on else { return }
        agenda.add(.conclude(prompt.token, confirmation(of: prompt)), at: now + options.latency)
    }

    private mutating func confirmation(of prompt: Prompt) -> Reply {
        switch prompt.failure {
        case .error: return fail(.unknown)
        case .sendFail: return .final("SEND FAIL")
        case nil: break
        }
        guard let slot = slots[prompt.slot], slot.state == .connected else { return fail(.closed) }
        let wasAccepted = accept(prompt.collected, slot: prompt.slot)
        guard settings.sendInfo == 1 else { return .final(wasAccepted ? "SEND OK" : "SEND FAIL") }
        return .final("+QISEND: \(prompt.slot),\(wasAccepted ? 0 : 1),\(room(inSlot: prompt.slot))")
    }

    mutating func promptTimedOut(_ token: Int) {
        guard case .prompting(let prompt) = activity, prompt.token == token else { return }
        lastError = .sendCancelled
        ledger.note("prompt", "timed out with \(prompt.collected.readableBytes) octets", now: now)
        finish("ERROR")
    }

    private mutating func forgetTimeout(_ prompt: Prompt) {
        agenda.removeAll { if case .promptTimedOut(prompt.token) = $0 { true } else { false } }
    }

    /// Octets that the slot's send buffer still takes.
    func room(inSlot id: Int) -> Int {
        guard let slot = slots[id], slot.state == .connected else { return Self.sendLimit * 2 }
        return max(0, options.sendBuffer - slot.unacknowledged)
    }

    /// Queues all of it, or nothing.
    private mutating func accept(_ octets: ByteBuffer, slot id: Int) -> Bool {
        guard octets.readableBytes <= room(inSlot: id) else { return false }
        let isBad = random.percent(options.partialWrites)
        if isBad, Bool.random(using: &random) { return false }
        carryUp(id, octets, inPieces: isBad)
        return true
    }
}
