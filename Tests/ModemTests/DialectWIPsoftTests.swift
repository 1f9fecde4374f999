import AT
import Credentials
import Modem
import NIOCore
import Testing

/// at-dialects 2.2, 2.4, 3.10.
@Suite(.timeLimit(.minutes(5))) struct DialectWIPsoftTests {
    private let dialect = WIPsoft(mode: .continuous)
    private let endpoint = SocketEndpoint(host: "mail.example.com", port: 465)
    private let context = PDPContext(cid: 1, type: .ipv4)

    @Test func commandsHaveTheFormOfTheManual() throws {
        let texts: [(SocketOperation, String)] = [
            (.open(slot: 1, endpoint, cid: 1, step: 0), "AT+WIPCREATE=2,1,\"mail.example.com\",465"),
            (.openOnline(slot: 8, endpoint, cid: 1), "AT+WIPDATA=2,8,1"),
            (.resumeOnline(slot: 1), "AT+WIPDATA=2,1,1"),
            (.close(slot: 1, step: 0), "AT+WIPCLOSE=2,1"),
        ]
        for (operation, text) in texts {
            #expect(try dialect.exchange(for: operation)?.text.wire == text)
        }
        let transparent = WIPsoft(mode: .transparent)
        #expect(try transparent.exchange(for: .resumeOnline(slot: 2))?.text.wire == "AT+WIPDATA=2,2,2")
        #expect(try dialect.exchange(for: .open(slot: 1, endpoint, cid: 1, step: 1)) == nil)
        #expect(try dialect.exchange(for: .close(slot: 1, step: 1)) == nil)
        for operation in [SocketOperation.state(slot: 1), .unacknowledged(slot: 1), .receive(slot: 1, atMost: 1)] {
            #expect(try dialect.exchange(for: operation) == nil)
        }
    }

    @Test func aHostThatCannotBeQuotedIsRefused() {
        for host in ["a\"b", "a\rb", "a\u{3}b", "bücher.example"] {
            #expect(throws: ATError.self) {
                try dialect.exchange(for: .open(slot: 1, SocketEndpoint(host: host, port: 1), cid: 1, step: 0))
            }
        }
    }

    @Test func theBearerComesUpInTheManualsOrderAndGoesInItsReverse() throws {
        let account = PDPAccount(user: "u", password: Secret("p4ss"))
        let whole = PDPContext(cid: 1, type: .ipv4, apn: "internet", account: account)
        let steps = try dialect.activation(of: whole)
        #expect(
            steps.map(\.exchange.text.wire) == [
                "AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=2,6,11,\"internet\"", "AT+WIPBR=2,6,0,\"u\"",
                "AT+WIPBR=2,6,1,\"p4ss\"", "AT+WIPBR=4,6,0",
            ])
        #expect(!steps.contains { $0.exchange.text.redacted.contains("p4ss") })
        let plain = try dialect.activation(of: context).map(\.exchange.text.wire)
        #expect(plain == ["AT+WIPCFG=1", "AT+WIPBR=1,6", "AT+WIPBR=4,6,0"])
        #expect(
            dialect.deactivation(of: whole).map(\.exchange.text.wire) == [
                "AT+WIPBR=5,6", "AT+WIPBR=0,6", "AT+WIPCFG=0",
            ])
    }

    @Test func theSessionStandsWhenItHasAnAddress() {
        let lines: [(String, ContextStatus)] = [
            ("+WIPBR: 6,15,\"10.0.0.7\"", .active(address: "10.0.0.7")),
            ("+WIPBR:6,15,\"10.0.0.7\"", .active(address: "10.0.0.7")),
            ("+WIPBR: 6,15,\"\"", .inactive), ("+WIPBR: 6,15,\"0.0.0.0\"", .inactive),
            ("+WIPBR: 5,15,\"10.0.0.7\"", .inactive), ("+WIPBR: 6,1", .inactive),
        ]
        for (line, status) in lines {
            #expect(dialect.status(in: [.init(lines: [ATLine(line)])], of: context) == status)
        }
        #expect(dialect.status(in: [.init(result: .cme(number: 803, text: ""))], of: context) == .inactive)
    }

    @Test func eachErrorHasItsKind() {
        let open = SocketOperation.open(slot: 1, endpoint, cid: 1, step: 0)
        let kinds: [(Int, SocketFault.Kind)] = [
            (840, .slotBusy), (842, .connectFailed), (843, .reset), (833, .nameNotResolved), (803, .bearerDown),
            (830, .parameter), (999, .other),
        ]
        for (number, kind) in kinds {
            for result in [
                FinalResultCode.cme(number: number, text: ""), .vendor("+WIPERROR: 2,1,\(number)"),
            ] {
                guard case .failed(let fault) = dialect.result(of: .init(result: result), to: open) else {
                    Issue.record("\(result) is no failure")
                    continue
                }
                #expect(fault.kind == kind)
                #expect(fault.words.hasPrefix("\(number)"))
            }
        }
        #expect(dialect.result(of: .init(), to: open) == .opened)
        #expect(dialect.result(of: .init(result: .connect("")), to: .resumeOnline(slot: 1)) == .opened)
        #expect(
            dialect.result(of: .init(result: .cme(number: 831, text: "")), to: .close(slot: 1, step: 0))
                == .alreadyClosed)
    }

    @Test func aModemWithoutThePlugInIsToldFromOneThatRefuses() {
        #expect(dialect.explanation(in: .init(result: .error))?.words.contains("AT+WOPEN=1") == true)
        #expect(dialect.explanation(in: .init(result: .cme(number: 803, text: "")))?.kind == .bearerDown)
        #expect(dialect.explanation(in: .init(result: .cme(number: 30, text: ""))) == nil)
    }

    @Test func linesAreEventsOfTheirIndex() {
        let events: [(String, SocketEvent?)] = [
            ("+WIPREADY: 2,1", .opened(slot: 1)), ("+WIPPEERCLOSE: 2,3", .peerClosed(slot: 3, slotIsFree: false)),
            ("+WIPDATA: 2,1,1460", .dataWaiting(slot: 1)),
            ("+WIPERROR: 2,2,842", .broken(slot: 2, SocketFault(.connectFailed, words: "842 (connect failed)"))),
            ("+WIPBR: 6,0", .bearerLost(cid: nil, words: "the modem's bearer is down")), ("+WIPBR: 6,1", nil),
            ("+WIPBR: 6,15,\"0\"", nil), ("+WIPREADY: 1,1", nil), ("+WIPPEERCLOSE: 2,9", nil),
            ("+WIPPEERCLOSE: 2", nil), ("+WIPPEERCLOSE: 2,99999999999999999999", nil), ("+WIPERROR: 2,1", nil),
            ("+WIND: 3", .rebooted(words: "+WIND: 3")), ("+WIND: 4", nil),
        ]
        for (line, event) in events { #expect(dialect.event(of: ATLine(line)) == event, "\(line)") }
    }

    @Test func openATModemsAreKnownAndTheirMakersOtherFamiliesAreNot() {
        let known: [(String, String)] = [
            ("WAVECOM MODEM", "MULTIBAND  900E  1800"), (" WAVECOM MODEM", "900P"), ("Sierra Wireless", "Q2687"),
            ("SIERRA WIRELESS INC", "Q26 Extreme"), ("Sierra Wireless", "SL6087"), ("Sierra Wireless", "FXT009"),
            ("Sierra Wireless", "Q2686RD"), ("Sierra Wireless", "Fastrack Supreme"),
            ("Sierra Wireless", "AirPrime Q24NG"),
        ]
        for (maker, model) in known {
            let profile = ModemProfile.matching(ModemIdentity(manufacturer: maker, model: model, revision: ""))
            #expect(profile.dialectName == "wip", "\(maker) \(model)")
        }
        let others = [
            ("Sierra Wireless", "HL7518"), ("Sierra Wireless, Incorporated", "MC7455"), ("Sierra Wireless", "EM7565"),
            ("Sierra Wireless", "HL8548"), ("Sierra Wireless", "WP7607"), ("Quectel", "EC25"),
        ]
        for (maker, model) in others {
            let profile = ModemProfile.matching(ModemIdentity(manufacturer: maker, model: model, revision: ""))
            #expect(profile.dialectName != "wip", "\(maker) \(model)")
        }
    }

    @Test func theTriesLeftAreTheFirstOfFourNumbers() throws {
        let query = PINTriesQuery(.wavecom)
        #expect(query.text.wire == "AT+CPINC?")
        #expect(try query.response(from: ["+CPINC: 2,3,10,10"]) == 2)
        for line in ["+CPINC: 2,3", "+CPINC: x,3,10,10", "+CPINC: 300,3,10,10"] {
            #expect(throws: ATError.self) { try query.response(from: [line]) }
        }
    }
}
