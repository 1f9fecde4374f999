import AT
import ByteStreams
import Credentials
import Modem
import NIOCore
import Testing

/// SIMCom's commands and lines as the manuals have them (SIM800 V1.09 §8, SIM900 V1.07 §8, SIM7000 V1.03 §8).
@Suite(.timeLimit(.minutes(5))) struct DialectSIMComTests {
    private let dialect = SIMCom(mode: .buffer)
    private let single = SIMCom(mode: .transparent)
    private let endpoint = SocketEndpoint(host: "mail.example.com", port: 465)
    private let context = PDPContext(cid: 1, type: .ipv4, apn: "internet")

    @Test func commandsHaveTheFormOfTheManual() throws {
        let texts: [(SocketOperation, String?, String?)] = [
            (
                .open(slot: 0, endpoint, cid: 1, step: 0), "AT+CIPSTART=0,\"TCP\",\"mail.example.com\",465", nil
            ),
            (.openOnline(slot: 0, endpoint, cid: 1), nil, "AT+CIPSTART=\"TCP\",\"mail.example.com\",465"),
            (.resumeOnline(slot: 0), "ATO", "ATO"),
            (.send(slot: 3, ByteBuffer(string: "abc")), "AT+CIPSEND=3,3", nil),
            (.receive(slot: 0, atMost: 1460), "AT+CIPRXGET=2,0,1460", nil),
            (.unacknowledged(slot: 2), "AT+CIPACK=2", nil),
            (.sendLimit(slot: 2), "AT+CIPSEND?", nil),
            (.state(slot: 4), "AT+CIPSTATUS=4", "AT+CIPSTATUS"),
            (.close(slot: 0, step: 0), "AT+CIPCLOSE=0,0", "AT+CIPCLOSE=0"),
        ]
        for (operation, several, one) in texts {
            if let several { #expect(try dialect.exchange(for: operation)?.text.wire == several) }
            if let one { #expect(try single.exchange(for: operation)?.text.wire == one) }
        }
        #expect(try dialect.exchange(for: .close(slot: 0, step: 1)) == nil)
        #expect(try dialect.exchange(for: .open(slot: 0, endpoint, cid: 1, step: 1)) == nil)
        #expect(try dialect.exchange(for: .explain) == nil)
        // What was confirmed has been acknowledged: there is nothing to ask.
        #expect(try SIMCom(mode: .sendOK).exchange(for: .unacknowledged(slot: 0)) == nil)
    }

    @Test func aHostThatCannotBeQuotedIsRefused() {
        for host in ["a\"b", "a\rb", "a\u{1A}b", "bücher.example"] {
            #expect(throws: ATError.self) {
                try dialect.exchange(for: .open(slot: 0, SocketEndpoint(host: host, port: 1), cid: 1, step: 0))
            }
        }
    }

    // MARK: The bearer

    private func commands(_ mode: SIMCom.Mode, found: ContextStatus?) -> [String] {
        SIMCom(mode: mode).settings(found: found).map(\.exchange.text.wire)
    }

    @Test func settingsBeginWithAShutSinceTheyAreTakenInTheFirstStateAlone() {
        for mode in SIMCom.Mode.allCases {
            for found in [ContextStatus.inactive, .activeOtherwise, nil] {
                let sent = commands(mode, found: found)
                #expect(sent.first == "AT+CIPSHUT")
                #expect(sent.contains("AT+CIPSPRT=1") && sent.contains("AT+CIPATS=0"))
            }
            #expect(commands(mode, found: .active(address: "10.0.0.1")).isEmpty)
        }
        let buffer = commands(.buffer, found: .inactive)
        #expect(
            buffer.suffix(4) == ["AT+CIPMODE=0", "AT+CIPQSEND=1", "AT+CIPMUX=1", "AT+CIPRXGET=1"])
        #expect(commands(.sendOK, found: nil).contains("AT+CIPQSEND=0"))
        #expect(commands(.push, found: nil).contains("AT+CIPRXGET=0"))
        // The line as a socket excludes several connections.
        let transparent = commands(.transparent, found: nil)
        #expect(transparent.firstIndex(of: "AT+CIPMUX=0") ?? 99 < transparent.firstIndex(of: "AT+CIPMODE=1") ?? 0)
    }

    @Test func aTaskNamesTheAccessPointAndItsAccount() throws {
        let account = PDPAccount(user: "u", password: Secret("p4ss"))
        let context = PDPContext(cid: 1, type: .ipv4, apn: "internet", account: account)
        let steps = try dialect.activation(of: context).map(\.exchange)
        #expect(steps.map(\.text.wire) == ["AT+CSTT=\"internet\",\"u\",\"p4ss\"", "AT+CIICR", "AT+CIFSR"])
        #expect(!steps[0].text.redacted.contains("p4ss"))
        #expect(steps[1].timeout >= .seconds(85) && steps[2].completion == .bareLine)
        let plain = try dialect.activation(of: PDPContext(cid: 1, type: .ipv4))
        #expect(plain.first?.exchange.text.wire == "AT+CSTT=\"\",\"\",\"\"")
        #expect(throws: ATError.self) { try dialect.activation(of: PDPContext(cid: 1, type: .ipv4, apn: "a\"\rATH")) }
        let shut = dialect.deactivation(of: context)
        #expect(shut.map(\.exchange.text.wire) == ["AT+CIPSHUT"])
        #expect(shut.first?.exchange.completion == .lineInstead([.exactly("SHUT OK")]))
    }

    private func state(_ words: String) -> Exchange.Answer {
        Exchange.Answer(completingLine: ATLine("STATE: \(words)"))
    }

    private func answers(_ lines: String...) -> [Exchange.Answer] {
        lines.map { line in
            line.contains(":") ? Exchange.Answer(lines: [ATLine(line)]) : Exchange.Answer(completingLine: ATLine(line))
        }
    }

    @Test(arguments: ["IP INITIAL", "IP START", "IP CONFIG", "PDP DEACT", "", "IP"])
    func aBearerThatIsDownIsAskedNoFurther(_ words: String) {
        #expect(dialect.query(context, after: []) != nil)
        #expect(dialect.query(context, after: [state(words)]) == nil)
        #expect(dialect.status(in: [state(words)], of: context) == .inactive)
    }

    @Test(arguments: ["IP GPRSACT", "IP STATUS", "IP PROCESSING", "CONNECT OK", "TCP CLOSED"])
    func aBearerThatIsUpIsAskedForWhatCannotBeSetAnyMore(_ words: String) {
        var given = [state(words)]
        var asked: [String] = []
        while let question = dialect.query(context, after: given), given.count < 10 {
            asked.append(question.text.wire)
            given.append(Exchange.Answer(result: .error))
        }
        #expect(Set(asked) == ["AT+CIPMUX?", "AT+CIPMODE?", "AT+CIPQSEND?", "AT+CIPRXGET?", "AT+CIFSR"])
        #expect(asked.last == "AT+CIFSR")
        let ours = answers("+CIPQSEND: 1", "+CIPMUX: 1", "+CIPMODE: 0", "+CIPRXGET: 1", "10.64.1.2")
        #expect(dialect.status(in: [state(words)] + ours, of: context) == .active(address: "10.64.1.2"))
        for index in 0..<4 {
            var other = ours
            other[index] = Exchange.Answer(result: .error)
            #expect(dialect.status(in: [state(words)] + other, of: context) == .activeOtherwise)
        }
        let pushing = answers("+CIPQSEND: 1", "+CIPMUX: 1", "+CIPMODE: 0", "+CIPRXGET: 0", "10.64.1.2")
        #expect(dialect.status(in: [state(words)] + pushing, of: context) == .activeOtherwise)
    }

    @Test func theAddressIsTheLastStepOfActivation() {
        let steps = [Exchange.Answer(), Exchange.Answer()]
        #expect(dialect.status(in: steps + answers("10.64.1.2"), of: context) == .active(address: "10.64.1.2"))
        for text in ["0, CLOSED", "10.64.1", "10.64.1.256", "10.64.1.2.3", "a.b.c.d", "10..1.2", ""] {
            #expect(dialect.status(in: steps + answers(text), of: context) == .inactive, "\(text)")
        }
    }

    // MARK: Lines

    @Test(arguments: ["", " "]) func linesBecomeEventsWithABlankOrWithout(_ blank: String) {
        let event = { dialect.event(of: ATLine($0)) }
        #expect(event("3,\(blank)CONNECT OK") == .opened(slot: 3))
        #expect(event("3,\(blank)CLOSED") == .peerClosed(slot: 3, slotIsFree: false))
        #expect(event("+CIPRXGET:\(blank)1,3") == .dataWaiting(slot: 3))
        guard case .openFailed(slot: 3, let fault)? = event("3,\(blank)CONNECT FAIL"), fault.kind == .connectFailed,
            case .openFailed(slot: 2, let busy)? = event("2,\(blank)ALREADY CONNECT"), busy.kind == .slotBusy,
            case .bearerLost(cid: nil, _)? = event("+PDP:\(blank)DEACT"),
            case .rebooted? = event("RDY"), case .rebooted? = event("NORMAL POWER DOWN"),
            case .rebooted? = event("UNDER-VOLTAGE POWER DOWN")
        else {
            Issue.record("a line was not understood")
            return
        }
    }

    @Test(arguments: [
        "3, CLOSE OK", "3, SEND OK", "3, SEND FAIL", "DATA ACCEPT:3,4", "+CIPRXGET: 2,3,0,0", "+CIPRXGET: 4,3,9",
        "+CIPRXGET: 1", "+CIPRXGET: 1,-3", "STATE: IP PROCESSING", "C: 0,0,\"TCP\",\"1.2.3.4\",\"465\",\"CONNECTED\"",
        "-1, CLOSED", "99999999999999999999, CLOSED", "x, CLOSED", "3, CLOSED, CLOSED", ", CLOSED", "CLOSED",
        "+PDP: ACT", "+RECEIVE,0,5:", "Call Ready", "SMS Ready", "", ",",
    ])
    func otherAndHostileLinesTellNothing(_ text: String) {
        #expect(dialect.event(of: ATLine(text)) == nil)
    }

    @Test(arguments: [
        ("+CIPRXGET: 2,0,4,0\r\n", 4), ("+CIPRXGET:2,5,1460,77\r\n", 1460), ("+RECEIVE,0,7:\r\n", 7),
        ("+RECEIVE,11,1460:\r\n", 1460),
    ])
    func countedOctetsAreIntroducedAtTheLineEndAndNoSooner(_ line: String, _ octets: Int) throws {
        let bytes = Array(line.utf8)
        let introducer = try #require(dialect.introducers.first { line.hasPrefix($0.prefix) })
        for length in introducer.prefix.utf8.count..<bytes.count {
            let part = ByteBuffer(bytes: bytes.prefix(length)).readableBytesView
            #expect(introducer.examine(part) == .needMore, "after \(length) octets")
        }
        let whole = ByteBuffer(bytes: bytes).readableBytesView
        #expect(introducer.examine(whole) == .payload(header: bytes.count, octets: octets, trailer: 0))
    }

    @Test(arguments: [
        "+CIPRXGET: 2,0,0,0\r\n", "+CIPRXGET: 1,0\r\n", "+CIPRXGET: 2,0,-4,0\r\n", "+CIPRXGET: 2,0,4097,0\r\n",
        "+CIPRXGET: 3,0,4,0\r\n", "+CIPRXGET: 4,0,12\r\n", "+CIPRXGET: 2,0,99999999999999999999,0\r\n",
        "+RECEIVE,0,5\r\n", "+RECEIVE,0,-5:\r\n", "+RECEIVE,,5:\r\n", "+RECEIVE,0,0:\r\n",
    ])
    func otherLinesIntroduceNothing(_ line: String) throws {
        let introducer = try #require(dialect.introducers.first { line.hasPrefix($0.prefix) })
        #expect(introducer.examine(ByteBuffer(string: line).readableBytesView) == .line)
    }

    // MARK: Answers

    @Test func answersOfSendsAreTold() {
        let operation = SocketOperation.send(slot: 0, ByteBuffer(string: "abc"))
        let accepted = { (text: String) in
            self.dialect.result(of: .init(completingLine: ATLine(text)), to: operation)
        }
        #expect(accepted("DATA ACCEPT:0,3") == .accepted(3))
        #expect(accepted("DATA ACCEPT: 0, 2") == .accepted(2))
        #expect(accepted("DATA ACCEPT:0,0") == .accepted(0))
        for text in ["DATA ACCEPT:0,4", "DATA ACCEPT:0,-1", "DATA ACCEPT:0", "DATA ACCEPT:0,x"] {
            guard case .failed = accepted(text) else {
                Issue.record("\(text) was taken for an acceptance")
                return
            }
        }
        #expect(dialect.result(of: .init(result: .vendor("0, SEND FAIL")), to: operation) == .accepted(0))
        guard case .failed = dialect.result(of: .init(result: .error), to: operation) else {
            Issue.record("an ERROR was taken for an acceptance")
            return
        }
        let slow = SIMCom(mode: .sendOK)
        #expect(slow.result(of: .init(completingLine: ATLine("0, SEND OK")), to: operation) == .accepted(3))
        // Nobody knows how much of it the peer has.
        guard case .failed = slow.result(of: .init(result: .vendor("0, SEND FAIL")), to: operation) else {
            Issue.record("a failed send would be sent again")
            return
        }
    }

    @Test(arguments: [
        ("CONNECTED", SocketResult.opened), ("CONNECTING", .opening), ("REMOTE CLOSING", .ended),
        ("CLOSED", .alreadyClosed),
        ("INITIAL", .alreadyClosed),
    ])
    func theStateOfAConnectionIsTold(_ words: String, _ result: SocketResult) {
        let lines = [ATLine("+CIPSTATUS: 2,0,\"TCP\",\"198.18.0.1\",\"465\",\"\(words)\"")]
        #expect(dialect.result(of: .init(lines: lines), to: .state(slot: 2)) == result)
        #expect(dialect.result(of: .init(lines: lines), to: .state(slot: 1)) == .alreadyClosed)
    }

    @Test func theStateOfTheOneConnectionIsThatOfTheStack() {
        #expect(single.result(of: state("CONNECT OK"), to: .state(slot: 0)) == .opened)
        #expect(single.result(of: state("TCP CLOSED"), to: .state(slot: 0)) == .ended)
        guard case .failed(let fault) = single.result(of: state("PDP DEACT"), to: .state(slot: 0)) else {
            Issue.record("a lost bearer is no state of a connection")
            return
        }
        #expect(fault.kind == .bearerDown)
        #expect(single.status(in: [state("PDP DEACT")], of: context) == .inactive)
    }
}

/// What the machine makes of them.
@Suite(.timeLimit(.minutes(5))) struct DialectSIMComMachineTests {
    @Test func aSendThatIsTooLongIsSentInSmallerOnesAndLaterTriedAnew() {
        let far = FarSIM800()
        far.largestSend = 500
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        let octets = ByteBuffer(bytes: (0..<2_920).map { UInt8(truncatingIfNeeded: $0) })
        rig.handle(.write(id, octets))
        rig.settle()
        #expect(far.taken(0) == Array(octets.readableBytesView))
        #expect(far.commands.filter { $0 == "AT+CIPSEND?" }.count == 1)
        #expect(far.commands.filter { $0 == "AT+CIPSEND=0,500" }.count == 5)
        far.largestSend = 1_460
        for _ in 0..<20 {
            rig.handle(.write(id, octets))
            rig.settle()
        }
        #expect(far.commands.contains("AT+CIPSEND=0,1460"))
        #expect(far.taken(0).count == 21 * 2_920)
    }

    @Test func aLimitOfTheSameLengthIsTakenOneOctetShorter() {
        // "Less than size", says V1.05.
        let far = FarSIM800()
        far.largestSend = 1_459
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(repeating: 7, count: 2_000)))
        _ = rig.answer()  // ERROR
        _ = rig.answer(.success(.init(lines: [ATLine("+CIPSEND: 0,1460")])))
        rig.settle()
        #expect(far.taken(0).count == 2_000)
    }

    @Test func aRefusalThatNoLimitExplainsIsTheEnd() {
        let far = FarSIM800()
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        _ = rig.takeActions()
        far.sockets[0]?.hasPeerClosed = true  // unsaid
        rig.handle(.write(id, ByteBuffer(repeating: 7, count: 100)))
        rig.settle()
        rig.handle(.write(id, ByteBuffer(repeating: 7, count: 100)))
        let failures = rig.takeActions().filter {
            if case .writeFinished(_, .failure(.reset)) = $0 { true } else { false }
        }
        #expect(failures.count == 1)
        #expect(far.commands.filter { $0 == "AT+CIPSEND?" }.count == 1)
    }

    @Test func aFullBufferIsWaitedForAndNothingGoesTwice() {
        let far = FarSIM800()
        far.accepts = { _ in 0 }
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        rig.handle(.write(id, ByteBuffer(repeating: 7, count: 100)))
        for _ in 0..<5 { if rig.wait() { rig.settle() } }
        #expect(far.taken(0).isEmpty)
        far.accepts = { $0 / 2 + $0 % 2 }
        while far.taken(0).count < 100, rig.wait() { rig.settle() }
        rig.settle()
        #expect(far.taken(0).count == 100)
        #expect(rig.machine.counts(of: id)?.accepted == 100)
    }

    @Test func aSlotThatAnEarlierRunLeftIsClosedAndOpened() {
        let far = FarSIM800()
        far.sockets[0] = FarSocket(isConnected: true)
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        #expect(rig.takeActions().contains(.opened(id)))
        #expect(
            far.commands.map { $0.prefix(13) } == ["AT+CIPSTART=0", "AT+CIPCLOSE=0", "AT+CIPSTART=0"])
    }

    @Test func aFailedOpenIsToldInTheModemsWords() {
        let far = FarSIM800()
        far.openWords = "CONNECT FAIL"
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.open()
        rig.settle()
        let told = rig.takeActions().contains {
            if case .openFailed(id, let fault) = $0 { fault.kind == .connectFailed } else { false }
        }
        #expect(told)
        #expect(rig.machine.openIDs.isEmpty)
    }

    @Test func whatWasNotFetchedIsReadBehindTheClose() {
        let far = FarSIM800()
        let rig = DialectRig(SIMCom(mode: .buffer), far)
        let id = rig.opened()
        _ = rig.takeActions()
        far.arrive(Array("last words".utf8), 0)
        far.closePeer(0)
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        rig.handle(.read(id, atMost: 100))
        rig.settle()
        #expect(
            rig.takeActions() == [
                .readFinished(id, .success(ByteBuffer(string: "last words"))), .readFinished(id, .success(nil)),
            ])
    }
}
