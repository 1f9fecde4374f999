import NIOCore

// Sending behind a prompt: `+QISEND=id,len` (counted), `+QISEND=id` (to `<^Z>`), `+QISENDEX` (in hexadecimal).
//
// Quectel has no short acceptance: a chunk is queued whole (`SEND OK`) or not at all (`SEND FAIL`, the same octets again). Where
// `partialWrites` asks for bad acceptance, nothing of a chunk is taken (`SEND FAIL`), or all of it is queued and the far TCP
// takes 1 or n − 1 octets of it first, the rest a while later: `+QISEND=id,0` shows that, and the send buffer fills earlier.
extension ModemMachine {
    static let quectelSendLimit = 1_460
    static let quectelHexLimit = 512

    mutating func quectelSendAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+QISEND": return sendPrompt(command, token: token)
        case "+QISENDEX": return sendHex(command)
        default: return nil
        }
    }

    private mutating func sendPrompt(_ command: Command, token: Int) -> Reply {
        if command.form == .test { return .success(["+QISEND: (0-11),(0-1460)"]) }
        guard let arguments = command.arguments, let id = arguments.number(0), Self.quectelSockets.contains(id),
            arguments.count <= 2
        else { return fail(.parameter) }
        guard let slot = slots[id], slot.state == .connected || slot.state == .ended else { return fail(.notAllowed) }
        guard arguments.count == 2 else {
            return slot.state == .connected ? .prompt(prompt(token, id, nil)) : fail(.closed)
        }
        guard let count = arguments.number(1), (0...Self.quectelSendLimit).contains(count) else {
            return fail(.parameter)
        }
        if count == 0 {
            return .success(["+QISEND: \(slot.totalSent),\(slot.totalAcknowledged),\(slot.unacknowledged)"])
        }
        guard slot.state == .connected else { return fail(.closed) }
        return .prompt(prompt(token, id, count))
    }

    private mutating func sendHex(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QISENDEX: (0-11),(0-512)"]) }
        guard let arguments = command.arguments, arguments.count == 2, let id = arguments.number(0),
            let text = arguments.text(1), let octets = Self.octets(hex: text),
            (1...Self.quectelHexLimit).contains(octets.count)
        else { return fail(.parameter) }
        guard let slot = slots[id], slot.state == .connected else { return fail(.closed) }
        return .final(accept(ByteBuffer(bytes: octets), slot: id) ? "SEND OK" : "SEND FAIL")
    }

    private static func octets(hex text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue ?? 255) }
        guard digits.count.isMultiple(of: 2), !digits.contains(255) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func prompt(_ token: Int, _ id: Int, _ count: Int?) -> Prompt {
        Prompt(
            token: token, slot: id, expected: count, limit: Self.quectelSendLimit, isEchoed: quectel.echoesPayload,
            inputTime: quectel.inputTimeout > 0 ? .seconds(Int64(quectel.inputTimeout)) : nil)
    }

    mutating func quectelConfirmation(of prompt: Prompt) -> Reply {
        switch prompt.failure {
        case .error: return fail(.unknown)
        case .sendFail: return .final("SEND FAIL")
        case nil: break
        }
        guard let slot = slots[prompt.slot], slot.state == .connected else { return fail(.closed) }
        let wasAccepted = accept(prompt.collected, slot: prompt.slot)
        guard quectel.sendInfo == 1 else { return .final(wasAccepted ? "SEND OK" : "SEND FAIL") }
        return .final("+QISEND: \(prompt.slot),\(wasAccepted ? 0 : 1),\(room(inSlot: prompt.slot))")
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
