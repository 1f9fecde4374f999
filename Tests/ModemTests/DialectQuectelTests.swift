import AT
import Credentials
import Modem
import NIOCore
import Testing

@Suite(.timeLimit(.minutes(5))) struct DialectQuectelTests {
    private let dialect = Quectel(mode: .buffer)
    private let endpoint = SocketEndpoint(host: "mail.example.com", port: 465)

    @Test func commandsHaveTheFormOfTheManual() throws {
        let texts: [(SocketOperation, String)] = [
            (.open(slot: 0, endpoint, cid: 1, step: 0), "AT+QIOPEN=1,0,\"TCP\",\"mail.example.com\",465,0,0"),
            (.send(slot: 3, ByteBuffer(string: "abc")), "AT+QISEND=3,3"),
            (.receive(slot: 0, atMost: 1500), "AT+QIRD=0,1500"),
            (.unacknowledged(slot: 2), "AT+QISEND=2,0"),
            (.explain, "AT+QIGETERROR"),
            (.state(slot: 4), "AT+QISTATE=1,4"),
        ]
        for (operation, text) in texts {
            #expect(try dialect.exchange(for: operation)?.text.wire == text)
        }
        let close = try #require(try dialect.exchange(for: .close(slot: 0, step: 0)))
        #expect(close.text.wire.hasPrefix("AT+QICLOSE=0,"))
        #expect(try dialect.exchange(for: .close(slot: 0, step: 1)) == nil)
        #expect(try dialect.exchange(for: .open(slot: 0, endpoint, cid: 1, step: 1)) == nil)
    }

    @Test func modesDifferInTheLastParameterOfOpen() throws {
        for (mode, last) in [(Quectel.Mode.buffer, "0"), (.push, "1"), (.transparent, "2")] {
            let open = try Quectel(mode: mode).exchange(for: .open(slot: 0, endpoint, cid: 1, step: 0))
            #expect(open?.text.wire.hasSuffix(",465,0,\(last)") == true)
        }
    }

    @Test func everyNameLeadsToItsDialect() {
        for name in Dialects.names { #expect(Dialects.named(name)?.name == name) }
        #expect(Dialects.named("hayes") == nil)
    }

    @Test func aHostThatCannotBeQuotedIsRefused() {
        for host in ["a\"b", "a\rb", "a\u{1A}b", "bücher.example"] {
            #expect(throws: ATError.self) {
                try dialect.exchange(for: .open(slot: 0, SocketEndpoint(host: host, port: 1), cid: 1, step: 0))
            }
        }
    }

    @Test func contextIsDefinedWithItsAccountAndThenActivated() throws {
        let account = PDPAccount(user: "u", password: Secret("p4ss"), authentication: .pap)
        let context = PDPContext(cid: 2, type: .ipv4v6, apn: "internet", account: account)
        let steps = try dialect.activation(of: context).map(\.exchange)
        #expect(steps.map(\.text.wire) == ["AT+QICSGP=2,3,\"internet\",\"u\",\"p4ss\",1", "AT+QIACT=2"])
        #expect(!steps[0].text.redacted.contains("p4ss"))
        #expect(steps[1].timeout == .seconds(150))
        let plain = try dialect.activation(of: PDPContext(cid: 1, type: .ipv4)).map(\.exchange.text.wire)
        #expect(plain == ["AT+QIACT=1"])
    }

    @Test func statusIsThatOfTheRightContext() {
        let lines = ["+QIACT: 1,1,1,\"10.0.0.1\"", "+QIACT: 2,1,1,\"10.0.0.2\""].map { ATLine($0) }
        let answer = Exchange.Answer(lines: lines)
        #expect(dialect.status(in: [answer], of: PDPContext(cid: 2, type: .ipv4)) == .active(address: "10.0.0.2"))
        #expect(dialect.status(in: [answer], of: PDPContext(cid: 3, type: .ipv4)) == .inactive)
    }

    @Test func errorNumbersBecomeKinds() {
        let kinds: [(Int, SocketFault.Kind)] = [
            (563, .slotBusy), (565, .nameNotResolved), (566, .connectFailed), (569, .timedOut), (570, .bearerDown),
            (573, .accessPoint), (552, .parameter), (1, .other),
        ]
        for (number, kind) in kinds {
            guard case .openFailed(0, let fault)? = dialect.event(of: ATLine("+QIOPEN: 0,\(number)")) else {
                Issue.record("no failure in \(number)")
                continue
            }
            #expect(fault.kind == kind)
            #expect(fault.words.contains("\(number)"))
        }
    }

    @Test func linesBecomeEvents() {
        #expect(dialect.event(of: ATLine("+QIOPEN: 3,0")) == .opened(slot: 3))
        #expect(dialect.event(of: ATLine("+QIURC: \"recv\",3")) == .dataWaiting(slot: 3))
        #expect(dialect.event(of: ATLine("+QIURC: \"closed\",3")) == .peerClosed(slot: 3, slotIsFree: false))
        guard case .bearerLost(cid: 1, _)? = dialect.event(of: ATLine("+QIURC: \"pdpdeact\",1")) else {
            Issue.record("pdpdeact is no loss")
            return
        }
        guard case .bearerLost(cid: 2, _)? = dialect.event(of: ATLine("+CGEV: NW PDN DEACT 2")),
            case .bearerLost(cid: 1, _)? = dialect.event(of: ATLine("+CGEV: NW DEACT \"IP\",\"10.0.0.1\",1")),
            case .bearerLost(cid: nil, _)? = dialect.event(of: ATLine("+CGEV: ME DETACH")),
            case .rebooted? = dialect.event(of: ATLine("RDY"))
        else {
            Issue.record("a loss of the standard's was not seen")
            return
        }
        #expect(dialect.event(of: ATLine("+CGEV: EPS PDN ACT 1")) == nil)
    }

    @Test(arguments: [
        "+QIOPEN: 99999999999999999999,0", "+QIOPEN: -1,0", "+QIOPEN:", "+QIOPEN: a,b", "+QIURC:", "+QIURC: \"recv\"",
        "+QIURC: \"recv\",-4", "+QIURC: \"recv\",0,-5", "+QIURC: \"closed\",x", "+QIURC: \"pdpdeact\",", "+CGEV:",
        "+CGEV: NW", "+CGEV: NW PDN", "+CGEV: NW PDN DEACT", "+CGEV: NW DEACT ,,", "\"", ",,,,", "+QIURC: \"",
    ])
    func hostileLinesTellNothing(_ text: String) {
        let event = dialect.event(of: ATLine(text))
        if text.contains("recv\",0,-5") { #expect(event == .dataWaiting(slot: 0)) } else { #expect(event == nil) }
    }

    @Test(arguments: [
        ("+QIRD: 4\r\n", 10, 4), ("+QIRD:4\r\n", 9, 4), ("+QIRD: 1500\r\n", 13, 1500),
        ("+QIURC: \"recv\",0,7\r\n", 20, 7), ("+QIURC: \"recv\",11,1460\r\n", 24, 1460),
    ])
    func countedOctetsAreIntroducedAtTheLineEndAndNoSooner(_ line: String, _ header: Int, _ octets: Int) throws {
        let bytes = Array(line.utf8)
        let introducer = try #require(dialect.introducers.first { line.hasPrefix($0.prefix) })
        for length in introducer.prefix.utf8.count..<bytes.count {
            let part = ByteBuffer(bytes: bytes.prefix(length)).readableBytesView
            #expect(introducer.examine(part) == .needMore, "after \(length) octets")
        }
        let whole = ByteBuffer(bytes: bytes).readableBytesView
        #expect(introducer.examine(whole) == .payload(header: header, octets: octets, trailer: 0))
    }

    @Test(arguments: [
        "+QIRD: 0\r\n", "+QIRD: -4\r\n", "+QIRD: 4097\r\n", "+QIRD: 99999999999999999999999\r\n", "+QIRD: 10,5,5\r\n",
        "+QIRD: x\r\n", "+QIURC: \"recv\",0\r\n", "+QIURC: \"closed\",0\r\n", "+QIURC: \"dnsgip\",0,1,600\r\n",
        "+QIRD: \u{0}\u{FF}\r\n",
    ])
    func otherLinesIntroduceNothing(_ line: String) throws {
        let introducer = try #require(dialect.introducers.first { line.hasPrefix($0.prefix) })
        #expect(introducer.examine(ByteBuffer(string: line).readableBytesView) == .line)
    }

    @Test func anEndlessHeaderIsALine() throws {
        let endless = ByteBuffer(string: "+QIRD: " + String(repeating: "1", count: 100))
        #expect(dialect.introducers[0].examine(endless.readableBytesView) == .line)
    }

    @Test func answersOfSendsAreTold() {
        let operation = SocketOperation.send(slot: 0, ByteBuffer(string: "abc"))
        #expect(dialect.result(of: .init(), to: operation) == .accepted(3))
        #expect(dialect.result(of: .init(result: .vendor("SEND FAIL")), to: operation) == .accepted(0))
        guard case .failed = dialect.result(of: .init(result: .error), to: operation) else {
            Issue.record("an ERROR was taken for an acceptance")
            return
        }
    }
}
