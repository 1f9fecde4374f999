import AT
import NIOCore
import Testing

@Suite struct LineRecordTests {
    @Test func aRecordIsOneLineWithTimeDirectionAndWords() {
        let sent = LineRecord(
            time: .milliseconds(12_345), direction: .sent, content: .text("AT+CPIN=<redacted>", payload: nil))
        #expect(sent.line == "+12.345 > AT+CPIN=<redacted>")
        let read = LineRecord(
            time: .milliseconds(7), direction: .received, content: .text("+QIRD: 1460", payload: 1_460))
        #expect(read.line == "+0.007 < +QIRD: 1460 (1460 octets)")
        let closed = LineRecord(time: .milliseconds(1), direction: .sent, content: .closed)
        #expect(closed.line == "+0.001 = closed")
        let payload = LineRecord(time: .seconds(2), direction: .sent, content: .octets(1_460))
        #expect(payload.line == "+2.000 > (1460 octets)")
    }
}
