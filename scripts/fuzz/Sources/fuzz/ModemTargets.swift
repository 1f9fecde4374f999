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
