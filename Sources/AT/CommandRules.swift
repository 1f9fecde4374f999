import NIOCore

/// What is known of the commands that a person may type: secrets, what is refused, and the shape of their answers.
enum CommandRules {
    // MARK: Secrets

    struct Redaction: Equatable {
        var words = "AT"
        var secrets: [String] = []
    }

    /// The commands one behind the other, each secret as `<redacted>`.
    static func redaction(of parts: [CommandPart]) -> Redaction {
        var result = Redaction()
        for (index, part) in parts.enumerated() {
            if index > 0, parts[index - 1].isExtended { result.words += ";" }
            result.words += redacted(mistyped: part, &result.secrets) ?? part.name + redacted(part, &result.secrets)
        }
        return result
    }

    /// Digits right behind the name: blanks count for nothing, so `AT+CPIN 1234` is one word. nil: it has no such form.
    private static func redacted(mistyped part: CommandPart, _ secrets: inout [String]) -> String? {
        guard SecretCommands.all[part.name] == nil else { return nil }
        let names = SecretCommands.all.keys.filter { part.name.hasPrefix($0) }
        guard let name = names.max(by: { $0.count < $1.count }) else { return nil }
        let rest = part.name.dropFirst(name.count)
        guard rest.first?.isNumber == true else { return nil }
        secrets.append(rest + part.tail)
        return name + "<redacted>"
    }

    private static func redacted(_ part: CommandPart, _ secrets: inout [String]) -> String {
        guard let places = SecretCommands.all[part.name]?.places, !part.tail.isEmpty, !part.isQuestion else {
            return part.tail
        }
        let values = part.values
        // What does not have the form of a list of values may hold the secret anywhere.
        guard !values.isEmpty, part.tail.count(where: { $0 == "\"" }).isMultiple(of: 2) else {
            secrets.append(part.tail)
            return "<redacted>"
        }
        var shown: [String] = []
        for (place, written) in part.writtenValues.enumerated() {
            guard places.contains(place), !values[place].isEmpty else {
                shown.append(written)
                continue
            }
            secrets.append(values[place])
            shown.append(written.hasPrefix("\"") ? "\"<redacted>\"" : "<redacted>")
        }
        return "=" + shown.joined(separator: ",")
    }

    /// Answers with a password that is read back, or who the owner of the SIM is.
    private static let secretAnswers: Set<String> = [
        "+CGAUTH", "+QICSGP", "+CSTT", "+SAPBR", "+WIPBR", "$QCPDPP", "+CIMI", "+CCID", "+QCCID", "+CNUM",
    ]

    // MARK: Refusals

    /// Why it is not sent; nil: it may be.
    static func refusal(of part: CommandPart, baud: Int?) -> String? {
        if part.isQuestion { return nil }
        switch part.name {
        case "D", "A", "O": return "it opens a call, which takes the line out of command mode"
        case "Q" where part.tail == "1": return "it silences the modem's answers"
        case "V" where part.tail == "0" || part.tail.isEmpty: return "it turns the modem's answers into digits"
        case "S2", "S3", "S4", "S5":
            return part.tail.hasPrefix("=") ? "it changes the characters that this program relies on" : nil
        case "+IPR":
            guard let rate = part.values.first.flatMap({ Int($0) }), rate != baud else { return nil }
            return "it changes the speed under this program; start it with --baud \(rate) once the modem has it"
        case "+QISEND": return part.values.count == 2 && part.values[1] == "0" ? nil : payload
        case "+QIOPEN": return isTransparent(part, at: 6)
        case "+QISWTMD": return isTransparent(part, at: 1)
        case "+QSSLOPEN": return isTransparent(part, at: 5)
        default: break
        }
        if takesData.contains(part.name) { return payload }
        return entersData.contains(part.name) ? dataMode : nil
    }

    private static let payload = "it waits for data, which this command has none to give; send and tunnel do that"
    private static let dataMode = "it takes the line out of command mode; send and tunnel do that"

    private static func isTransparent(_ part: CommandPart, at place: Int) -> String? {
        let values = part.values
        return values.count > place && values[place] == "2" ? dataMode : nil
    }

    /// Commands that ask for octets behind a prompt (3GPP TS 27.005 §3.5, §4.3; the makers' own).
    private static let takesData: Set<String> = [
        "+CMGS", "+CMGW", "+CMGC", "+CNMA", "+CIPSEND", "+CASEND", "+QSSLSEND", "+QHTTPURL", "+QHTTPPOST",
        "+QHTTPPUT", "+QFUPL", "+QFWRITE", "+QMTPUB", "+QMTPUBEX", "+HTTPDATA", "+CCHSEND", "+CFTRANRX",
        "+CMQTTTOPIC", "+CMQTTPAYLOAD", "+CCERTDOWN", "+USOWR", "+USOST", "+UDWNFILE", "+USECMNG", "#SSEND",
        "#SSENDEXT",
        "#SSENDUDP", "^SISW", "+KTCPSND",
    ]

    /// Commands that answer with CONNECT (V.250 §6.3, 3GPP TS 27.007 §10.1.12, 3GPP TS 27.010; the makers' own).
    private static let entersData: Set<String> = [
        "+CGDATA", "+CMUX", "+QFREAD", "+QFDWL", "+QHTTPREAD", "+WIPDATA", "+WIPFILE", "#SD", "#SO", "#SSLD", "#SSLO",
        "#SKTD", "#SKTDT", "^SIST", "+USODL", "+KTCPRCV", "+KCNX",
    ]

    // MARK: Answers

    static func exchange(_ text: CommandText, _ parts: [CommandPart]) -> Exchange {
        let prefixes = parts.filter(\.isExtended).map { $0.name + ":" }
        var exchange = Exchange(
            text, responsePrefixes: prefixes, answersBareLines: parts.contains(where: answersBareLines),
            payload: Exchange.Payload(goAhead: .prompt(UInt8(ascii: ">"), pause: .zero), octets: escape),
            completion: .anyFinal, timeout: parts.map(timeout).max() ?? shortTime,
            isAbortable: parts.contains { $0.name == "+COPS" && $0.tail.hasPrefix("=") },
            answerIsSecret: parts.contains { secretAnswers.contains($0.name) })
        switch parts.last?.name {
        case "+CIPSHUT": exchange.completion = .lineInstead([.exactly("SHUT OK")])
        case "+CIPCLOSE":
            exchange.completion = .lineInstead(
                (0...7).map { .leading($0, suffix: "CLOSE OK") } + [.exactly("CLOSE OK")])
        case "+CIFSR": exchange.completion = .bareLine
        default: break
        }
        // These have no prompt; and while one may come, no octet may abort a command.
        if exchange.completion != .anyFinal || exchange.isAbortable { exchange.payload = nil }
        return exchange
    }

    /// The answer to a prompt that nobody expected.
    private static let escape = ByteBuffer(bytes: [0x1B])

    /// Basic commands and those that are executed may answer with anything; what asks or sets answers with its name.
    private static func answersBareLines(_ part: CommandPart) -> Bool {
        guard part.isExtended, part.name.hasPrefix("+") else { return true }
        return part.tail.isEmpty || bareAnswers.contains(part.name)
    }

    /// With lines of text behind their own (3GPP TS 27.005 §3.4.2, §3.4.3), or no name at all.
    private static let bareAnswers: Set<String> = ["+CMGR", "+CMGL", "+CSIM", "+CRSM", "+CGSN", "+CIPSTATUS", "+CLAC"]

    private static let shortTime = TimeAmount.seconds(30)

    /// By the makers' manuals; the owner's `command-timeouts` come before them.
    private static func timeout(of part: CommandPart) -> TimeAmount {
        switch part.name {
        case "+COPS", "+CGATT", "+CGACT", "+QIACT", "+UPSDA", "#SGACT", "+CNACT", "+SAPBR", "+WIPBR", "+CLCC":
            .seconds(180)
        case "+QIOPEN", "+QIDNSGIP", "+QPING", "+CIPSTART", "+CIICR", "+CIPSHUT", "+WIPCREATE", "+CUSD", "+CLCK",
            "+CPWD",
            "+CCFC", "+QCOPS", "+QSCAN":
            .seconds(120)
        case "+QIDEACT", "+CFUN", "+CMGL", "+CMGD", "+CPBR", "+CMSS": .seconds(60)
        default: shortTime
        }
    }
}
