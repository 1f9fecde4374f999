public import AT
import NIOCore

extension SIMCom {
    private var isSingle: Bool { mode == .transparent }

    public func exchange(for operation: SocketOperation) throws(ATError) -> Exchange? {
        switch operation {
        case .open(let slot, let endpoint, _, let step):
            guard let slot, step == 0, !isSingle else { return nil }
            return Exchange(
                try opening(CommandText("AT+CIPSTART=").number(slot).literal(","), endpoint), timeout: .seconds(15))
        case .openOnline(_, let endpoint, _):
            guard isSingle else { return nil }
            return Exchange(
                try opening(CommandText("AT+CIPSTART="), endpoint), completion: .dataMode,
                finals: Self.refusals.map { .init(.exactly($0)) }, timeout: limits.openLimit)
        case .resumeOnline:
            return Exchange(CommandText("ATO"), completion: .dataMode, timeout: .seconds(10))
        case .state(let slot):
            if isSingle { return Self.state }
            return Exchange(CommandText("AT+CIPSTATUS=").number(slot), responsePrefixes: ["+CIPSTATUS:"])
        case .send(let slot, let octets):
            return send(slot, octets)
        case .receive(let slot, let most):
            let command = CommandText("AT+CIPRXGET=2,").number(slot).literal(",").number(most)
            return Exchange(command, responsePrefixes: ["+CIPRXGET: 2,"], timeout: .seconds(20))
        case .sendLimit:
            return Exchange(CommandText("AT+CIPSEND?"), responsePrefixes: ["+CIPSEND:"])
        case .unacknowledged(let slot):
            // A send was answered because the peer had it.
            guard mode != .sendOK else { return nil }
            return Exchange(CommandText("AT+CIPACK=").number(slot), responsePrefixes: ["+CIPACK:"])
        case .explain:
            return nil
        case .close(let slot, let step):
            guard step == 0 else { return nil }
            return close(slot)
        }
    }

    private func opening(_ command: CommandText, _ endpoint: SocketEndpoint) throws(ATError) -> CommandText {
        try command.literal("\"TCP\",").quoted(endpoint.host, name: "the server's name").literal(",")
            .number(Int(endpoint.port))
    }

    /// What ends the opening of a single connection; `STATE: …` stands in front of the first.
    private static let refusals = ["CONNECT FAIL", "ALREADY CONNECT"]

    /// Quick send: `DATA ACCEPT:n,len`, and *len* may be less than was sent. Else `n, SEND OK`, once the peer has acknowledged.
    private func send(_ slot: Int, _ octets: ByteBuffer) -> Exchange {
        let confirmation: LinePattern =
            mode == .sendOK
            ? .leading(slot, suffix: "SEND OK") : .numbered(prefix: "DATA ACCEPT:", first: slot)
        return Exchange(
            CommandText("AT+CIPSEND=").number(slot).literal(",").number(octets.readableBytes),
            payload: .init(goAhead: .prompt(UInt8(ascii: ">"), pause: .zero), octets: octets),
            completion: .lineInstead([confirmation]), finals: [.init(.leading(slot, suffix: "SEND FAIL"))],
            timeout: mode == .sendOK ? Self.acknowledgementTime : .seconds(60))
    }

    /// A peer that acknowledges nothing for so long is gone; the modem itself waits 645 s (SIM7000 V1.03).
    private static let acknowledgementTime = TimeAmount.seconds(120)

    /// Slow close: what was sent is delivered first. `n, CLOSE OK` in place of `OK`.
    private func close(_ slot: Int) -> Exchange {
        if isSingle {
            return Exchange(
                CommandText("AT+CIPCLOSE=0"), completion: .lineInstead([.exactly("CLOSE OK")]), timeout: .seconds(10))
        }
        return Exchange(
            CommandText("AT+CIPCLOSE=").number(slot).literal(",0"),
            completion: .lineInstead([.leading(slot, suffix: "CLOSE OK")]), timeout: .seconds(10))
    }

    // MARK: Answers

    public func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .open: answer.result == .ok ? .opening : .failed(Self.fault(of: answer))
        case .openOnline, .resumeOnline:
            if case .connect = answer.result { .opened } else { .failed(Self.fault(of: answer)) }
        case .state(let slot): isSingle ? Self.singleState(in: answer) : Self.connectionState(in: answer, slot)
        case .send(_, let octets): acceptance(of: answer, octets.readableBytes)
        case .receive(let slot, _): Self.received(in: answer, slot)
        case .sendLimit(let slot): Self.sendLimit(in: answer, slot)
        case .unacknowledged: Self.unacknowledged(in: answer)
        case .explain: .done
        case .close: answer.result == .ok ? .done : .alreadyClosed
        }
    }

    private static func fault(of answer: Exchange.Answer) -> SocketFault {
        switch answer.result {
        case .vendor(let text): fault(words: text) ?? SocketFault(.other, words: text)
        case .error: SocketFault(.other, words: "ERROR")
        case .ok, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone:
            SocketFault(.other, words: answer.result.description)
        }
    }

    /// The modem has one word for a name that is unknown, a peer that refuses and one that is not there.
    private static func fault(words: String) -> SocketFault? {
        if words.hasSuffix("ALREADY CONNECT") { return SocketFault(.slotBusy, words: "ALREADY CONNECT") }
        guard words.hasSuffix("CONNECT FAIL") else { return nil }
        return SocketFault(.connectFailed, words: "CONNECT FAIL (name unknown, refused or not reached)")
    }

    /// `SEND FAIL` of a quick send: nothing was queued. Else it is not known what the peer has.
    private func acceptance(of answer: Exchange.Answer, _ offered: Int) -> SocketResult {
        switch answer.result {
        case .ok:
            if mode == .sendOK { return .accepted(offered) }
            guard let line = answer.completingLine, let fields = LineFields(line.text, prefix: "DATA ACCEPT:"),
                let count = fields.count(1), count <= offered
            else { return .failed(SocketFault(.modem, words: "no count of accepted octets")) }
            return .accepted(count)
        case .vendor where mode != .sendOK: return .accepted(0)
        case .error, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor:
            return .failed(Self.fault(of: answer))
        }
    }

    /// `+CIPRXGET: 2,n,got,left`
    private static func received(in answer: Exchange.Answer, _ slot: Int) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let fields = LineFields(line.text, prefix: "+CIPRXGET:"), fields.number(0) == 2,
                fields.number(1) == slot
            else { continue }
            guard let payload = line.payload, payload.readableBytes > 0 else { return .empty }
            return .received(payload, left: fields.count(3))
        }
        return .empty
    }

    /// `+CIPSEND: n,size`, a line a connection or the asked one's alone.
    private static func sendLimit(in answer: Exchange.Answer, _ slot: Int) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let fields = LineFields(line.text, prefix: "+CIPSEND:"), fields.number(0) == slot,
                let size = fields.count(1)
            else { continue }
            return .limit(size)
        }
        return .failed(SocketFault(.other, words: "no limit of a send"))
    }

    /// `+CIPACK: sent,acknowledged,unacknowledged`
    private static func unacknowledged(in answer: Exchange.Answer) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let count = LineFields(line.text, prefix: "+CIPACK:")?.count(2) else { continue }
            return .unacknowledged(count)
        }
        return .failed(SocketFault(.other, words: "no count of unacknowledged octets"))
    }

    /// `+CIPSTATUS: n,bearer,"TCP","address","port","CONNECTED"`
    private static func connectionState(in answer: Exchange.Answer, _ slot: Int) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let fields = LineFields(line.text, prefix: "+CIPSTATUS:"), fields.number(0) == slot else { continue }
            switch fields[fields.count - 1] {
            case "CONNECTED": return .opened
            case "CONNECTING": return .opening
            case "REMOTE CLOSING", "CLOSING": return .ended
            case "CLOSED", "INITIAL": return .alreadyClosed
            default: continue
            }
        }
        return .alreadyClosed
    }

    /// The state of the one connection is that of the whole stack.
    private static func singleState(in answer: Exchange.Answer) -> SocketResult {
        switch state(in: answer) {
        case "CONNECT OK": .opened
        case "TCP CONNECTING": .opening
        case "TCP CLOSING", "TCP CLOSED", "IP CLOSE", "IP STATUS": .ended
        default: .failed(SocketFault(.bearerDown, words: answer.completingLine?.text ?? ""))
        }
    }

    // MARK: Lines

    public func event(of line: ATLine) -> SocketEvent? {
        if let payload = line.payload {
            return Self.received(line.text).map { .dataPushed(slot: $0.slot, payload) }
        }
        if let fields = LineFields(line.text, prefix: "+CIPRXGET:") {
            guard fields.number(0) == 1, let slot = fields.count(1) else { return nil }
            return .dataWaiting(slot: slot)
        }
        if line.text.hasPrefix("+PDP:") {
            guard line.text.hasSuffix("DEACT") else { return nil }
            return .bearerLost(cid: nil, words: "the network took the bearer down (\(line.text))")
        }
        if Self.powerDownLines.contains(line.text) { return .rebooted(words: line.text) }
        return Self.connectionEvent(line.text) ?? SocketEvent.common(of: line)
    }

    private static let powerDownLines: Set<String> = [
        "NORMAL POWER DOWN", "UNDER-VOLTAGE POWER DOWN", "OVER-VOLTAGE POWER DOWN",
    ]

    /// `n, CONNECT OK`, with a blank or without.
    private static func connectionEvent(_ text: String) -> SocketEvent? {
        let fields = LineFields(text)
        guard fields.count == 2, let slot = fields.count(0) else { return nil }
        switch fields[1] {
        case "CONNECT OK": return .opened(slot: slot)
        case "CLOSED": return .peerClosed(slot: slot, slotIsFree: false)
        default: return fault(words: fields[1]).map { .openFailed(slot: slot, $0) }
        }
    }
}
