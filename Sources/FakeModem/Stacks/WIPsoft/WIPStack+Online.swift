import NIOCore

// Data mode: continuous (1), where DLE and ETX are marks, and transparent (2), where nothing is.
extension WIPStack {
    private static let escape: UInt8 = 0x10
    private static let end: UInt8 = 0x03

    static let onlineEnd = "+CME ERROR: 843"
    static let closesHalf = true

    /// `O` resumes calls; a channel is joined by `+WIPDATA` alone.
    static func resume(on modem: inout ModemMachine) -> Reply { .final("NO CARRIER") }

    /// In continuous mode a DLE stands before each DLE and ETX of the payload; a bare ETX shuts the channel's sending down.
    static func pieces(of typed: [UInt8], for id: Int, on modem: inout ModemMachine) -> [OnlinePiece] {
        guard modem.wip.modes[id] == 1 else { return typed.isEmpty ? [] : [.octets(typed)] }
        var state = modem.wip
        var pieces: [OnlinePiece] = []
        var payload: [UInt8] = []
        for octet in typed {
            switch (state.sawEscape, octet) {
            case (false, escape): state.sawEscape = true
            case (false, end):
                pieces += [.octets(payload), .end]
                payload = []
            case (_, _):
                payload.append(octet)
                state.sawEscape = false
            }
        }
        modem.wip = state
        return payload.isEmpty ? pieces : pieces + [.octets(payload)]
    }

    static func onLine(_ payload: [UInt8], of id: Int, on modem: ModemMachine) -> [UInt8] {
        guard modem.wip.modes[id] == 1 else { return payload }
        return payload.flatMap { $0 == escape || $0 == end ? [escape, $0] : [$0] }
    }

    /// The peer's end is said in continuous mode, and the port stays in data mode; in transparent mode nothing tells of it.
    /// A reset leaves data mode: an ETX, where it is a mark, and then the error.
    static func endedOnline(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id] else { return }
        let isMarked = modem.wip.modes[id] == 1
        if slot.wasReset {
            if isMarked { modem.send([end]) }
            modem.leaveDataMode(onlineEnd, "the peer reset")
        } else if isMarked, modem.wip.told.insert(id).inserted {
            modem.send(Array("\r\nSHUTDOWN\r\n".utf8))
        }
    }

    /// What was not said before is, behind `OK`.
    static func leftDataMode(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id] else { return }
        modem.wip.sawEscape = false
        modem.slots[id]?.isArmed = slot.received.readableBytes == 0
        guard slot.state == .ended, !slot.wasReset else { return }
        modem.agenda.add(.unsolicited("+WIPPEERCLOSE: 2,\(id)"), at: modem.now + .milliseconds(1))
    }
}
