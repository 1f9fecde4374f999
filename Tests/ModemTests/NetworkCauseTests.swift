import AT
import Scopes
import Testing

@testable import Modem

@Suite struct NetworkCauseTests {
    @Test(arguments: [
        (50, PDPType.ipv4v6, PDPType.ipv4 as PDPType?), (50, .ipv6, .ipv4), (50, .ipv4, nil), (51, .ipv4v6, .ipv6),
        (51, .ipv4, .ipv6), (51, .ipv6, nil), (28, .ipv4v6, .ipv4), (28, .ipv6, .ipv4), (28, .ipv4, nil),
        (52, .ipv4v6, .ipv4), (52, .ipv4, nil), (27, .ipv4v6, nil),
    ])
    func nextTypeFollowsTheCause(code: Int, type: PDPType, next: PDPType?) {
        #expect(type.fallback(after: NetworkCause(.session, code)) == next)
        #expect(type.fallback(after: NetworkCause(.registration, code)) == nil)
    }

    @Test(arguments: [(103, 3), (106, 6), (107, 7), (111, 11), (115, 15), (122, 22)])
    func equipmentErrorsOfRegistrationAreCauses(number: Int, code: Int) {
        #expect(NetworkCause(FinalResultCode.cme(number: number, text: "")) == NetworkCause(.registration, code))
    }

    @Test(arguments: [(126, 26), (127, 27), (133, 33), (136, 36), (149, 29), (177, 8), (192, 50), (193, 51)])
    func equipmentErrorsOfSessionsAreCauses(number: Int, code: Int) {
        #expect(NetworkCause(FinalResultCode.cme(number: number, text: "")) == NetworkCause(.session, code))
    }

    @Test func otherResultsAreNoCause() {
        for code in [FinalResultCode.error, .ok, .noCarrier, .cme(number: 14, text: ""), .cme(number: nil, text: "x")] {
            #expect(NetworkCause(code) == nil)
        }
        #expect(NetworkCause(ErrorReport(words: "No report available"), kind: .session) == nil)
        #expect(NetworkCause(ErrorReport(words: "7 of 900"), kind: .session) == nil)
    }

    @Test func everyErrorIsOneLineWithoutControlCharacters() {
        let hostile = "x\r\nAT+CFUN=0\u{1B}[2J"
        let cause = NetworkCause(.session, 29)
        let errors: [ModemError] = [
            .invalid(option: "apn", words: hostile), .line(phase: .sim, .malformed(command: "AT", line: hostile)),
            .initCommandRefused(command: "ATX", code: .vendor(hostile)), .radioOff(words: hostile), .simAbsent,
            .simNotReady(words: hostile, limit: .seconds(30)), .simLocked(code: hostile), .pinRequired,
            .pinRefused(triesLeft: 1), .pinRefused(triesLeft: nil), .pinRefusedBefore(record: hostile),
            .pinTriesTooFew(1),
            .pinCounterUnknown, .pinRecordUnavailable(words: hostile), .pukRequired,
            .registrationDenied(cause: nil, words: hostile),
            .registrationTimedOut(state: "searching", signal: -93, limit: .seconds(180)),
            .roamingRefused(network: hostile),
            .attachRefused(cause: nil, words: hostile), .contextRefused(apn: "m2m", cause: cause, words: hostile),
        ]
        for error in errors {
            #expect(error.line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "\(error)")
            #expect(error.advice?.isEmpty != true)
            #expect(error.exitStatus != .ok)
        }
    }
}
