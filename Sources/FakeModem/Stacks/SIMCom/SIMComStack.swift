import Credentials
import NIOCore

/// SIMCom's stack: the `+CIP` commands of the SIM800 Series AT Command Manual V1.09 §8 and the TCPIP Application Note V1.01.
///
/// One state machine for the bearer and, with a single connection, for that too. What the manual leaves open is decided so:
/// `+CIPRXGET` can be set in IP INITIAL alone; octets that were not fetched when the peer closed stay readable, and the number
/// is free when they are gone; a closed single connection may be opened anew without `+CIPSHUT`.
struct SIMComStack: EmbeddedStack {
    /// §8.2.12, without what only connections say.
    enum Phase: Equatable {
        case initial
        case start
        case active
        case status
        case deactivated
    }

    /// A send that waits for the peer's acknowledgement.
    struct Awaiting {
        let token: Int
        /// Octets that have to be acknowledged.
        let total: Int
    }

    var phase = Phase.initial
    /// `+CIPMUX`, `+CIPMODE`, `+CIPQSEND`, `+CIPRXGET`.
    var hasSeveral = false
    var isTransparent = false
    var isQuick = false
    var isPulled = false
    /// `+CIPSPRT`: 0 no prompt, 1 prompt and `SEND OK`, 2 neither.
    var promptMode = 1
    /// `+CIPHEAD`: `+IPD,len:` in front of what a single connection pushes.
    var hasHeader = false
    /// Values that the fake need not act on, as they were set.
    var options: [String: [Argument]] = [:]
    var awaiting: [Int: Awaiting] = [:]
    /// Whether a single connection was closed since the bearer came up.
    var wasClosed = false

    /// `+CIPCCFG` after a start: 1,024 octets, two waits of 200 ms.
    var packet: (octets: Int, wait: TimeAmount) { (1_024, .milliseconds(400)) }

    /// `&F` knows none of them.
    mutating func restoreSettings() {}

    static func answer(_ command: Command, token: Int, on modem: inout ModemMachine) -> Reply? {
        modem.simcomBearerAnswer(command) ?? modem.simcomSettingAnswer(command)
            ?? modem.simcomSocketAnswer(command, token: token) ?? modem.simcomOwnAnswer(command)
    }

    static func asksNetwork(_ command: Command) -> Bool { command.name == "+CIICR" || command.name == "+CIPSHUT" }

    // MARK: Connections

    static func connected(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id] else { return }
        guard slot.access != .transparent else { return modem.goOnline(slot.key) }
        modem.announce(modem.simcomLine(id, "CONNECT OK"))
    }

    /// The number is free at once.
    static func notConnected(_ id: Int, _ failure: ConnectFailure, on modem: inout ModemMachine) {
        modem.release(id, "CONNECT FAIL", gracefully: false)
        modem.simcom.wasClosed = true
        if !modem.simcom.hasSeveral { modem.announce("STATE: TCP CLOSED") }
        modem.announce(modem.simcomLine(id, "CONNECT FAIL"))
    }

    /// Told once, until the host has read everything.
    static func arrived(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id], slot.access == .buffer, slot.isArmed else { return }
        modem.slots[id]?.isArmed = false
        modem.announce(modem.simcom.hasSeveral ? "+CIPRXGET: 1,\(id)" : "+CIPRXGET: 1")
    }

    static func peerEnded(_ id: Int, wasReset: Bool, on modem: inout ModemMachine) {
        modem.simcomFailSend(id)
        modem.announce(modem.simcomLine(id, "CLOSED"))
        modem.simcomForget(id)
    }

    static func acknowledged(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id] else { return }
        if let awaiting = modem.simcom.awaiting[id], slot.totalAcknowledged >= awaiting.total {
            modem.simcom.awaiting[id] = nil
            modem.conclude(awaiting.token, .final(modem.simcomLine(id, "SEND OK")))
        }
        if let token = modem.closingToken(slot) { modem.simcomClosed(id, token) }
    }

    static func closed(_ id: Int, byResetFor token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+CIPCLOSE, reset by the peer", gracefully: false)
        modem.conclude(token, .final(modem.simcomLine(id, "CLOSE OK")))
    }

    static func closeTimedOut(_ id: Int, token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+CIPCLOSE, not all acknowledged", gracefully: false)
        modem.conclude(token, .final(modem.simcomLine(id, "CLOSE OK")))
    }

    /// Every connection is gone, without a word of its own but for one that has the line.
    static func contextLost(_ cid: Int, on modem: inout ModemMachine) {
        guard cid == ModemMachine.simcomContext else { return }
        for (id, slot) in modem.slots.sorted(by: { $0.key < $1.key }) {
            modem.simcomFailSend(id)
            modem.release(id, "bearer lost", gracefully: false)
            if case .closing(let token) = slot.state { modem.conclude(token, .refused(.plain)) }
        }
        modem.simcom.phase = .deactivated
        modem.announce("+PDP: DEACT")
    }

    // MARK: Pushed octets

    static let pushLimit = 1_460

    static func push(_ id: Int, _ octets: ByteBuffer, on modem: inout ModemMachine) {
        modem.gap()
        let end = modem.lineEnd
        let payload = Array(octets.readableBytesView)
        if modem.simcom.hasSeveral {
            modem.send(end + Array("+RECEIVE,\(id),\(payload.count):".utf8) + end + payload + end)
        } else {
            modem.send((modem.simcom.hasHeader ? Array("+IPD,\(payload.count):".utf8) : []) + payload)
        }
    }

    static func pushEnded(_ id: Int, on modem: inout ModemMachine) {
        modem.announce(modem.simcomLine(id, "CLOSED"))
        modem.simcomForget(id)
    }

    // MARK: Sending behind a prompt

    static func confirmation(of prompt: Prompt, on modem: inout ModemMachine) -> Reply {
        modem.simcomConfirmation(of: prompt)
    }

    static func abandoned(_ prompt: Prompt, timedOut: Bool, on modem: inout ModemMachine) -> String { "OK" }

    // MARK: Data mode

    static let onlineEnd = "CLOSED"

    static func endedOnline(_ id: Int, on modem: inout ModemMachine) {
        modem.leaveDataMode(onlineEnd, "the peer ended")
        modem.simcomForget(id)
    }

    static func resume(on modem: inout ModemMachine) -> Reply {
        guard modem.slots[0]?.access == .transparent, modem.slots[0]?.state == .connected else {
            return .refused(.plain)
        }
        return .connect(0)
    }

    static func leftDataMode(_ id: Int, on modem: inout ModemMachine) {}
}

extension ModemMachine {
    /// The sockets' one context.
    static let simcomContext = 1

    /// The family's state, while this modem is of the family.
    var simcom: SIMComStack {
        get { stack as? SIMComStack ?? SIMComStack() }
        set { stack = newValue }
    }

    /// What is said of a connection: with its number, where there may be several.
    func simcomLine(_ id: Int, _ words: String) -> String { simcom.hasSeveral ? "\(id), \(words)" : words }

    /// Frees a number that the peer has ended, unless octets wait under it.
    mutating func simcomForget(_ id: Int) {
        guard let slot = slots[id], slot.state == .ended, slot.received.readableBytes == 0 else { return }
        simcom.wasClosed = true
        release(id, "closed by the peer", gracefully: true)
    }

    /// A send that waits for an acknowledgement will get none.
    mutating func simcomFailSend(_ id: Int) {
        guard let awaiting = simcom.awaiting.removeValue(forKey: id) else { return }
        conclude(awaiting.token, .final(simcomLine(id, "SEND FAIL")))
    }
}
