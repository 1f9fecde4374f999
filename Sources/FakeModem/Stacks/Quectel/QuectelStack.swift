import NIOCore

/// Quectel's stack: the `+QI` commands of the TCP/IP application notes (EC200U & EG915U V1.1), its state between them.
struct QuectelStack: EmbeddedStack {
    /// What `+QIGETERROR` tells.
    var lastError = QuectelError.none
    /// `+QISDE`: payload is echoed behind a prompt; on after a reset, and independent of `E`.
    var echoesPayload = true
    /// Whether headers and data share a line, with a comma (`+QICFG="viewmode"`).
    var viewMode = 0
    var sendInfo = 0
    var transparentPacket = 1_024
    /// In units of 100 ms.
    var transparentWait = 2
    /// The input time-out behind a prompt, in seconds; 0 is none (`+QICFG="qisend/timeout"`).
    var inputTimeout = 5
    /// Other values of `+QICFG`, as they were set.
    var options: [String: [Argument]] = [:]

    var packet: (octets: Int, wait: TimeAmount) { (transparentPacket, .milliseconds(100 * Int64(transparentWait))) }

    mutating func restoreSettings() {
        let error = lastError
        self = QuectelStack()
        lastError = error
    }

    static func answer(_ command: Command, token: Int, on modem: inout ModemMachine) -> Reply? {
        modem.quectelSocketAnswer(command, token: token) ?? modem.quectelSendAnswer(command, token: token)
            ?? modem.quectelContextAnswer(command) ?? modem.quectelOwnAnswer(command)
    }

    static func asksNetwork(_ command: Command) -> Bool {
        guard case .set = command.form else { return false }
        return command.name == "+QIACT" || command.name == "+QIDEACT"
    }

    // MARK: Connections

    static func connected(_ id: Int, on modem: inout ModemMachine) {
        modem.quectel.lastError = .none
        if let token = modem.slots[id]?.opener {
            modem.slots[id]?.opener = nil
            modem.conclude(token, .connect(id))
        } else {
            modem.announce("+QIOPEN: \(id),0")
        }
    }

    static func notConnected(_ id: Int, _ failure: ConnectFailure, on modem: inout ModemMachine) {
        let error: QuectelError =
            switch failure {
            case .nameUnknown: .dnsFailed
            case .refused, .timedOut: .connectFailed
            }
        modem.quectel.lastError = error
        if let token = modem.slots[id]?.opener {
            modem.slots[id]?.opener = nil
            modem.conclude(token, .refused(.plain))
        } else {
            modem.announce("+QIOPEN: \(id),\(error.rawValue)")
        }
    }

    /// Told once, until the host has read everything.
    static func arrived(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id], slot.access != .push, slot.isArmed, !modem.isOnline(id) else { return }
        modem.slots[id]?.isArmed = false
        modem.announce("+QIURC: \"recv\",\(id)")
    }

    static func peerEnded(_ id: Int, wasReset: Bool, on modem: inout ModemMachine) {
        modem.announce("+QIURC: \"closed\",\(id)")
    }

    static func acknowledged(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id], let token = modem.closingToken(slot) else { return }
        modem.closeAfterRoundTrip(slot.key, token)
    }

    static func closed(_ id: Int, byResetFor token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+QICLOSE, reset by the peer", gracefully: false)
        modem.conclude(token, .success())
    }

    static func closeTimedOut(_ id: Int, token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+QICLOSE, not all acknowledged", gracefully: false)
        modem.conclude(token, .success())
    }

    /// Connections die without a `closed` of their own; their numbers stay taken.
    static func contextLost(_ cid: Int, on modem: inout ModemMachine) {
        for (id, slot) in modem.slots where slot.context == cid { die(id, slot, on: &modem) }
        modem.announce("+QIURC: \"pdpdeact\",\(cid)")
    }

    private static func die(_ id: Int, _ slot: SocketSlot, on modem: inout ModemMachine) {
        modem.actions.append(.abort(slot.key))
        modem.slots[id]?.state = slot.state == .opening ? .failed : .ended
        if let token = slot.opener { modem.conclude(token, .refused(.plain)) }
        if case .closing(let token) = slot.state {
            modem.release(id, "+QICLOSE", gracefully: false)
            modem.conclude(token, .success())
        }
        if modem.isOnline(id) { modem.leaveDataMode(onlineEnd, "bearer lost") }
    }

    // MARK: Pushed octets

    static let pushLimit = 1_500

    static func push(_ id: Int, _ octets: ByteBuffer, on modem: inout ModemMachine) {
        modem.gap()
        modem.send(modem.quectelBlock("+QIURC: \"recv\",\(id),\(octets.readableBytes)", octets))
    }

    static func pushEnded(_ id: Int, on modem: inout ModemMachine) {
        modem.announce("+QIURC: \"closed\",\(id)")
    }

    // MARK: Sending behind a prompt

    static func confirmation(of prompt: Prompt, on modem: inout ModemMachine) -> Reply {
        modem.quectelConfirmation(of: prompt)
    }

    static func abandoned(_ prompt: Prompt, timedOut: Bool, on modem: inout ModemMachine) -> String {
        modem.quectel.lastError = .sendCancelled
        return timedOut ? "ERROR" : "OK"
    }

    // MARK: Data mode

    static let onlineEnd = "NO CARRIER"

    /// Back to the transparent socket, or `NO CARRIER` when there is none.
    static func resume(on modem: inout ModemMachine) -> Reply {
        let candidates = modem.slots.filter { $0.value.access == .transparent && $0.value.state == .connected }
        guard let id = candidates.keys.min() else { return .final("NO CARRIER") }
        return .connect(id)
    }

    static func leftDataMode(_ id: Int, on modem: inout ModemMachine) {
        let isEmpty = modem.slots[id]?.received.readableBytes == 0
        modem.slots[id]?.isArmed = isEmpty
    }
}

extension ModemMachine {
    /// The family's state, while this modem is of the family.
    var quectel: QuectelStack {
        get { stack as? QuectelStack ?? QuectelStack() }
        set { stack = newValue }
    }
}

extension SocketSlot {
    /// `<socket_state>` of `+QISTATE`.
    var number: Int {
        switch state {
        case .opening: 1
        case .connected: 2
        case .failed, .ended, .closing: 4
        }
    }
}
