import Credentials
import NIOCore

// PDP contexts: 3GPP TS 27.007 §10.1.1 (`+CGDCONT`), §10.1.10 (`+CGACT`), §10.1.31 (`+CGAUTH`).
//
// On LTE the default bearer of context 1 is active from the attach on; it is the network's and stands in no ledger. What the
// host activates itself does. A context that a family's command activated shows in `+CGACT?` too.
extension ModemMachine {
    static let contextRange = 1...16

    mutating func contextAnswer(_ command: Command, token: Int) -> Reply? {
        switch command.name {
        case "+CGDCONT": return define(command)
        case "+CGAUTH": return authenticate(command)
        case "+CGACT": return activation(command)
        case "+CGPADDR": return addresses(command)
        case "+CGCONTRDP": return details(command)
        case "+CGDATA": return enterDataState(command, token: token)
        default: return nil
        }
    }

    func context(_ cid: Int) -> PDPContext { contexts[cid] ?? undefined }

    /// What stands where nobody defined anything.
    private var undefined: PDPContext { PDPContext(type: options.profile.pdpTypes.last ?? "IP") }

    var defined: [(Int, PDPContext)] {
        var all = contexts
        if all[1] == nil, options.profile.hasDefaultBearer { all[1] = undefined }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private mutating func define(_ command: Command) -> Reply {
        switch command.form {
        case .test:
            return .success(options.profile.pdpTypes.map { "+CGDCONT: (1-16),\"\($0)\",,,(0-2),(0-4)" })
        case .read:
            return .success(
                defined.map {
                    "+CGDCONT: \($0.0),\"\($0.1.type)\",\"\($0.1.apn)\",\"\($0.1.address ?? "0.0.0.0")\",0,0"
                })
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let cid = arguments.number(0, default: 1), Self.contextRange.contains(cid) else {
                return .refused(.cme(50))
            }
            if arguments.count == 1 {
                guard context(cid).address == nil else { return .refused(.cme(3)) }
                contexts[cid] = nil
                return .success()
            }
            guard let type = arguments.text(1, default: "IP"), options.profile.pdpTypes.contains(type),
                let apn = arguments.text(2, default: ""), apn.utf8.count <= 99
            else { return .refused(.cme(50)) }
            var context = context(cid)
            context.type = type
            context.apn = apn
            contexts[cid] = context
            return .success()
        }
    }

    private mutating func authenticate(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+CGAUTH: (1-16),(0-2),<userid>,<password>"])
        case .read:
            return .success(defined.map { "+CGAUTH: \($0.0),\($0.1.authentication),\"\($0.1.user)\"" })
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let cid = arguments.number(0), Self.contextRange.contains(cid),
                let method = arguments.number(1, default: 0), (0...2).contains(method),
                let user = arguments.text(2, default: ""), let password = arguments.text(3, default: "")
            else { return .refused(.cme(50)) }
            var context = context(cid)
            context.authentication = method
            context.user = user
            context.password = Secret(password)
            contexts[cid] = context
            return .success()
        }
    }

    private mutating func activation(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+CGACT: (0,1)"])
        case .read: return .success(defined.map { "+CGACT: \($0.0),\(isActive($0.0) ? 1 : 0)" })
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard let wanted = arguments.number(0), (0...1).contains(wanted), let cid = arguments.number(1, default: 1),
                Self.contextRange.contains(cid)
            else { return .refused(.cme(50)) }
            switch (wanted, isActive(cid)) {
            case (1, true), (0, false): return .success()
            case (1, false): return bringUp(cid).map { .refused($0) } ?? .success()
            case (0, true) where cid == 1 && options.profile.hasDefaultBearer: return .refused(.cme(151))
            case (_, _):
                takeDown(cid, "+CGACT=0")
                return .success()
            }
        }
    }

    func isActive(_ cid: Int) -> Bool {
        guard context(cid).address == nil else { return true }
        return options.profile.hasDefaultBearer && cid == 1 && radio.isAttached && context(cid).state != .lost
    }

    private func addresses(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success()
        case .execute: return .success(defined.map { addressLine($0.0) })
        case .read: return .refused(.plain)
        case .set(let arguments):
            guard let cid = arguments.number(0), Self.contextRange.contains(cid) else { return .refused(.cme(50)) }
            return .success([addressLine(cid)])
        }
    }

    private func addressLine(_ cid: Int) -> String {
        isActive(cid) ? "+CGPADDR: \(cid),\"\(Self.address(cid))\"" : "+CGPADDR: \(cid),\"0.0.0.0\""
    }

    private func details(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard command.form != .read else { return .refused(.plain) }
        let cids = command.arguments?.number(0).map { [$0] } ?? defined.map(\.0)
        let apn = { (cid: Int) in self.context(cid).apn.isEmpty ? self.options.apn ?? "internet" : self.context(cid).apn
        }
        return .success(
            cids.filter(isActive).map {
                "+CGCONTRDP: \($0),5,\"\(apn($0))\",\"\(Self.address($0)).255.255.255.0\",\"10.64.\($0).1\",\"10.64.0.53\",\"10.64.0.54\""
            })
    }

    static func address(_ cid: Int) -> String { "10.64.\(cid).2" }

    /// Activates, or says why the network does not.
    mutating func bringUp(_ cid: Int) -> Refusal? {
        if let refusal = sim.refusal { return refusal }
        guard radio.isAttached else { return radio.isRegistered ? .cme(134) : .cme(30) }
        var context = context(cid)
        if let known = options.apn, !context.apn.isEmpty, context.apn.lowercased() != known.lowercased() {
            lastCause = "Missing or unknown APN"
            return .cme(127)
        }
        if let account = options.account,
            context.authentication == 0 || context.user != account.user || context.password != account.password
        {
            lastCause = "User authentication failed"
            return .cme(129)
        }
        if options.isIPv4Only, context.type != "IP" {
            lastCause = "PDP type IPv4 only allowed"
            return .cme(192)
        }
        context.state = .active(address: Self.address(cid))
        contexts[cid] = context
        ledger.opened(.bearer(cid), context.apn, now: now)
        step(.bearerOpened)
        return nil
    }

    /// Ends a context with all its sockets, whose numbers are free then.
    mutating func takeDown(_ cid: Int, _ reason: String) {
        for (id, slot) in slots.sorted(by: { $0.key < $1.key }) where slot.context == cid {
            release(id, reason, gracefully: false)
        }
        guard context(cid).state != .inactive else { return }
        contexts[cid]?.state = .inactive
        ledger.closed(.bearer(cid), reason, now: now)
        step(.bearerClosed)
    }

    /// The network ends every active context: what becomes of its connections is the family's to say.
    mutating func loseContexts(_ reason: String) {
        if call != nil { hangUp(reason) }
        for (cid, context) in defined where context.address != nil {
            contexts[cid]?.state = .lost
            ledger.note("pdpdeact", "context \(cid): \(reason)", now: now)
            family.contextLost(cid, on: &self)
        }
    }
}
