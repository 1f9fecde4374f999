import AT
import FakeModem
import Modem
import NIOCore

/// An engine with a command in flight: every exchange is finished once, whatever comes and whenever.
func fuzzATEngine(_ octets: [UInt8]) {
    var engine = ATEngine()
    let dialect = Quectel(mode: .buffer)
    engine.adopt(introducers: dialect.introducers, unsolicitedPrefixes: dialect.unsolicitedPrefixes)
    var now = NIODeadline.uptimeNanoseconds(0)
    var open = 0
    func handle(_ event: ATEngine.Event) {
        for action in engine.handle(event, now: now) {
            if case .finish = action { open -= 1 }
        }
    }
    func submit(_ number: UInt64) {
        open += 1
        handle(.submit(ATEngine.ID(number), Exchange(CommandText("AT+CSQ"), responsePrefixes: ["+CSQ:"])))
    }
    submit(0)
    for (number, part) in pieces(octets).enumerated() {
        handle(.received(ByteBuffer(bytes: part)))
        if part.first == 0x01, let deadline = engine.deadline {
            now = deadline
            handle(.deadlinePassed)
        }
        if open == 0, number < 64 { submit(UInt64(number) + 1) }
    }
    handle(.lost(.portGone("the end")))
    require(open == 0, "an exchange that was not finished once")
}

/// The first octet chooses the command, the rest is its information responses, a line each.
func fuzzATResponses(_ octets: [UInt8]) {
    let lines = octets.dropFirst().split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    let commands: [any ATCommand] =
        [
            FunctionalityQuery(), SignalQuery(), ExtendedSignalQuery(), OperatorQuery(), AttachQuery(),
            ErrorReportQuery(),
            ClockQuery(), PINStateQuery(), IMSIQuery(), ContextDefinitionsQuery(), ContextStatesQuery(),
            ContextAddressQuery(cid: 1), ContextDetailsQuery(cid: 1), InformationQuery(),
        ] + RegistrationDomain.allCases.map { RegistrationQuery($0) }
        + PINTriesQuery.Form.allCases.map { PINTriesQuery($0) }
        + ICCIDQuery.Form.allCases.map { ICCIDQuery($0) } + IdentityQuery.Subject.allCases.map { IdentityQuery($0) }
    let command = commands[Int(octets.first ?? 0) % commands.count]
    do {
        _ = try command.response(from: lines)
    } catch {
        require(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "an error of more than one line")
    }
    for line in lines { _ = Registration(unsolicited: line) }
}

/// A socket of the dialect between a reader and a writer: each line of the input is an unsolicited line, or the answer to the
/// exchange that runs. However they come, each wish is answered once, and all is over when the line is.
private func fuzzDialect(_ octets: [UInt8], _ dialects: [any Dialect]) {
    guard let first = octets.first else { return }
    var machine = SocketMachine(dialect: dialects[Int(first) % dialects.count], cid: 1)
    var now = NIODeadline.uptimeNanoseconds(0)
    var isRunning = false
    var open = 0
    let id = machine.makeID()
    func handle(_ event: SocketMachine.Event) {
        for action in machine.handle(event, now: now) {
            switch action {
            case .perform:
                require(!isRunning, "two exchanges at a time")
                isRunning = true
            case .opened, .openFailed, .readFinished, .writeFinished, .flushFinished, .closed: open -= 1
            case .bearerLost: continue
            }
        }
    }
    open = 1
    handle(.open(id, SocketEndpoint(host: "mail.example.com", port: 465)))
    for text in octets.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false) {
        let line = ATLine(String(decoding: text.dropFirst(), as: UTF8.self))
        switch text.first {
        case UInt8(ascii: "!") where isRunning:
            isRunning = false
            handle(.answered(.success(Exchange.Answer(lines: [line], completingLine: line, octetsWritten: text.count))))
        case UInt8(ascii: "?") where isRunning:
            isRunning = false
            handle(.answered(.success(Exchange.Answer(result: .error))))
        case UInt8(ascii: "r") where open == 0 && machine.openIDs.contains(id):
            open += 1
            handle(.read(id, atMost: 100))
        case UInt8(ascii: "w") where open == 0 && machine.openIDs.contains(id) && text.count > 1:
            open += 1
            handle(.write(id, ByteBuffer(bytes: text.dropFirst())))
        case UInt8(ascii: "t"):
            if let deadline = machine.deadline {
                now = max(now, deadline)
                handle(.deadlinePassed)
            }
        default: handle(.line(line))
        }
        require(open >= 0, "a wish that was answered twice")
    }
    handle(.lost(words: "the end"))
    if isRunning { handle(.answered(.failure(.portGone("the end")))) }
    require(open == 0, "a wish that was not answered")
}

func fuzzQuectel(_ octets: [UInt8]) {
    fuzzDialect(octets, [Quectel(mode: .buffer), Quectel(mode: .push)])
}

/// Also what the dialect makes of the answers to its questions for the bearer.
func fuzzSIMCom(_ octets: [UInt8]) {
    fuzzDialect(octets, [SIMCom(mode: .buffer), SIMCom(mode: .push), SIMCom(mode: .sendOK)])
    let lines = octets.split(separator: 0x0A).prefix(16).map { ATLine(String(decoding: $0, as: UTF8.self)) }
    let context = PDPContext(cid: 1, type: .ipv4)
    for mode in SIMCom.Mode.allCases {
        let dialect = SIMCom(mode: mode)
        var answers: [Exchange.Answer] = []
        while dialect.query(context, after: answers) != nil, answers.count < 32 {
            let line = answers.count < lines.count ? lines[answers.count] : ATLine("")
            answers.append(Exchange.Answer(lines: [line], completingLine: line))
        }
        require(answers.count < 32, "questions without end")
        _ = dialect.status(in: answers, of: context)
    }
}

/// Each line of the input is an unsolicited line, an answer to every operation, and what the bearer's question brought. A slot
/// that is told is one of those that the dialect opens, and nothing is taken for done that was refused.
func fuzzWIPsoft(_ octets: [UInt8]) {
    let texts = octets.split(separator: 0x0A).prefix(64).map { String(decoding: $0, as: UTF8.self) }
    let context = PDPContext(cid: 1, type: .ipv4)
    for mode in WIPsoft.Mode.allCases {
        let dialect = WIPsoft(mode: mode)
        for text in texts {
            let line = ATLine(text)
            switch dialect.event(of: line) {
            case .opened(let slot), .dataWaiting(let slot), .peerClosed(let slot?, _), .broken(let slot, _):
                require((1...8).contains(slot), "a slot that nobody opens")
            case .openFailed, .dataPushed, .peerClosed, .writable, .blocked, .allAcknowledged:
                require(false, "an event that the family has not")
            case .bearerLost, .rebooted, nil: break
            }
            let refusals: [FinalResultCode] = [.vendor(text), .cme(number: Int(text), text: text), .connect(text)]
            for answer in refusals.map({ Exchange.Answer(lines: [line], result: $0, completingLine: line) }) {
                let operation = SocketOperation.open(
                    slot: 1, SocketEndpoint(host: "mail.example.com", port: 465), cid: 1, step: 0)
                require(dialect.result(of: answer, to: operation) != .opened, "a refusal that opened")
                _ = dialect.result(of: answer, to: .resumeOnline(slot: 1))
                _ = dialect.result(of: answer, to: .close(slot: 1, step: 0))
                _ = dialect.explanation(in: answer)
            }
        }
        let answer = Exchange.Answer(lines: texts.map { ATLine($0) })
        require(dialect.query(context, after: [answer]) == nil, "questions without end")
        if case .active(let address) = dialect.status(in: [answer], of: context) {
            require(address?.isEmpty == false, "an active context without an address")
        }
    }
}

/// Octets of a line with marks, in pieces: the same for any split, no octet lost; and payload comes back as it was.
func fuzzMarking(_ octets: [UInt8]) {
    let marking = OctetMarking(escape: 0x10, end: 0x03)
    func decoded(_ pieces: [ArraySlice<UInt8>]) -> (payload: [UInt8], behind: [UInt8]?) {
        var decoder = OctetMarking.Decoder(marking)
        var payload: [UInt8] = []
        var behind: [UInt8]?
        for piece in pieces {
            let decoded = decoder.decode(ByteBuffer(bytes: piece))
            payload += decoded.payload.readableBytesView
            if let more = decoded.behindEnd { behind = (behind ?? []) + more.readableBytesView }
        }
        return (payload, behind)
    }
    let whole = Array(octets.dropFirst())
    func split(_ octets: [UInt8], _ size: UInt8?) -> [ArraySlice<UInt8>] {
        pieces([(size ?? 0) % 64] + octets)
    }
    require(decoded(split(whole, octets.first)) == decoded([whole[...]]), "a split that changes what is read")
    let line = Array(marking.encoded(ByteBuffer(bytes: whole)).readableBytesView)
    require(decoded(split(line, octets.first)) == (whole, nil), "payload that does not come back")
    require(line.count <= 2 * whole.count, "more than an escape for each octet")
}

func fuzzFaultScript(_ octets: [UInt8]) {
    do {
        _ = try FaultScript(parsing: String(decoding: octets, as: UTF8.self))
    } catch {
        require(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "an error of more than one line")
    }
}

/// Whatever a transcript holds, it is read into bounded steps or refused in one line.
func fuzzTranscript(_ octets: [UInt8]) {
    do {
        let transcript = try Transcript(parsing: String(decoding: octets, as: UTF8.self))
        require(!transcript.steps.isEmpty, "a transcript without a step")
        let lines = transcript.steps.map(\.line)
        require(zip(lines, lines.dropFirst()).allSatisfy { $0 < $1 }, "steps out of order")
    } catch {
        require(!error.line.unicodeScalars.contains { $0.value < 0x20 }, "an error of more than one line")
    }
}
