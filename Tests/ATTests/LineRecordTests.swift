import AT
import NIOCore
import Support
import Testing

@Suite struct LineRecordTests {
    @Test func aRecordIsOneLineWithTimeDirectionAndWords() {
        let sent = LineRecord(
            time: .milliseconds(12_345), direction: .sent, content: .text("AT+CPIN=<redacted>", payload: nil))
        #expect(sent.line == "+12.345 > AT+CPIN=<redacted>")
        let read = LineRecord(
            time: .milliseconds(7), direction: .received, content: .text("+QIRD: 1460", payload: 1_460))
        #expect(read.line == "+0.007 < +QIRD: 1460 (1460 octets)")
        let payload = LineRecord(time: .seconds(2), direction: .sent, content: .octets(1_460))
        #expect(payload.line == "+2.000 > (1460 octets)")
    }

    @Test func aTranscriptIsReadIntoTheOctetsOfBothSides() throws {
        let transcript = try ATTranscript("# a send\n> AT+QISEND=0,3\n<< \\r\\n> \n\n>> a\\x00\\\\\n< SEND OK\n")
        #expect(
            transcript.steps == [
                .host(Array("AT+QISEND=0,3\r".utf8)), .modem(Array("\r\n> ".utf8)), .host([0x61, 0, 0x5C]),
                .modem(Array("\r\nSEND OK\r\n".utf8)),
            ])
    }

    @Test(arguments: ["AT", "<<\\r", ">> \\q", ">> \\x4"]) func aMalformedTranscriptNamesItsLine(text: String) {
        #expect(throws: ATTranscript.Malformed(line: 2)) { try ATTranscript("# comment\n" + text) }
    }
}
