import AT
import Testing

@testable import Modem

@Suite struct PINGuardTests {
    private let digest = [UInt8](repeating: 7, count: 32)
    private let other = [UInt8](repeating: 8, count: 32)
    private let key = [UInt8](0..<32)

    @Test(arguments: [
        (3 as Int?, false, PINGuard.Verdict.send), (2, false, .send), (1, false, .tooFewTries(1)),
        (0, true, .tooFewTries(0)),
        (nil, false, .counterUnknown), (nil, true, .send),
    ])
    func verdictFollowsTheTries(tries: Int?, allows: Bool, expected: PINGuard.Verdict) {
        let verdict = PINGuard.verdict(
            on: digest, record: PINRecord(key: key), triesLeft: tries, allowsUnknownCounter: allows)
        #expect(verdict == expected)
    }

    @Test func refusedPINStaysRefusedWhateverIsAllowed() {
        let record = PINRecord(key: key, refused: [other, digest])
        for tries in [nil, 2, 3] {
            #expect(
                PINGuard.verdict(on: digest, record: record, triesLeft: tries, allowsUnknownCounter: true)
                    == .refusedBefore)
        }
    }

    @Test(arguments: [
        (3 as Int?, 3 as Int?, false), (3, 2, true), (2, 3, true), (3, nil, true), (nil, 3, true), (nil, nil, true),
    ])
    func openIntentIsRefusedUnlessNoTryWasSpent(before: Int?, after: Int?, isRefused: Bool) {
        let record = PINRecord(key: key, intent: PINRecord.Intent(digest: digest, triesLeft: before))
        let settled = PINGuard.settled(record, triesLeft: after)
        #expect(settled.intent == nil)
        #expect(settled.refused == (isRefused ? [digest] : []))
    }

    @Test(arguments: [
        (FinalResultCode.ok, 3 as Int?, nil as Int?, PINGuard.Outcome.accepted),
        (.cme(number: 16, text: ""), 3, 3, .refused),
        (.cme(number: nil, text: "incorrect password"), 3, 2, .refused), (.cme(number: 12, text: ""), 2, 2, .refused),
        (.error, 3, 2, .refused), (.error, 3, 3, .refused), (.cme(number: 3, text: ""), 3, 3, .notTaken),
        (.cme(number: 14, text: ""), 3, 3, .notTaken),
        (.cme(number: 14, text: ""), 3, nil, .refused), (.error, nil, nil, .refused),
    ])
    func answerIsARefusalUnlessTheSIMWasBusyAndSpentNoTry(
        code: FinalResultCode, before: Int?, after: Int?, expected: PINGuard.Outcome
    ) {
        #expect(PINGuard.outcome(of: code, triesBefore: before, triesAfter: after) == expected)
    }

    @Test func onlyTheNewestSixteenRefusalsAreKept() {
        var record = PINRecord(key: key)
        for value in 0..<20 as Range<UInt8> {
            record = PINGuard.recorded(.refused, of: [UInt8](repeating: value, count: 32), in: record)
        }
        #expect(record.refused.count == 16 && record.refused.last?.first == 19 && record.refused.first?.first == 4)
    }

    @Test func recordIsTheInverseOfItsText() {
        for record in [
            PINRecord(key: key), PINRecord(key: key, intent: PINRecord.Intent(digest: digest, triesLeft: 3)),
            PINRecord(key: key, intent: PINRecord.Intent(digest: digest, triesLeft: nil), refused: [other, digest]),
        ] {
            #expect(PINRecord(text: record.text) == record)
        }
    }

    @Test func damagedRecordIsNoRecord() {
        let text = PINRecord(key: key, intent: PINRecord.Intent(digest: digest, triesLeft: 3), refused: [other]).text
        for length in 0..<text.utf8.count {
            let cut = String(decoding: text.utf8.prefix(length), as: UTF8.self)
            guard let read = PINRecord(text: cut) else { continue }
            // A cut at a line end leaves a whole, shorter record: files are replaced as a whole, so that none is ever cut.
            #expect(cut.hasSuffix("\n") && read.key == key)
        }
        for damaged in [
            "", "\n", "modemail PIN guard 2\nkey 00\n", text.replacing("key", with: "kez"), text + "more\n",
            text + text, text.replacing(" 3\n", with: " 300\n"), String(repeating: "x", count: 9000),
        ] {
            #expect(PINRecord(text: damaged) == nil)
        }
    }
}
