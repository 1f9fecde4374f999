public import AT
import NIOCore

extension WIPsoft {
    public func exchange(for operation: SocketOperation) throws(ATError) -> Exchange? {
        switch operation {
        case .open(let slot, let endpoint, _, let step):
            guard let slot, step == 0 else { return nil }
            return try opening(slot, endpoint)
        case .openOnline(let slot, _, _), .resumeOnline(let slot):
            let command = CommandText("AT+WIPDATA=2,").number(slot).literal(",").number(mode.rawValue)
            return Exchange(command, completion: .dataMode, timeout: .seconds(15))
        case .close(let slot, let step):
            guard step == 0 else { return nil }
            return Exchange(CommandText("AT+WIPCLOSE=2,").number(slot), timeout: .seconds(15))
        case .state, .send, .sendLimit, .receive, .unacknowledged, .explain: return nil
        }
    }

    /// `OK` says only that the command was understood. An error comes in its place, or behind it as `+WIPERROR: 2,idx,error`.
    private func opening(_ slot: Int, _ endpoint: SocketEndpoint) throws(ATError) -> Exchange {
        let command = try CommandText("AT+WIPCREATE=2,").number(slot).literal(",")
            .quoted(endpoint.host, name: "the server's name").literal(",").number(Int(endpoint.port))
        return Exchange(
            command, completion: .finalAndLine(.exactly("+WIPREADY: 2,\(slot)"), limit: limits.openLimit),
            finals: [.init(.prefix("+WIPERROR: 2,\(slot),"))], timeout: limits.openLimit)
    }

    public func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .open: answer.result == .ok ? .opened : .failed(Self.fault(of: answer))
        case .openOnline:
            if case .connect = answer.result { .opened } else { .failed(Self.fault(of: answer)) }
        case .resumeOnline: resumption(answer)
        case .close: closing(answer)
        case .state, .send, .sendLimit, .receive, .unacknowledged, .explain:
            .failed(SocketFault(.other, words: "no such command"))
        }
    }

    /// A connection that cannot have the line again, though the bearer stands, was reset.
    private func resumption(_ answer: Exchange.Answer) -> SocketResult {
        switch answer.result {
        case .connect: .opened
        case .cme(831?, _): .failed(SocketFault(.reset, words: "831 (bad state)"))
        case .ok, .error, .cme, .cms, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor:
            .failed(Self.fault(of: answer))
        }
    }

    /// The index is free again behind this alone, whoever closed first. 830, 831, 803: nothing was open under it.
    private func closing(_ answer: Exchange.Answer) -> SocketResult {
        switch answer.result {
        case .ok: .done
        case .cme(803?, _), .cme(830?, _), .cme(831?, _), .error: .alreadyClosed
        case .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor:
            .failed(Self.fault(of: answer))
        }
    }

    /// The index is the second parameter; the first is the protocol, 2 for a TCP client.
    public func event(of line: ATLine) -> SocketEvent? {
        if let slot = slot(line, "+WIPREADY:") { return .opened(slot: slot) }
        if let slot = slot(line, "+WIPPEERCLOSE:") { return .peerClosed(slot: slot, slotIsFree: false) }
        if let slot = slot(line, "+WIPDATA:") { return .dataWaiting(slot: slot) }
        if let slot = slot(line, "+WIPERROR:"), let number = LineFields(line.text, prefix: "+WIPERROR:")?.number(2) {
            return .broken(slot: slot, Self.fault(number: number))
        }
        if let fields = LineFields(line.text, prefix: "+WIPBR:"), fields.count == 2, fields.number(0) == 6,
            fields.number(1) == 0
        {
            return .bearerLost(cid: nil, words: "the modem's bearer is down")
        }
        return SocketEvent.common(of: line)
    }

    private func slot(_ line: ATLine, _ prefix: String) -> Int? {
        guard let fields = LineFields(line.text, prefix: prefix), fields.number(0) == 2 else { return nil }
        return fields.count(1).flatMap { (1...8).contains($0) ? $0 : nil }
    }
}
