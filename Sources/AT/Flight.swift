import NIOCore

/// The exchange that has the line, and how far it came. Lines in, what they mean to it out; it writes nothing itself.
struct Flight: Sendable {
    enum Stage: Sendable, Equatable {
        /// The command is written; its payload waits for the modem's word.
        case awaitingGoAhead
        /// The word came; the maker asks for a pause before the payload of so many octets.
        case pausing(until: NIODeadline, octets: Int)
        /// All is written.
        case awaitingEnd
        /// It is complete, but some firmwares add an `OK`, which must not answer the next command.
        case settling(until: NIODeadline)
    }

    /// What a line is to the exchange.
    enum Meaning: Sendable, Equatable {
        case foreign
        /// An information response, kept.
        case information
        /// The line that completes it beside or instead of the final result code, kept. The exchange goes on.
        case completion
        /// The go-ahead: so many octets may be written after the pause.
        case goAhead(octets: Int, pause: TimeAmount)
        case ended(Exchange.Answer)
        /// The final result code came; the line that it waits for may come while others run.
        case awaitsLine(limit: TimeAmount)
        /// Complete but for an `OK` that may follow.
        case settles
        case tooMuch
    }

    let id: ATEngine.ID
    let exchange: Exchange
    let timeout: TimeAmount
    var stage: Stage
    var deadline: NIODeadline
    /// The caller has gone; the command keeps the line.
    var isOrphan = false
    private(set) var answer = Exchange.Answer()
    private var isFinal = false
    private var answerOctets = 0

    init(id: ATEngine.ID, exchange: Exchange, timeout: TimeAmount, now: NIODeadline) {
        self.id = id
        self.exchange = exchange
        self.timeout = timeout
        stage = exchange.payload == nil ? .awaitingEnd : .awaitingGoAhead
        deadline = now + timeout
    }

    /// When it has to be looked at again.
    var nextDeadline: NIODeadline {
        switch stage {
        case .pausing(let until, _), .settling(let until): min(until, deadline)
        case .awaitingGoAhead, .awaitingEnd: deadline
        }
    }

    /// What the framer has to expect at the start of a line.
    var expectation: LineFramer.Expectation {
        if stage == .awaitingGoAhead, case .prompt(let octet, _)? = exchange.payload?.goAhead { return .prompt(octet) }
        return .lines
    }

    /// The first `octets` octets of the payload and its trailer, to be written in one go; the exchange then waits for its end.
    mutating func takePayload(octets: Int, now: NIODeadline) -> ByteBuffer? {
        stage = .awaitingEnd
        deadline = now + timeout
        guard let payload = exchange.payload else { return nil }
        var written = ByteBuffer()
        if let slice = payload.octets.getSlice(at: payload.octets.readerIndex, length: octets) {
            written = slice
            answer.octetsWritten = octets
        }
        written.writeBytes(payload.trailer)
        return written.readableBytes == 0 ? nil : written
    }

    /// The prompt came.
    func meaningOfPrompt() -> Meaning {
        guard stage == .awaitingGoAhead, let payload = exchange.payload, case .prompt(_, let pause) = payload.goAhead
        else { return .foreign }
        return .goAhead(octets: payload.octets.readableBytes, pause: pause)
    }

    mutating func meaning(of line: ATLine, rules: LineRules) -> Meaning {
        let text = line.text.squeezed
        if case .settling = stage {
            return FinalResultCode(line: text, isNumeric: rules.isNumeric) == nil ? .foreign : .ended(answer)
        }
        // Without octets it is the unsolicited line of the same form.
        if exchange.answerPayload?.octets(behind: text) != nil {
            return line.payload == nil ? .foreign : keep(line, rules)
        }
        if stage == .awaitingGoAhead, let meaning = goAhead(line, text, rules) { return meaning }
        if let meaning = completion(line, text) { return meaning }
        if exchange.finals.contains(where: { $0.pattern.matches(squeezed: text) }) {
            return ended(.vendor(line.text))
        }
        if let code = FinalResultCode(line: text, isNumeric: rules.isNumeric && !isPlainDigit(text)),
            isMine(code)
        {
            return final(code)
        }
        if rules.isReboot(text) { return .foreign }
        if isInformation(text, rules) { return keep(line, rules) }
        guard exchange.completion == .bareLine, stage == .awaitingEnd, !rules.isUnsolicited(text) else {
            return .foreign
        }
        answer.lines.append(line)
        answer.completingLine = line
        return .settles
    }
}

/// What of a line's meaning does not depend on the exchange.
struct LineRules: Sendable {
    var isNumeric = false
    var unsolicitedPrefixes: [String] = []
    var rebootLines: [LinePattern] = []
    var answerLineLimit = 0
    var answerOctetLimit = 0

    func isReboot(_ squeezed: String) -> Bool {
        rebootLines.contains { $0.matches(squeezed: squeezed) }
    }

    func isUnsolicited(_ squeezed: String) -> Bool {
        unsolicitedPrefixes.contains { squeezed.hasPrefix($0) }
    }
}

extension Flight {
    /// A digit is a bare answer where one is waited for and none came yet (`ATS0?` under `ATV0`).
    private func isPlainDigit(_ text: String) -> Bool {
        exchange.answersBareLines && answer.lines.isEmpty && text != "4"
    }

    private mutating func goAhead(_ line: ATLine, _ text: String, _ rules: LineRules) -> Meaning? {
        guard let payload = exchange.payload else { return nil }
        switch payload.goAhead {
        case .none, .prompt: return nil
        case .line(let words):
            let isFirstWord = text.hasPrefix(words + " ") || text == words.squeezed
            return isFirstWord ? .goAhead(octets: payload.octets.readableBytes, pause: .zero) : nil
        case .granted(let prefix, let parameter):
            let parameters = text.parameters
            guard text.hasPrefix(prefix.squeezed), parameter >= 0, parameter < parameters.count,
                let granted = Int(parameters[parameter]), granted >= 0
            else { return nil }
            let kept = keep(line, rules)
            guard kept == .information else { return kept }
            return .goAhead(octets: min(granted, payload.octets.readableBytes), pause: .zero)
        }
    }

    private mutating func completion(_ line: ATLine, _ text: String) -> Meaning? {
        switch exchange.completion {
        case .finalResultCode, .anyFinal, .bareLine, .dataMode, .finalThenLine: return nil
        case .lineWithoutFinal(let pattern):
            guard stage == .awaitingEnd, pattern.matches(squeezed: text) else { return nil }
            answer.lines.append(line)
            answer.completingLine = line
            return .settles
        case .lineInstead(let patterns):
            guard stage == .awaitingEnd, patterns.contains(where: { $0.matches(squeezed: text) }) else { return nil }
            answer.completingLine = line
            return ended(.ok)
        case .finalAndLine(let pattern, _):
            guard answer.completingLine == nil, pattern.matches(squeezed: text) else { return nil }
            answer.completingLine = line
            return isFinal ? ended(.ok) : .completion
        }
    }

    /// Whether the final result code can be this exchange's: those of calls end only what may be a call, and are
    /// unsolicited otherwise (`NO CARRIER` is also a socket's end).
    private func isMine(_ code: FinalResultCode) -> Bool {
        switch code {
        case .ok, .error, .cme, .cms, .vendor: true
        case .connect: exchange.completion == .dataMode || exchange.completion == .anyFinal || isCall
        case .noCarrier, .busy, .noAnswer, .noDialtone: exchange.completion == .dataMode || isCall
        }
    }

    private var isCall: Bool {
        ["ATD", "ATO", "ATA", "ATH", "AT+CGDATA"].contains { exchange.text.wire.uppercased().hasPrefix($0) }
    }

    private mutating func final(_ code: FinalResultCode) -> Meaning {
        guard code == .ok else { return ended(code) }
        switch exchange.completion {
        case .finalResultCode, .anyFinal, .lineInstead, .bareLine, .lineWithoutFinal: return ended(.ok)
        case .dataMode: return .completion
        case .finalThenLine(_, let limit):
            isFinal = true
            return .awaitsLine(limit: limit)
        case .finalAndLine(_, let limit):
            isFinal = true
            return answer.completingLine == nil ? .awaitsLine(limit: limit) : ended(.ok)
        }
    }

    private mutating func ended(_ code: FinalResultCode) -> Meaning {
        answer.result = code
        return .ended(answer)
    }

    /// Of the lines that it awaits after its final result code: its answer when this is one.
    func answer(awaited line: ATLine) -> Exchange.Answer? {
        let text = line.text.squeezed
        var answer = answer
        switch exchange.completion {
        case .finalThenLine(let pattern, _), .finalAndLine(let pattern, _):
            if pattern.matches(squeezed: text) {
                answer.completingLine = line
                return answer
            }
        case .finalResultCode, .anyFinal, .lineInstead, .bareLine, .lineWithoutFinal, .dataMode: return nil
        }
        guard exchange.finals.contains(where: { $0.pattern.matches(squeezed: text) }) else { return nil }
        answer.result = .vendor(line.text)
        answer.completingLine = line
        return answer
    }

    private func isInformation(_ text: String, _ rules: LineRules) -> Bool {
        if exchange.responsePrefixes.contains(where: { text.hasPrefix($0.squeezed) }) { return isSolicited(text) }
        return exchange.answersBareLines && !rules.isUnsolicited(text)
    }

    /// Tells `+CREG: <n>,<stat>…` from the unsolicited `+CREG: <stat>[,<lac>,<ci>…]` (3GPP TS 27.007 §7.2, §10.1.20): the
    /// answer's second number is a registration status, a location area is quoted or has four digits.
    private func isSolicited(_ text: String) -> Bool {
        guard ["+CREG:", "+CGREG:", "+CEREG:", "+C5GREG:"].contains(where: { text.hasPrefix($0) }) else { return true }
        guard exchange.text.wire.hasSuffix("?"), !exchange.text.wire.hasSuffix("=?") else { return true }
        let parameters = text.parameters
        guard parameters.count >= 2 else { return false }
        let status = parameters[1].utf8
        return (1...2).contains(status.count) && status.allSatisfy { (0x30...0x39).contains($0) }
    }

    private mutating func keep(_ line: ATLine, _ rules: LineRules) -> Meaning {
        answerOctets += line.text.utf8.count + (line.payload?.readableBytes ?? 0)
        guard answer.lines.count < rules.answerLineLimit, answerOctets <= rules.answerOctetLimit else {
            return .tooMuch
        }
        answer.lines.append(line)
        return .information
    }
}
