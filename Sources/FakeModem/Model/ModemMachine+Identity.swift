// Who the modem is (V.250 §6.1, 3GPP TS 27.007 §5), and the cards that name its owner.
extension ModemMachine {
    mutating func identityAnswer(_ command: Command) -> Reply? {
        let profile = options.profile
        switch command.name {
        case "I":
            guard command.number == 0 else { return .refused(.plain) }
            return .success(profile.identification)
        case "+CGMI", "+GMI": return bare(command, profile.manufacturer)
        case "+CGMM", "+GMM": return bare(command, profile.model)
        case "+CGMR", "+GMR": return bare(command, profile.revision)
        case "+CGSN", "+GSN": return bare(command, profile.imei)
        case "+GCAP": return bare(command, "+GCAP: +CGSM")
        case "+CIMI":
            if let refusal = sim.refusal ?? (sim.isSettling ? .cme(14) : nil) { return .refused(refusal) }
            return bare(command, profile.imsi)
        case "+CCID": return cardNumber(command, prefix: "+CCID: ")
        case "+CSCS": return characterSet(command)
        case "+CMGF": return messageFormat(command)
        case "+CSCA": return command.form == .read ? .success(["+CSCA: \"+491710760000\",145"]) : .success()
        default: return nil
        }
    }

    func bare(_ command: Command, _ text: String) -> Reply {
        switch command.form {
        case .execute: .success([text])
        case .test: .success()
        case .read, .set: .refused(.plain)
        }
    }

    /// Readable while the PIN is asked for, not while the card is busy.
    func cardNumber(_ command: Command, prefix: String) -> Reply {
        guard command.form == .execute || command.form == .read else { return .refused(.plain) }
        if let refusal = sim.unreadable { return .refused(refusal) }
        return .success([prefix + options.profile.iccid])
    }

    private func characterSet(_ command: Command) -> Reply {
        switch command.form {
        case .read: .success(["+CSCS: \"GSM\""])
        case .test: .success(["+CSCS: (\"GSM\",\"IRA\",\"UCS2\")"])
        case .set(let arguments):
            ["GSM", "IRA", "UCS2"].contains(arguments.text(0)) ? .success() : .refused(.plain)
        case .execute: .refused(.plain)
        }
    }

    private func messageFormat(_ command: Command) -> Reply {
        switch command.form {
        case .read: .success(["+CMGF: 0"])
        case .test: .success(["+CMGF: (0,1)"])
        case .set(let arguments): [0, 1].contains(arguments.number(0)) ? .success() : .refused(.plain)
        case .execute: .refused(.plain)
        }
    }
}
