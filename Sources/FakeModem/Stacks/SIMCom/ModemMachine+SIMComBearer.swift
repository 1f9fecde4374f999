import Credentials
import NIOCore

// SIMCom's bearer, its settings, and what the maker added beside sockets (SIM800 V1.09 §6, §8).
extension ModemMachine {
    mutating func simcomBearerAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CSTT": return startTask(command)
        case "+CIICR": return bringUpWireless(command)
        case "+CIFSR": return localAddress(command)
        case "+CIPSHUT": return shut(command)
        case "+CIPSTATUS": return connectionStatus(command)
        case "+CDNSGIP": return resolve(command)
        default: return nil
        }
    }

    /// The phase; a context that went away behind the stack's back counts.
    private var simcomPhase: SIMComStack.Phase {
        switch simcom.phase {
        case .active, .status: contexts[Self.simcomContext]?.address == nil ? .deactivated : simcom.phase
        case .initial, .start, .deactivated: simcom.phase
        }
    }

    var isSIMComReady: Bool { simcomPhase == .status }

    private var context: PDPContext { contexts[Self.simcomContext] ?? PDPContext(type: "IP") }

    private mutating func startTask(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+CSTT: \"APN\",\"USER\",\"PWD\""])
        case .read: return .success(["+CSTT: \"\(context.apn)\",\"\(context.user)\",\"\""])
        case .execute: break
        case .set(let arguments):
            guard let apn = arguments.text(0), apn.utf8.count <= 50, let user = arguments.text(1, default: ""),
                let password = arguments.text(2, default: ""), arguments.count <= 3
            else { return .refused(.plain) }
            guard simcomPhase == .initial else { return .refused(.cme(3)) }
            var context = context
            context.apn = apn
            context.user = user
            context.password = Secret(password)
            context.authentication = user.isEmpty ? 0 : 1
            contexts[Self.simcomContext] = context
        }
        guard simcomPhase == .initial else { return .refused(.cme(3)) }
        simcom.phase = .start
        return .success()
    }

    private mutating func bringUpWireless(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard command.form == .execute, simcomPhase == .start else { return .refused(.cme(3)) }
        if context.address == nil, bringUp(Self.simcomContext) != nil {
            simcom.phase = .deactivated
            return .refused(.plain)
        }
        simcom.phase = .active
        simcom.wasClosed = false
        return .success()
    }

    /// No `OK`.
    private mutating func localAddress(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard command.form == .execute, simcomPhase == .active || simcomPhase == .status,
            let address = context.address
        else { return .refused(.plain) }
        simcom.phase = .status
        return .bare([address])
    }

    /// Leads to IP INITIAL from anywhere.
    private mutating func shut(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard command.form == .execute else { return .refused(.plain) }
        takeDown(Self.simcomContext, "+CIPSHUT")
        simcom.awaiting = [:]
        simcom.phase = .initial
        simcom.wasClosed = false
        return .final("SHUT OK")
    }

    // MARK: State

    private var stateWords: String {
        switch simcomPhase {
        case .initial: "IP INITIAL"
        case .start: "IP START"
        case .active: "IP GPRSACT"
        case .deactivated: "PDP DEACT"
        case .status:
            if simcom.hasSeveral {
                slots.isEmpty ? "IP STATUS" : "IP PROCESSING"
            } else {
                switch slots[0]?.state {
                case .opening: "TCP CONNECTING"
                case .connected: "CONNECT OK"
                case .closing: "TCP CLOSING"
                case .failed, .ended: "TCP CLOSED"
                case nil: simcom.wasClosed ? "TCP CLOSED" : "IP STATUS"
                }
            }
        }
    }

    /// The state stands behind the `OK`, and so does what several connections are.
    private mutating func connectionStatus(_ command: Command) -> Reply {
        switch command.form {
        case .test, .read: return command.form == .test ? .success() : .refused(.plain)
        case .set(let arguments):
            guard simcom.hasSeveral, arguments.count == 1, let id = arguments.number(0), simcomNumbers.contains(id)
            else { return .refused(.plain) }
            return .success(["+CIPSTATUS: " + connectionFields(id, bearer: "0")])
        case .execute:
            agenda.add(.unsolicited("STATE: " + stateWords), at: now)
            guard simcom.hasSeveral else { return .success() }
            for id in simcomNumbers {
                let text = "C: " + connectionFields(id, bearer: slots[id] == nil ? "" : "0")
                agenda.add(.unsolicited(text), at: now)
            }
            return .success()
        }
    }

    private func connectionFields(_ id: Int, bearer: String) -> String {
        guard let slot = slots[id] else { return "\(id),\(bearer),\"\",\"\",\"\",\"INITIAL\"" }
        let words =
            switch slot.state {
            case .opening: "CONNECTING"
            case .connected: "CONNECTED"
            case .closing: "CLOSING"
            case .failed: "CLOSED"
            case .ended: "REMOTE CLOSING"
            }
        let address = carrier.address(of: slot.host) ?? "0.0.0.0"
        return "\(id),\(bearer),\"TCP\",\"\(address)\",\"\(slot.port)\",\"\(words)\""
    }

    private mutating func resolve(_ command: Command) -> Reply {
        if command.form == .test { return .success() }
        guard let name = command.arguments?.text(0), !name.isEmpty else { return .refused(.plain) }
        guard isSIMComReady else { return .refused(.cme(3)) }
        let answer = carrier.address(of: name).map { "1,\"\(name)\",\"\($0)\"" } ?? "0,8"
        agenda.add(.unsolicited("+CDNSGIP: \(answer)"), at: now + carrier.roundTrip)
        return .success()
    }

    // MARK: Settings

    mutating func simcomSettingAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CIPMUX": return simcomSwitch(command, \.hasSeveral) { !($0 && $1.isTransparent) }
        case "+CIPMODE": return simcomSwitch(command, \.isTransparent) { !($0 && $1.hasSeveral) }
        case "+CIPRXGET":
            guard (command.arguments?.count ?? 0) <= 1 else { return nil }
            if command.form == .test { return .success(["+CIPRXGET: (0-4),(0-5),(1-1460)"]) }
            return simcomSwitch(command, \.isPulled) { _, _ in true }
        case "+CIPQSEND": return simcomSwitch(command, \.isQuick, inAnyPhase: true) { _, _ in true }
        case "+CIPHEAD": return simcomSwitch(command, \.hasHeader, inAnyPhase: true) { _, _ in true }
        case "+CIPSPRT": return promptSetting(command)
        case "+CIPATS", "+CIPSRIP", "+CIPSHOWTP", "+CIPSSL", "+CIPCCFG", "+CIPTKA", "+CIPSCONT", "+CIPSGTXT",
            "+CIPCSGP", "+CLPORT", "+CDNSCFG", "+CIPRDTIMER":
            return inertSetting(command)
        default: return nil
        }
    }

    /// What holds only while the bearer is down, and where the other settings let it.
    private mutating func simcomSwitch(
        _ command: Command, _ key: WritableKeyPath<SIMComStack, Bool>, inAnyPhase: Bool = false,
        where isAllowed: (Bool, SIMComStack) -> Bool
    ) -> Reply {
        switch command.form {
        case .test: return .success(["\(command.name): (0,1)"])
        case .read: return .success(["\(command.name): \(simcom[keyPath: key] ? 1 : 0)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let value = arguments.number(0), (0...1).contains(value) else {
                return .refused(.plain)
            }
            guard inAnyPhase || simcomPhase == .initial, isAllowed(value == 1, simcom) else {
                return .refused(.cme(3))
            }
            simcom[keyPath: key] = value == 1
            return .success()
        }
    }

    private mutating func promptSetting(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+CIPSPRT: (0-2)"])
        case .read: return .success(["+CIPSPRT: \(simcom.promptMode)"])
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let value = arguments.number(0), (0...2).contains(value) else {
                return .refused(.plain)
            }
            simcom.promptMode = value
            return .success()
        }
    }

    private mutating func inertSetting(_ command: Command) -> Reply {
        switch command.form {
        case .test, .execute: return .success()
        case .read:
            let shown = (simcom.options[command.name] ?? [.number(0)]).compactMap(\.number).map(String.init)
            return .success(["\(command.name): \(shown.joined(separator: ","))"])
        case .set(let arguments):
            simcom.options[command.name] = arguments
            return .success()
        }
    }

    // MARK: The maker's own

    mutating func simcomOwnAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+CCID": return cardNumber(command, prefix: "")
        case "+ICCID": return cardNumber(command, prefix: "+ICCID: ")
        case "+SPIC":
            guard command.form == .execute else { return command.form == .test ? .success() : .refused(.plain) }
            if let refusal = sim.unreadable { return .refused(refusal) }
            return .success(["+SPIC: \(sim.pinTries),\(sim.pukTries),3,10"])
        case "+CPOWD":
            guard let number = command.number, (0...1).contains(number), command.form != .execute else {
                return .refused(.plain)
            }
            agenda.add(.powerOff(nil), at: now + .milliseconds(100))
            return number == 1 ? .final("NORMAL POWER DOWN") : .bare([])
        case "+GCAP": return bare(command, "+GCAP: +FCLASS,+CGSM")
        default: return nil
        }
    }
}
