import Credentials
import NIOCore

// Quectel's contexts: `+QICSGP`, `+QIACT`, `+QIDEACT`, and what the maker added beside sockets.
extension ModemMachine {
    /// Contexts active for the modem's own stack at once.
    static let quectelActiveLimit = 3

    mutating func quectelContextAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+QICSGP": return configure(command)
        case "+QIACT": return activate(command)
        case "+QIDEACT": return deactivate(command)
        default: return nil
        }
    }

    mutating func quectelOwnAnswer(_ command: Command) -> Reply? {
        switch command.name {
        case "+QGMR": return bare(command, "\(options.profile.revision)_01.001.01.001")
        case "+QCCID": return cardNumber(command, prefix: "+QCCID: ")
        case "+QPINC": return quectelCounters(command)
        case "+QSIMSTAT":
            return command.form == .read ? .success(["+QSIMSTAT: 0,\(sim.state == .absent ? 0 : 1)"]) : .success()
        case "+QINISTAT":
            return .success(["+QINISTAT: \(sim.state == .ready ? (sim.isSettling ? 3 : 7) : 0)"])
        case "+QNWINFO":
            let known = "+QNWINFO: \"FDD LTE\",\"00101\",\"LTE BAND 3\",1300"
            return reading(command, [radio.isRegistered ? known : "+QNWINFO: No Service"])
        case "+QPOWD": return powerDown(command)
        case "+QURCCFG": return command.form == .execute ? .refused(.plain) : .success()
        default: return nil
        }
    }

    private mutating func powerDown(_ command: Command) -> Reply {
        guard command.form == .execute || [0, 1].contains(command.number) else { return .refused(.plain) }
        agenda.add(.powerOff("POWERED DOWN"), at: now + .milliseconds(100))
        return .success()
    }

    private func quectelCounters(_ command: Command) -> Reply {
        if command.form == .test { return .success(["+QPINC: (\"SC\",\"P2\")"]) }
        if let refusal = sim.unreadable { return .refused(refusal) }
        let lines = ["SC": "+QPINC: \"SC\",\(sim.pinTries),\(sim.pukTries)", "P2": "+QPINC: \"P2\",3,10"]
        switch command.form {
        case .read, .execute: return .success([lines["SC"], lines["P2"]].compactMap { $0 })
        case .set(let arguments):
            guard let line = lines[arguments.text(0) ?? ""] else { return .refused(.cme(50)) }
            return .success([line])
        case .test: return .success()
        }
    }

    private mutating func configure(_ command: Command) -> Reply {
        if command.form == .test {
            return .success(["+QICSGP: (1-16),(1-3),<APN>,<username>,<password>,(0-3)"])
        }
        guard let arguments = command.arguments, let cid = arguments.number(0), Self.contextRange.contains(cid) else {
            return fail(.parameter)
        }
        if arguments.count == 1 {
            let context = context(cid)
            let type = ["IP": 1, "IPV6": 2, "IPV4V6": 3][context.type] ?? 1
            let secret = String(repeating: "*", count: context.password.count)
            return .success([
                "+QICSGP: \(type),\"\(context.apn)\",\"\(context.user)\",\"\(secret)\",\(context.authentication)"
            ])
        }
        guard let kind = arguments.number(1), (1...3).contains(kind), let apn = arguments.text(2), apn.utf8.count <= 99,
            let user = arguments.text(3, default: ""), let password = arguments.text(4, default: ""),
            let method = arguments.number(5, default: 0), (0...3).contains(method), arguments.count <= 6
        else { return fail(.parameter) }
        guard context(cid).address == nil else { return fail(.notAllowed) }
        var context = context(cid)
        context.type = ["IP", "IPV6", "IPV4V6"][kind - 1]
        context.apn = apn
        context.user = user
        context.password = Secret(password)
        context.authentication = method
        contexts[cid] = context
        return .success()
    }

    private mutating func activate(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+QIACT: (1-16)"])
        case .read:
            return .success(
                defined.compactMap { entry in
                    entry.1.address.map { "+QIACT: \(entry.0),1,\(entry.1.type == "IPV6" ? 2 : 1),\"\($0)\"" }
                })
        case .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let cid = arguments.number(0), Self.contextRange.contains(cid) else {
                return fail(.parameter)
            }
            guard context(cid).state == .inactive else { return fail(.notAllowed) }
            guard contexts.values.filter({ $0.address != nil }).count < Self.quectelActiveLimit else {
                return fail(.busy)
            }
            guard let refusal = bringUp(cid) else { return .success() }
            quectel.lastError = .openContext
            return .refused(refusal)
        }
    }

    private mutating func deactivate(_ command: Command) -> Reply {
        switch command.form {
        case .test: return .success(["+QIDEACT: (1-16)"])
        case .read, .execute: return .refused(.plain)
        case .set(let arguments):
            guard arguments.count == 1, let cid = arguments.number(0), Self.contextRange.contains(cid) else {
                return fail(.parameter)
            }
            takeDown(cid, "+QIDEACT")
            return .success()
        }
    }
}
