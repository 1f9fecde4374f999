import AT
import Modem
import NIOCore
import Support

/// A TCP connection as a modem holds it.
struct FarSocket {
    var isConnected = false
    /// What the modem took, for the peer.
    var toPeer: [UInt8] = []
    /// What came from the peer and was not fetched.
    var fromPeer: [UInt8] = []
    /// Whether the next arrival is announced.
    var isArmed = true
    var hasPeerClosed = false
    var isCloseAnnounced = false
    var unacknowledged = 0
}

/// The far side of a dialect's commands, written from the makers' facts: takes a command's text and payload, answers, and says
/// lines in between. Subclasses speak one dialect each.
class FarModem {
    var sockets: [Int: FarSocket] = [:]
    var lines: [ATLine] = []
    /// Of so many offered octets, how many are taken.
    var accepts: (Int) -> Int = { $0 }
    /// Of so many that could be given, how many are.
    var gives: (Int) -> Int = { $0 }
    /// Commands as they came.
    var commands: [String] = []
    var grave: [Int: FarSocket] = [:]

    /// Everything that the modem took for a peer, the closed connections' too.
    func taken(_ slot: Int) -> [UInt8] { sockets[slot]?.toPeer ?? grave[slot]?.toPeer ?? [] }

    final func answer(_ exchange: Exchange) -> Exchange.Answer {
        let text = exchange.text.wire
        commands.append(text)
        let name = String(text.dropFirst(2).prefix { $0 != "=" && $0 != "?" })
        let parameters = text.split(separator: "=", maxSplits: 1).dropFirst().first.map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map {
                $0.hasPrefix("\"") ? String($0.dropFirst().dropLast()) : String($0)
            }
        }
        return answer(name, parameters ?? [], exchange)
    }

    func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        Exchange.Answer(result: .error)
    }

    func arrive(_ octets: [UInt8], _ slot: Int) {
        guard sockets[slot]?.isConnected == true, sockets[slot]?.hasPeerClosed == false else { return }
        sockets[slot]?.fromPeer += octets
        announce(slot)
    }

    func closePeer(_ slot: Int) {
        guard sockets[slot]?.isConnected == true, sockets[slot]?.hasPeerClosed == false else { return }
        sockets[slot]?.hasPeerClosed = true
        announceClose(slot)
    }

    func announce(_ slot: Int) {}
    func announceClose(_ slot: Int) {}

    // MARK: For the subclasses

    final func say(_ text: String, _ payload: [UInt8]? = nil) {
        lines.append(ATLine(text, payload: payload.map { ByteBuffer(bytes: $0) }))
    }

    final func free(_ slot: Int) {
        grave[slot] = sockets.removeValue(forKey: slot)
    }

    /// Takes some of the payload and answers how many octets.
    final func take(_ slot: Int, _ exchange: Exchange) -> Int {
        let octets = Array(exchange.payload?.octets.readableBytesView ?? ByteBuffer().readableBytesView)
        let count = accepts(octets.count)
        sockets[slot]?.toPeer += octets.prefix(count)
        sockets[slot]?.unacknowledged += count
        return count
    }

    /// Gives some of what waits, and arms the notice again once nothing waits.
    final func give(_ slot: Int, atMost: Int) -> [UInt8] {
        guard let waiting = sockets[slot]?.fromPeer, !waiting.isEmpty else {
            sockets[slot]?.isArmed = true
            return []
        }
        let most = min(atMost, waiting.count)
        let count = max(1, min(most, gives(most)))
        sockets[slot]?.fromPeer.removeFirst(count)
        if count == waiting.count { sockets[slot]?.isArmed = true }
        return Array(waiting.prefix(count))
    }

    final func ok(_ lines: [ATLine] = []) -> Exchange.Answer { Exchange.Answer(lines: lines) }
    final func line(_ text: String, _ payload: [UInt8]? = nil) -> ATLine {
        ATLine(text, payload: payload.map { ByteBuffer(bytes: $0) })
    }
    final var error: Exchange.Answer { Exchange.Answer(result: .error) }
}

/// Quectel EC2x: at-dialects 3.5.
final class FarQuectel: FarModem {
    /// What `+QIOPEN: id,` says of the next open; nil: nothing is said.
    var openResult: Int? = 0
    var lastError = "0,operate successfully"
    var isPushing = false

    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+QIOPEN": return open(Int(parameters[1]) ?? -1, isPushing: parameters.last == "1")
        case "+QISEND" where parameters.last == "0": return acknowledgement(slot)
        case "+QISEND": return send(slot, exchange)
        case "+QIRD": return fetch(slot, Int(parameters[1]) ?? 0)
        case "+QICLOSE":
            guard sockets[slot] != nil else { return error }
            free(slot)
            return ok()
        case "+QIGETERROR": return ok([line("+QIGETERROR: \(lastError)")])
        case "+QISTATE": return ok()
        default: return error
        }
    }

    private func open(_ slot: Int, isPushing: Bool) -> Exchange.Answer {
        self.isPushing = isPushing
        guard sockets[slot] == nil else {
            say("+QIOPEN: \(slot),563")
            return ok()
        }
        sockets[slot] = FarSocket(isConnected: openResult == 0)
        if let openResult { say("+QIOPEN: \(slot),\(openResult)") }
        return ok()
    }

    private func send(_ slot: Int, _ exchange: Exchange) -> Exchange.Answer {
        guard let socket = sockets[slot], socket.isConnected, !socket.hasPeerClosed else { return error }
        // All or nothing.
        let offered = exchange.payload?.octets.readableBytes ?? 0
        guard accepts(offered) == offered else {
            return Exchange.Answer(result: .vendor("SEND FAIL"), octetsWritten: offered)
        }
        let accepts = accepts
        self.accepts = { $0 }
        _ = take(slot, exchange)
        self.accepts = accepts
        return Exchange.Answer(completingLine: line("SEND OK"), octetsWritten: offered)
    }

    private func acknowledgement(_ slot: Int) -> Exchange.Answer {
        guard let socket = sockets[slot] else { return error }
        let total = socket.toPeer.count
        return ok([line("+QISEND: \(total),\(total - socket.unacknowledged),\(socket.unacknowledged)")])
    }

    private func fetch(_ slot: Int, _ most: Int) -> Exchange.Answer {
        guard sockets[slot] != nil else { return error }
        let octets = give(slot, atMost: most)
        return octets.isEmpty ? ok([line("+QIRD: 0")]) : ok([line("+QIRD: \(octets.count)", octets)])
    }

    override func announce(_ slot: Int) {
        if isPushing {
            let octets = sockets[slot]?.fromPeer ?? []
            sockets[slot]?.fromPeer = []
            say("+QIURC: \"recv\",\(slot),\(octets.count)", octets)
        } else if sockets[slot]?.isArmed == true {
            sockets[slot]?.isArmed = false
            say("+QIURC: \"recv\",\(slot)")
        }
    }

    override func announceClose(_ slot: Int) { say("+QIURC: \"closed\",\(slot)") }
}
