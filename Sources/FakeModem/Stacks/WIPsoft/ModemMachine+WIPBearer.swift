import Credentials
import NIOCore

// The layers below a channel: `+WIPCFG` (the stack) and `+WIPBR` (bearer 6, GPRS).
extension ModemMachine {
    /// The context of the bearer's session.
    private static let wipContext = 1
    private static let wipDevice = 6

    mutating func wipBearerAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+WIPCFG": return wipStack(command)
        case "+WIPBR": return wipBearer(command)
        default: return nil
        }
    }

    /// `+WIND: 4` was said, or would have been.
    private var isFullyStarted: Bool { power == .on && sim.state == .ready && !sim.isSettling }

    var isWIPSessionUp: Bool { context(Self.wipContext).address != nil }

    private mutating func wipStack(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+WIPCFG: (0-4)"])
        case .read:
            guard wip.isStarted else { return .refused(.cme(803)) }
            return .success(["+WIPCFG: 0,64", "+WIPCFG: 1,0", "+WIPCFG: 2,2000"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            switch (arguments.number(0), arguments.count) {
            case (0, 1): return stopStack()
            case (1, 1): return startStack()
            case (2, 3), (3, 2), (4, 2): return wip.isStarted ? .success() : .refused(.cme(803))
            case (_, _): return .refused(.cme(800))
            }
        }
    }

    private mutating func startStack() -> Reply {
        if let refusal = sim.refusal { return .refused(refusal) }
        guard isFullyStarted else {
            ledger.note("refused", "+WIPCFG before +WIND: 4", now: now)
            return .refused(.cme(803))
        }
        guard !wip.isStarted else { return .refused(.cme(844)) }
        wip.isStarted = true
        ledger.opened(.layer("stack"), "", now: now)
        return .success()
    }

    private mutating func stopStack() -> Reply {
        guard wip.isStarted, !wip.isDeviceOpen, slots.isEmpty else { return wrongOrder("+WIPCFG=0") }
        wip.isStarted = false
        ledger.closed(.layer("stack"), "+WIPCFG=0", now: now)
        return .success()
    }

    private mutating func wrongOrder(_ words: String) -> Reply {
        ledger.note("refused", "\(words) out of order (803)", now: now)
        return .refused(.cme(803))
    }

    private mutating func wipBearer(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+WIPBR: (0-6),(1-6)"])
        case .read: return .success(wip.isDeviceOpen ? ["+WIPBR: 6,\(isWIPSessionUp ? 1 : 0)"] : [])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let action = arguments.number(0), (0...6).contains(action) else { return .refused(.cme(800)) }
            guard wip.isStarted else { return .refused(.cme(803)) }
            guard arguments.number(1) == Self.wipDevice else { return .refused(.cme(805)) }
            switch action {
            case 0: return closeDevice()
            case 1: return openDevice()
            case 2: return setOption(arguments)
            case 3: return getOption(arguments)
            case 4: return startSession(arguments)
            case 5: return stopSession()
            default: return wip.isDeviceOpen ? .success() : .refused(.cme(803))
            }
        }
    }

    private mutating func openDevice() -> Reply {
        guard !wip.isDeviceOpen else { return .refused(.cme(804)) }
        wip.isDeviceOpen = true
        ledger.opened(.layer("device"), "", now: now)
        return .success()
    }

    private mutating func closeDevice() -> Reply {
        guard wip.isDeviceOpen, context(Self.wipContext).state == .inactive else { return wrongOrder("+WIPBR=0,6") }
        wip.isDeviceOpen = false
        wip.apn = nil
        wip.user = ""
        wip.password = Secret("")
        ledger.closed(.layer("device"), "+WIPBR=0,6", now: now)
        return .success()
    }

    private mutating func setOption(_ arguments: [Argument]) -> Reply {
        guard wip.isDeviceOpen, !isWIPSessionUp else { return .refused(.cme(803)) }
        guard arguments.count == 4, let option = arguments.number(2) else { return .refused(.cme(800)) }
        guard let value = arguments.text(3), value.utf8.count <= 64 else { return .refused(.cme(801)) }
        switch option {
        case 0: wip.user = value
        case 1: wip.password = Secret(value)
        case 11: wip.apn = value
        default: return .refused(.cme(800))
        }
        return .success()
    }

    private func getOption(_ arguments: [Argument]) -> Reply {
        guard wip.isDeviceOpen else { return .refused(.cme(803)) }
        switch arguments.number(2) {
        case 0: return .success(["+WIPBR: 6,0,\"\(wip.user)\""])
        case 11: return .success(["+WIPBR: 6,11,\"\(wip.apn ?? context(Self.wipContext).apn)\""])
        case 15: return .success(["+WIPBR: 6,15,\"\(context(Self.wipContext).address ?? "0.0.0.0")\""])
        case 16: return .success(["+WIPBR: 6,16,\"\(isWIPSessionUp ? "10.64.1.1" : "0.0.0.0")\""])
        case 17, 18: return .success(["+WIPBR: 6,\(arguments.number(2) ?? 17),\"10.64.0.53\""])
        case nil, .some: return .refused(.cme(800))
        }
    }

    /// `OK` comes when the session stands. The network's cause is in `+CEER`.
    private mutating func startSession(_ arguments: [Argument]) -> Reply {
        guard wip.isDeviceOpen, context(Self.wipContext).state == .inactive else { return .refused(.cme(803)) }
        guard arguments.number(2, default: 0) == 0 else { return .refused(.cme(801)) }
        var bearer = context(Self.wipContext)
        let found = bearer
        bearer.type = "IP"
        bearer.apn = wip.apn ?? bearer.apn
        bearer.user = wip.user
        bearer.password = wip.password
        bearer.authentication = wip.user.isEmpty ? 0 : 1
        contexts[Self.wipContext] = bearer
        guard let refusal = bringUp(Self.wipContext) else { return .success() }
        contexts[Self.wipContext] = found
        switch refusal {
        case .cme(10), .cme(11), .cme(12), .cme(14): return .refused(.cme(811))
        case .cme(30): return .refused(.cme(813))
        case .cme(129): return .refused(.cme(815))
        case .cme, .plain: return .refused(.cme(814))
        }
    }

    private mutating func stopSession() -> Reply {
        guard context(Self.wipContext).state != .inactive, slots.isEmpty else { return wrongOrder("+WIPBR=5,6") }
        takeDown(Self.wipContext, "+WIPBR=5,6")
        return .success()
    }
}
