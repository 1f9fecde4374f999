public import AT
import NIOCore

extension Quectel {
    public func exchange(for operation: SocketOperation) throws(ATError) -> Exchange? {
        switch operation {
        case .open(let slot, let endpoint, let cid, let step):
            guard let slot, step == 0 else { return nil }
            return Exchange(try opening(slot, endpoint, cid), timeout: .seconds(15))
        case .openOnline(let slot, let endpoint, let cid):
            return Exchange(try opening(slot, endpoint, cid), completion: .dataMode, timeout: limits.openLimit)
        case .resumeOnline:
            return Exchange(CommandText("ATO"), completion: .dataMode, timeout: .seconds(10))
        case .state(let slot):
            return Exchange(CommandText("AT+QISTATE=1,").number(slot), responsePrefixes: ["+QISTATE:"])
        case .send(let slot, let octets):
            return send(slot, octets)
        case .receive(let slot, let most):
            let command = CommandText("AT+QIRD=").number(slot).literal(",").number(most)
            return Exchange(command, responsePrefixes: ["+QIRD:"], timeout: .seconds(20))
        case .unacknowledged(let slot):
            let command = CommandText("AT+QISEND=").number(slot).literal(",0")
            return Exchange(command, responsePrefixes: ["+QISEND:"])
        case .sendLimit:
            return nil
        case .explain:
            return Self.lastError
        case .close(let slot, let step):
            guard step == 0 else { return nil }
            let command = CommandText("AT+QICLOSE=").number(slot).literal(",").number(Self.closeSeconds)
            return Exchange(command, timeout: .seconds(Int64(Self.closeSeconds) + 5))
        }
    }

    /// How long `+QICLOSE` may wait for the peer's FIN before it resets; it blocks the line meanwhile. The maker's default
    /// of 10 s would take most of a teardown's 15 s from a peer that is gone.
    private static let closeSeconds = 3

    private func opening(_ slot: Int, _ endpoint: SocketEndpoint, _ cid: Int) throws(ATError) -> CommandText {
        try CommandText("AT+QIOPEN=").number(cid).literal(",").number(slot).literal(",\"TCP\",")
            .quoted(endpoint.host, name: "the server's name").literal(",").number(Int(endpoint.port)).literal(",0,")
            .number(mode.rawValue)
    }

    /// `SEND OK`: queued in the modem. `SEND FAIL`: nothing of it was, its buffer is full. `ERROR`: no connection.
    private func send(_ slot: Int, _ octets: ByteBuffer) -> Exchange {
        Exchange(
            CommandText("AT+QISEND=").number(slot).literal(",").number(octets.readableBytes),
            payload: .init(goAhead: .prompt(UInt8(ascii: ">"), pause: .zero), octets: octets),
            completion: .lineInstead([.exactly("SEND OK")]), finals: [.init(.exactly("SEND FAIL"))],
            timeout: .seconds(60))
    }

    public func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult {
        switch operation {
        case .open: answer.result == .ok ? .opening : .failed(Self.fault(of: answer))
        case .openOnline, .resumeOnline:
            if case .connect = answer.result { .opened } else { .failed(Self.fault(of: answer)) }
        case .state: Self.state(in: answer)
        case .send(_, let octets): Self.acceptance(of: answer, octets.readableBytes)
        case .receive: Self.received(in: answer)
        case .unacknowledged: Self.unacknowledged(in: answer)
        case .sendLimit, .explain: .done
        case .close: answer.result == .ok ? .done : .alreadyClosed
        }
    }

    private static func acceptance(of answer: Exchange.Answer, _ offered: Int) -> SocketResult {
        switch answer.result {
        case .ok: .accepted(offered)
        case .vendor(let text) where text == "SEND FAIL": .accepted(0)
        case .error, .cme, .cms, .connect, .noCarrier, .busy, .noAnswer, .noDialtone, .vendor:
            .failed(fault(of: answer))
        }
    }

    private static func received(in answer: Exchange.Answer) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        guard let payload = answer.lines.first(where: { $0.text.hasPrefix("+QIRD:") })?.payload else { return .empty }
        return payload.readableBytes > 0 ? .received(payload, left: nil) : .empty
    }

    /// `+QISEND: total,acknowledged,unacknowledged`
    private static func unacknowledged(in answer: Exchange.Answer) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let count = LineFields(line.text, prefix: "+QISEND:")?.count(2) else { continue }
            return .unacknowledged(count)
        }
        return .failed(SocketFault(.other, words: "no count of unacknowledged octets"))
    }

    /// `+QISTATE: id,"TCP","ip",remote port,local port,state,…`: 0 initial, 1 opening, 2 connected, 3 listening, 4 closing.
    private static func state(in answer: Exchange.Answer) -> SocketResult {
        guard answer.result == .ok else { return .failed(fault(of: answer)) }
        for line in answer.lines {
            guard let fields = LineFields(line.text, prefix: "+QISTATE:") else { continue }
            switch fields.number(5) {
            case 0, 1: return .opening
            case 2: return .opened
            case 4: return .ended
            default: continue
            }
        }
        return .alreadyClosed
    }

    public func event(of line: ATLine) -> SocketEvent? {
        if let fields = LineFields(line.text, prefix: "+QIOPEN:") {
            guard let slot = fields.count(0), let code = fields.number(1) else { return nil }
            return code == 0 ? .opened(slot: slot) : .openFailed(slot: slot, Self.fault(number: code, words: nil))
        }
        guard let fields = LineFields(line.text, prefix: "+QIURC:") else { return SocketEvent.common(of: line) }
        guard let number = fields.count(1) else { return nil }
        switch fields[0] {
        case "recv": return line.payload.map { .dataPushed(slot: number, $0) } ?? .dataWaiting(slot: number)
        case "closed": return .peerClosed(slot: number, slotIsFree: false)
        case "pdpdeact":
            return .bearerLost(cid: number, words: "the network took the PDP context down (pdpdeact)")
        default: return nil
        }
    }
}
