import AT
import Modem
import NIOCore

/// SIM800: at-dialects 3.1.
final class FarSIM800: FarModem {
    /// `+CIPQSEND`: 1 is answered as soon as octets are queued.
    var isQuick = true
    /// `+CIPRXGET=0`: what arrives is told with its octets.
    var isPushing = false
    /// A longer send is refused, as `+CIPSEND?` says.
    var largestSend = 1460
    /// What a single open is answered with.
    var openWords = "CONNECT OK"

    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+CIPSTART": return open(slot)
        case "+CIPSEND" where parameters.isEmpty:
            return ok(sockets.keys.sorted().map { line("+CIPSEND: \($0),\(largestSend)") })
        case "+CIPSEND": return send(slot, exchange)
        case "+CIPRXGET":
            guard let id = Int(parameters[1]), sockets[id] != nil else { return error }
            let octets = give(id, atMost: Int(parameters[2]) ?? 0)
            let left = sockets[id]?.fromPeer.count ?? 0
            return ok([line("+CIPRXGET: 2,\(id),\(octets.count),\(left)", octets.isEmpty ? nil : octets)])
        case "+CIPACK":
            guard let socket = sockets[slot] else { return error }
            let total = socket.toPeer.count
            return ok([line("+CIPACK: \(total), \(total - socket.unacknowledged), \(socket.unacknowledged)")])
        case "+CIPCLOSE":
            guard let socket = sockets[slot] else { return error }
            free(slot)
            guard !socket.hasPeerClosed else { return error }
            return .init(completingLine: line("\(slot), CLOSE OK"))
        default: return error
        }
    }

    private func open(_ slot: Int) -> Exchange.Answer {
        guard sockets[slot] == nil else {
            say("\(slot), ALREADY CONNECT")
            return ok()
        }
        if openWords == "CONNECT OK" { sockets[slot] = FarSocket(isConnected: true) }
        say("\(slot), \(openWords)")
        return ok()
    }

    private func send(_ slot: Int, _ exchange: Exchange) -> Exchange.Answer {
        guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
        guard exchange.payload.map({ $0.octets.readableBytes <= largestSend }) == true else { return error }
        guard isQuick else {
            let accepts = accepts
            self.accepts = { $0 }
            defer { self.accepts = accepts }
            let count = take(slot, exchange)
            sockets[slot]?.unacknowledged = 0
            return .init(completingLine: line("\(slot), SEND OK"), octetsWritten: count)
        }
        let count = take(slot, exchange)
        return .init(completingLine: line("DATA ACCEPT:\(slot),\(count)"), octetsWritten: count)
    }

    override func announce(_ slot: Int) {
        if isPushing {
            let octets = sockets[slot]?.fromPeer ?? []
            sockets[slot]?.fromPeer = []
            say("+RECEIVE,\(slot),\(octets.count):", octets)
        } else if sockets[slot]?.isArmed == true {
            sockets[slot]?.isArmed = false
            say("+CIPRXGET: 1,\(slot)")
        }
    }

    override func announceClose(_ slot: Int) { say("\(slot), CLOSED") }
}
