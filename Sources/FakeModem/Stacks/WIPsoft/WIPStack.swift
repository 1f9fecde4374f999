import Credentials
import NIOCore

/// Wavecom's WIP plug-in: the `+WIP` commands (WIP AT Commands User Guide WM_DEV_OAT_UGD_024; Multi-Tech S000437C), its state
/// between them.
///
/// Three layers stand on one another, each opened and closed by a command of its own: the stack, the GPRS device and its
/// session, which is context 1. Channels are made in command mode and joined to the line by `+WIPDATA`. A channel's index
/// is free again behind `+WIPCLOSE` alone, whoever closed first. Where the manuals leave the order open, the strict one
/// is taken: no layer goes down while the one above it stands.
struct WIPStack: EmbeddedStack {
    var isStarted = false
    var isDeviceOpen = false
    /// Options 11, 0 and 1 of the device; nil: not set.
    var apn: String?
    var user = ""
    var password = Secret("")
    /// The mode of `+WIPDATA` by channel: 1 continuous, 2 transparent.
    var modes: [Int: Int] = [:]
    /// A DLE of the host's waits for the octet behind it.
    var sawEscape = false
    /// Channels whose peer's end was said in data mode.
    var told: Set<Int> = []
    /// `+WIND=n`, a mask of the indications.
    var indications = 32_767

    /// The device collects octets for a moment before it sends a segment.
    var packet: (octets: Int, wait: TimeAmount) { (1_460, .milliseconds(20)) }

    /// `+WIPCFG` and `+WIPBR` have a store of their own.
    mutating func restoreSettings() {
        indications = 32_767
    }

    static func answer(_ command: Command, token: Int, on modem: inout ModemMachine) -> Reply? {
        modem.wipBearerAnswer(command) ?? modem.wipChannelAnswer(command, token: token) ?? modem.wipOwnAnswer(command)
    }

    static func asksNetwork(_ command: Command) -> Bool {
        guard command.name == "+WIPBR" else { return false }
        return command.arguments?.first == .number(4) || command.arguments?.first == .number(5)
    }

    // MARK: Connections

    static func connected(_ id: Int, on modem: inout ModemMachine) {
        modem.announce("+WIPREADY: 2,\(id)")
    }

    static func notConnected(_ id: Int, _ failure: ConnectFailure, on modem: inout ModemMachine) {
        modem.announce("+WIPERROR: 2,\(id),\(failure == .nameUnknown ? 833 : 842)")
    }

    /// Told once, until the channel has had the line.
    static func arrived(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id], slot.isArmed, !modem.isOnline(id) else { return }
        modem.slots[id]?.isArmed = false
        modem.announce("+WIPDATA: 2,\(id),\(slot.received.readableBytes)")
    }

    static func peerEnded(_ id: Int, wasReset: Bool, on modem: inout ModemMachine) {
        modem.announce(wasReset ? "+WIPERROR: 2,\(id),843" : "+WIPPEERCLOSE: 2,\(id)")
    }

    static func acknowledged(_ id: Int, on modem: inout ModemMachine) {
        guard let slot = modem.slots[id], let token = modem.closingToken(slot) else { return }
        modem.release(id, "+WIPCLOSE", gracefully: true)
        modem.conclude(token, .success())
    }

    static func closed(_ id: Int, byResetFor token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+WIPCLOSE, reset by the peer", gracefully: false)
        modem.conclude(token, .success())
    }

    static func closeTimedOut(_ id: Int, token: Int, on modem: inout ModemMachine) {
        modem.release(id, "+WIPCLOSE, not all acknowledged", gracefully: false)
        modem.conclude(token, .success())
    }

    /// Every channel breaks; the indices stay used, and the session has to be stopped by its command.
    static func contextLost(_ cid: Int, on modem: inout ModemMachine) {
        for (id, slot) in modem.slots.sorted(by: { $0.key < $1.key }) where slot.context == cid {
            modem.actions.append(.abort(slot.key))
            if case .closing(let token) = slot.state {
                modem.release(id, "+WIPCLOSE", gracefully: false)
                modem.conclude(token, .success())
                continue
            }
            modem.slots[id]?.state = slot.state == .opening ? .failed : .ended
            modem.slots[id]?.wasReset = true
            modem.slots[id]?.isHalfOpen = false
            if modem.isOnline(id) { continue }
            modem.announce("+WIPERROR: 2,\(id),\(slot.state == .opening ? 842 : 843)")
        }
        modem.announce("+WIPBR: 6,0")
    }

    // MARK: What this family has not

    static let pushLimit = 1_460
    static func push(_ id: Int, _ octets: ByteBuffer, on modem: inout ModemMachine) {}
    static func pushEnded(_ id: Int, on modem: inout ModemMachine) {}
    static func confirmation(of prompt: Prompt, on modem: inout ModemMachine) -> Reply { .refused(.plain) }
    static func abandoned(_ prompt: Prompt, timedOut: Bool, on modem: inout ModemMachine) -> String { "ERROR" }
}

extension ModemMachine {
    /// The family's state, while this modem is of the family.
    var wip: WIPStack {
        get { stack as? WIPStack ?? WIPStack() }
        set { stack = newValue }
    }
}
