import ByteStreams
import NIOCore
import Scopes
import Testing

@testable import SMTP

@Suite(.timeLimit(.minutes(5))) struct DeliveryTests {
    private static let full = opening("PIPELINING", "CHUNKING", "SIZE 100000", "8BITMIME")
    private static let pipelined = opening("PIPELINING", "SIZE")
    private static let bare = opening()

    private func send(
        _ script: String, _ text: String = "Subject: x\r\n\r\nhi\r\n", to envelope: Envelope? = nil,
        timeouts: SMTPTimeouts = SMTPTimeouts(), clock: any Clock<Duration> = ContinuousClock(), capacity: Int = 65_536,
        finishWhenLeft: Int = 16_384
    ) async throws -> Conversation<DeliveryOutcome> {
        let target = try envelope ?? SMTPTests.envelope("a@example.net")
        return try await converse(
            script, timeouts: timeouts, clock: clock, capacity: capacity, finishWhenLeft: finishWhenLeft
        ) { client throws(SMTPError) in try await client.send(target, message(text)) }
    }

    // MARK: Flights

    @Test func withChunkingAllGoesInOneWrite() async throws {
        let talk = try await send(
            Self.full
                + "C: MAIL FROM:<gw@example.com> SIZE=18\nC: RCPT TO:<a@example.net>\nC: BDAT 18 LAST\nBODY: 18\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 2.0.0 queued\nS: 221 bye"
        )
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.count == 2, "EHLO, and all the rest")
        #expect(
            talk.writes.last
                == "MAIL FROM:<gw@example.com> SIZE=18\r\nRCPT TO:<a@example.net>\r\nBDAT 18 LAST\r\nSubject: x\r\n\r\nhi\r\nQUIT\r\n"
        )
        #expect(try talk.result.get().recipients.map(\.verdict) == [.accepted(Reply(250, "2.0.0 queued"))])
        #expect(try talk.result.get().exitStatus == .ok)
    }

    @Test func withPipeliningEnvelopeAndMessageAreAFlightEach() async throws {
        let talk = try await send(
            Self.pipelined
                + "C: MAIL FROM:<gw@example.com> SIZE=18\nC: RCPT TO:<a@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nBODY: 18\nC: .\nC: QUIT\nS: 250 2.0.0 queued\nS: 221 bye"
        )
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.count == 3)
        #expect(talk.writes.last == "Subject: x\r\n\r\nhi\r\n.\r\nQUIT\r\n")
        #expect(try talk.result.get().isAccepted)
    }

    @Test func withoutPipeliningOneCommandGoesAtATime() async throws {
        let talk = try await send(
            Self.bare
                + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nBODY: 18\nC: .\nS: 250 queued\nC: QUIT\nS: 221 bye"
        )
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.count == 6)
        #expect(try talk.result.get().isAccepted)
    }

    @Test func chunkingWithoutPipeliningWaitsForEachReply() async throws {
        let talk = try await send(
            opening("CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 250 ok\nC: BDAT 18 LAST\nBODY: 18\nS: 250 queued\nC: QUIT\nS: 221 bye"
        )
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
    }

    @Test func aLargeMessageGoesInFullPiecesAndItsEndWithQuit() async throws {
        let text = String(repeating: "0123456789abcd\r\n", count: 12_000)  // 192,000 octets
        let talk = try await send(
            opening("PIPELINING", "CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 192000 LAST\nBODY: 192000\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 queued\nS: 221 bye",
            text, capacity: 1 << 20)
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.dropFirst().dropLast().allSatisfy { $0.utf8.count == 65_536 })
        #expect(talk.writes.count == 4)
        #expect(talk.writes.last?.hasSuffix("abcd\r\nQUIT\r\n") == true)
        #expect(talk.events.contains(.progress(octets: 192_000, of: 192_000)))
    }

    @Test(arguments: ["", ".", ".\r\n", "..\r\n.x", "a\r\n.\r\n", "no end"])
    func transparencyIsForDataAlone(text: String) async throws {
        let count = text.utf8.count
        let chunk = try await send(
            opening("PIPELINING", "CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT \(count) LAST\nBODY: \(count)\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 queued",
            text)
        #expect(chunk.problems.isEmpty)
        #expect(chunk.writes.last?.hasSuffix("LAST\r\n\(text)QUIT\r\n") == true)
    }

    @Test func theReplyToQuitIsNotWaitedFor() async throws {
        let talk = try await send(
            Self.full
                + "C: MAIL FROM:<gw@example.com> SIZE=18\nC: RCPT TO:<a@example.net>\nC: BDAT 18 LAST\nBODY: 18\nS: 250 ok\nS: 250 ok\nS: 250 queued\nSILENCE",
            clock: SelectiveClock(passes: .seconds(1)))
        #expect(try talk.result.get().isAccepted)
    }

    @Test func aLossAfterTheFinalReplyIsNoLoss() async throws {
        for end in ["LOST", "CLOSE"] {
            let talk = try await send(
                Self.full
                    + "C: MAIL FROM:<gw@example.com> SIZE=18\nC: RCPT TO:<a@example.net>\nC: BDAT 18 LAST\nBODY: 18\nC: QUIT\nRAW: 250 ok\\r\\n250 ok\\r\\n250 queued\\r\\n\n\(end)",
                clock: SelectiveClock(passes: .zero))
            // `LOST` may take octets that are still on their way with it: then the answer is lost indeed.
            let outcome = try talk.result.get()
            #expect(outcome.isAccepted || (end == "LOST" && outcome.isPerhapsDelivered))
        }
    }

    @Test func severalMessagesShareASession() async throws {
        let transaction =
            "C: MAIL FROM:<gw@example.com> SIZE=4\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nS: 250 ok\nS: 250 ok\n"
        let script =
            Self.full + transaction + "S: 250 first\n" + transaction + "S: 451 4.3.0 second\nC: RSET\n"
            + transaction.replacing("BODY: 4\n", with: "BODY: 4\nC: QUIT\nS: 250 flushed\n")
            + "S: 250 third\nS: 221 bye"
        let target = try envelope("a@example.net")
        let talk = try await converse(script) { client throws(SMTPError) in
            try await client.open()
            var statuses: [Scopes.ExitStatus] = []
            for index in 0..<3 {
                statuses.append(try await client.deliver(target, message("hi\r\n"), isLast: index == 2).exitStatus)
            }
            return statuses
        }
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get() == [.ok, .tryAgain, .ok])
    }

    @Test func moreRecipientsThanATransactionTakesGoInSeveral() async throws {
        let talk = try await send(
            opening("PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 1 LAST\nBODY: 1\nS: 250 ok\nS: 250 ok\nS: 250 one\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<b@example.net>\nC: BDAT 1 LAST\nBODY: 1\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 two",
            "x", to: try envelope("a@example.net", "b@example.net"))
        #expect(talk.problems.isEmpty)
        #expect(
            try talk.result.get().recipients.map(\.verdict) == [
                .accepted(Reply(250, "one")), .accepted(Reply(250, "two")),
            ])
    }

    // MARK: Before anything is sent

    @Test func aMessageBeyondTheServersLimitStaysHere() async throws {
        let script = opening("SIZE 17") + "C: QUIT"
        let over = try await send(script)
        #expect(over.failure == .tooLarge(octets: 18, limit: 17))
        #expect(over.failure?.exitStatus == .badMessage)
        #expect(over.problems.isEmpty)
        let exact = try await send(opening("SIZE 18") + "C: MAIL FROM:<gw@example.com> SIZE=18\nS: 550 no\nC: QUIT")
        #expect(exact.problems.isEmpty)
    }

    private struct TwoForms: OutgoingMessage {
        let octets = 3
        let needs8Bit = true
        func sevenBitForm() -> (any OutgoingMessage)? { message("seven") }
        func reader() -> any OutgoingMessageReader { BufferedMessage(ByteBuffer(string: "é\n")).reader() }
    }

    @Test func eightBitTextIsAnnouncedOrEncodedOrStaysHere() async throws {
        let target = try envelope("a@example.net")
        let announced = try await converse(
            opening("8BITMIME") + "C: MAIL FROM:<gw@example.com> BODY=8BITMIME\nS: 550 no\nC: QUIT"
        ) { client throws(SMTPError) in try await client.send(target, TwoForms()) }
        #expect(announced.problems.isEmpty)
        let encoded = try await converse(
            opening("PIPELINING", "CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 5 LAST\nBODY: 5\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 kept"
        ) { client throws(SMTPError) in try await client.send(target, TwoForms()) }
        #expect(encoded.writes.last?.contains("seven") == true)
        let kept = try await send(opening("PIPELINING") + "C: QUIT", "é\r\n")
        #expect(kept.failure == .eightBitNotOffered)
        #expect(kept.problems.isEmpty)
        let ascii = try await send(opening("8BITMIME") + "C: MAIL FROM:<gw@example.com>\nS: 550 no\nC: QUIT")
        #expect(ascii.problems.isEmpty, "no BODY for 7-bit text")
    }

    @Test func anAddressThatTheServerCannotSayFailsAlone() async throws {
        let both = try envelope("jörg@example.net", "a@example.net")
        let talk = try await send(
            Self.full
                + "C: MAIL FROM:<gw@example.com> SIZE=18\nC: RCPT TO:<a@example.net>\nC: BDAT 18 LAST\nBODY: 18\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 queued",
            to: both)
        #expect(
            try talk.result.get().recipients.map(\.verdict) == [
                .refused(.smtpUTF8NotOffered), .accepted(Reply(250, "queued")),
            ])
        let said = try await send(
            opening("SMTPUTF8")
                + "C: MAIL FROM:<gw@example.com> SMTPUTF8\nS: 250 ok\nC: RCPT TO:<jörg@example.net>\nS: 550 no\nC: RCPT TO:<a@example.net>\nS: 550 no\nC: QUIT",
            to: both)
        #expect(said.problems.isEmpty)
    }

    private struct Internationalized: OutgoingMessage {
        var octets: Int { 3 }
        var needs8Bit: Bool { true }
        var needsSMTPUTF8: Bool { true }
        func reader() -> any OutgoingMessageReader { BufferedMessage(ByteBuffer(string: "x\r\n")).reader() }
    }

    @Test func aHeaderThatNeedsSMTPUTF8AsksForItOrStaysHere() async throws {
        let target = try envelope("a@example.net")
        let refused = try await converse(opening("8BITMIME") + "C: QUIT") { client throws(SMTPError) in
            try await client.send(target, Internationalized())
        }
        #expect(throws: SMTPError.smtpUTF8NotOffered) { try refused.result.get() }
        let asked = try await converse(
            opening("8BITMIME", "SMTPUTF8")
                + "C: MAIL FROM:<gw@example.com> BODY=8BITMIME SMTPUTF8\nS: 550 no\nC: QUIT"
        ) { client throws(SMTPError) in try await client.send(target, Internationalized()) }
        #expect(asked.problems.isEmpty)
    }

    @Test func theNullReversePathIsEmptyBrackets() async throws {
        let talk = try await send(
            Self.bare + "C: MAIL FROM:<>\nS: 550 no\nC: QUIT", to: try envelope("a@example.net", from: nil))
        #expect(talk.problems.isEmpty)
    }
}
