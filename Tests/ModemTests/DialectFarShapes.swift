import AT
import Modem
import NIOCore

/// at-dialects 3.3.
final class FarSIM7080: FarModem {
    /// Whether `+CAOPEN:` stands among the information responses, before `OK`.
    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+CACID", "+CASSLCFG": return ok()
        case "+CAOPEN":
            sockets[slot] = FarSocket(isConnected: true)
            say("+CAOPEN: \(slot),0")
            return ok()
        case "+CASEND":
            guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
            let accepts = accepts
            self.accepts = { $0 }
            defer { self.accepts = accepts }
            return .init(octetsWritten: take(slot, exchange))
        case "+CARECV":
            guard sockets[slot] != nil else { return error }
            let octets = give(slot, atMost: Int(parameters[1]) ?? 0)
            return ok([octets.isEmpty ? line("+CARECV: 0") : line("+CARECV: \(octets.count),", octets)])
        case "+CAACK":
            guard let socket = sockets[slot] else { return error }
            return ok([line("+CAACK: \(socket.toPeer.count),\(socket.unacknowledged)")])
        case "+CACLOSE":
            free(slot)
            return ok()
        default: return error
        }
    }

    override func announce(_ slot: Int) {
        guard sockets[slot]?.isArmed == true else { return }
        sockets[slot]?.isArmed = false
        say("+CADATAIND: \(slot)")
    }

    override func announceClose(_ slot: Int) { say("+CASTATE: \(slot),0") }
}

/// at-dialects 3.6.
final class FarUblox: FarModem {
    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+USOCR":
            guard let slot = (0...6).first(where: { sockets[$0] == nil }) else { return error }
            sockets[slot] = FarSocket()
            return ok([line("+USOCR: \(slot)")])
        case "+USOCO":
            guard sockets[slot] != nil else { return error }
            sockets[slot]?.isConnected = true
            return ok()
        case "+USOWR":
            guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
            let count = take(slot, exchange)
            return .init(lines: [line("+USOWR: \(slot),\(count)")], octetsWritten: count)
        case "+USORD":
            guard sockets[slot] != nil else { return error }
            let octets = give(slot, atMost: Int(parameters[1]) ?? 0)
            if let left = sockets[slot]?.fromPeer.count, left > 0 { say("+UUSORD: \(slot),\(left)") }
            tellClose(slot)
            return ok([
                octets.isEmpty ? line("+USORD: \(slot),\"\"") : line("+USORD: \(slot),\(octets.count),\"", octets)
            ])
        case "+USOCTL":
            guard let socket = sockets[slot] else { return error }
            return ok([line("+USOCTL: \(slot),11,\(socket.unacknowledged)")])
        case "+USOCL":
            guard sockets[slot] != nil else { return error }
            free(slot)
            return ok()
        default: return error
        }
    }

    override func announce(_ slot: Int) { say("+UUSORD: \(slot),\(sockets[slot]?.fromPeer.count ?? 0)") }
    override func announceClose(_ slot: Int) { tellClose(slot) }

    /// Withheld until everything was fetched; then the number is free.
    private func tellClose(_ slot: Int) {
        guard let socket = sockets[slot], socket.hasPeerClosed, socket.fromPeer.isEmpty else { return }
        free(slot)
        say("+UUSOCL: \(slot)")
    }
}

/// at-dialects 3.8.
final class FarCinterion: FarModem {
    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "^SISS": return ok()
        case "^SISO":
            sockets[slot] = FarSocket(isConnected: true)
            say("^SISW: \(slot),1")
            return ok()
        case "^SISW":
            guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
            let count = take(slot, exchange)
            say("^SISW: \(slot),1")
            return .init(lines: [line("^SISW: \(slot),\(count),0")], octetsWritten: count)
        case "^SISR":
            guard let socket = sockets[slot] else { return error }
            if socket.fromPeer.isEmpty, socket.hasPeerClosed { return ok([line("^SISR: \(slot),-2")]) }
            let octets = give(slot, atMost: Int(parameters[1]) ?? 0)
            return ok([line("^SISR: \(slot),\(octets.count)", octets.isEmpty ? nil : octets)])
        case "^SISC":
            guard sockets[slot] != nil else { return error }
            free(slot)
            return ok()
        default: return error
        }
    }

    override func announce(_ slot: Int) {
        guard sockets[slot]?.isArmed == true else { return }
        sockets[slot]?.isArmed = false
        say("^SISR: \(slot),1")
    }

    override func announceClose(_ slot: Int) {
        say("^SIS: \(slot),0,48,\"Remote peer has closed the connection\"")
    }
}

/// at-dialects 3.9.
final class FarSierraHL: FarModem {
    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+KTCPCFG":
            guard let slot = (1...32).first(where: { sockets[$0] == nil }) else { return error }
            sockets[slot] = FarSocket()
            return ok([line("+KTCPCFG: \(slot)")])
        case "+KTCPCNX":
            sockets[slot]?.isConnected = true
            say("+KTCP_IND: \(slot),1")
            return ok()
        case "+KTCPSND":
            guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
            let accepts = accepts
            self.accepts = { $0 }
            defer { self.accepts = accepts }
            return .init(octetsWritten: take(slot, exchange))
        case "+KTCPRCV":
            guard sockets[slot] != nil else { return error }
            let octets = give(slot, atMost: Int(parameters[1]) ?? 0)
            return ok(octets.isEmpty ? [] : [line("CONNECT", octets)])
        case "+KTCPCLOSE": return sockets[slot] == nil ? error : ok()
        case "+KTCPDEL":
            guard sockets[slot] != nil else { return error }
            free(slot)
            return ok()
        default: return error
        }
    }

    override func announce(_ slot: Int) {
        guard sockets[slot]?.isArmed == true else { return }
        sockets[slot]?.isArmed = false
        say("+KTCP_DATA: \(slot),\(sockets[slot]?.fromPeer.count ?? 0)")
    }

    override func announceClose(_ slot: Int) { say("+KTCP_NOTIF: \(slot),4") }
}

/// at-dialects 3.12.
final class FarSequans: FarModem {
    private var questions = 0

    override func answer(_ name: String, _ parameters: [String], _ exchange: Exchange) -> Exchange.Answer {
        let slot = parameters.first.flatMap { Int($0) } ?? -1
        switch name {
        case "+SQNSD":
            sockets[slot] = FarSocket(isConnected: true)
            questions = 0
            return ok()
        case "+SQNSS":
            questions += 1
            let state = questions < 3 ? 6 : 3
            return ok((1...6).map { line("+SQNSS: \($0),\(sockets[$0] == nil ? 0 : state)") })
        case "+SQNSSENDEXT":
            guard let socket = sockets[slot], !socket.hasPeerClosed else { return error }
            let accepts = accepts
            self.accepts = { $0 }
            defer { self.accepts = accepts }
            return .init(octetsWritten: take(slot, exchange))
        case "+SQNSRECV":
            let octets = give(slot, atMost: Int(parameters[1]) ?? 0)
            return octets.isEmpty ? error : ok([line("+SQNSRECV: \(slot),\(octets.count)", octets)])
        case "+SQNSI": return ok([line("+SQNSI: \(slot),0,0,0,\(sockets[slot]?.unacknowledged ?? 0)")])
        case "+SQNSH":
            guard sockets[slot] != nil else { return error }
            free(slot)
            return ok()
        default: return error
        }
    }

    override func announce(_ slot: Int) { say("+SQNSRING: \(slot),\(sockets[slot]?.fromPeer.count ?? 0)") }
    override func announceClose(_ slot: Int) { say("+SQNSH: \(slot)") }
}
