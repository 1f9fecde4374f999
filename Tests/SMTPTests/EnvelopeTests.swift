import NIOCore
import Scopes
import Testing

@testable import SMTP

/// What MAIL and RCPT say, and how recipients are spread over transactions and sessions.
@Suite(.timeLimit(.minutes(5))) struct EnvelopeTests {
    private func send(
        _ script: String, to envelope: Envelope, _ text: String = "hi\r\n", isLast: Bool = true
    ) async throws -> Conversation<DeliveryOutcome> {
        try await converse(script) { client throws(SMTPError) in
            try await client.open()
            return try await client.deliver(envelope, message(text), isLast: isLast)
        }
    }

    private func notified(_ request: NotificationRequest) throws -> Envelope {
        try Envelope(
            from: MailPath("gw@example.com"), to: [MailPath("a@example.net"), MailPath("b@example.net")],
            notification: request)
    }

    private static func accepted(_ reply: String) -> DeliveryOutcome.Verdict { .accepted(Reply(250, reply)) }

    // MARK: DSN (RFC 3461)

    @Test func noticesAreAskedForWhereTheServerOffersThem() async throws {
        let request = try NotificationRequest(
            occasions: [.success, .failure], returned: .headers, envelopeID: "alert+7 = pump")
        let talk = try await send(
            opening("PIPELINING", "CHUNKING", "DSN")
                + "C: MAIL FROM:<gw@example.com> RET=HDRS ENVID=alert+2B7+20+3D+20pump\nC: RCPT TO:<a@example.net> NOTIFY=FAILURE,SUCCESS\nC: RCPT TO:<b@example.net> NOTIFY=FAILURE,SUCCESS\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 kept",
            to: try notified(request))
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
        #expect(!talk.events.contains(.notificationsNotOffered))
    }

    @Test func neverIsAskedForByItsName() async throws {
        let talk = try await send(
            opening("DSN")
                + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net> NOTIFY=NEVER\nS: 550 no\nC: RCPT TO:<b@example.net> NOTIFY=NEVER\nS: 550 no\nC: QUIT",
            to: try notified(try NotificationRequest(occasions: [])))
        #expect(talk.problems.isEmpty)
    }

    @Test func withoutDSNTheMessageGoesWithoutTheRequestAndThatIsSaid() async throws {
        let request = try NotificationRequest(occasions: [], returned: .full, envelopeID: "x")
        let talk = try await send(
            opening("PIPELINING", "CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 kept",
            to: try notified(request))
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
        #expect(talk.events.contains(.notificationsNotOffered))
    }

    @Test func nothingIsAskedForUnlessTheSenderDoes() async throws {
        let talk = try await send(
            opening("DSN") + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 550 no\nC: QUIT",
            to: try envelope("a@example.net"))
        #expect(talk.problems.isEmpty)
        #expect(!talk.events.contains(.notificationsNotOffered))
    }

    @Test func anEnvelopesNameIsPrintableAndBounded() throws {
        for name in ["", "ü", "a\r\nRCPT TO:<x>", String(repeating: "a", count: 95), String(repeating: "+", count: 32)]
        {
            #expect(throws: SMTPError.self) { try NotificationRequest(occasions: nil, envelopeID: name) }
        }
        _ = try NotificationRequest(occasions: nil, envelopeID: String(repeating: "a", count: 94))
        #expect(XText.encode("a\t\u{7F}=~!é") == "a+09+7F+3D~!+C3+A9")
    }

    // MARK: LIMITS (RFC 9422)

    /// A transaction of `recipients` with BDAT whose replies are all 250.
    private static func transaction(_ recipients: [String], final: String, quits: Bool = false) -> String {
        "C: MAIL FROM:<gw@example.com>\n" + recipients.map { "C: RCPT TO:<\($0)>\n" }.joined()
            + "C: BDAT 4 LAST\nBODY: 4\n" + (quits ? "C: QUIT\n" : "") + "S: 250 ok\n"
            + recipients.map { _ in "S: 250 ok\n" }.joined() + "S: 250 \(final)\n"
    }

    @Test func noMoreTransactionsThanMAILMAXAreBegun() async throws {
        let talk = try await send(
            opening("PIPELINING", "CHUNKING", "LIMITS RCPTMAX=1 MAILMAX=2")
                + Self.transaction(["a@example.net"], final: "one")
                + Self.transaction(["b@example.net"], final: "two", quits: true),
            to: try envelope("a@example.net", "b@example.net", "c@example.net"))
        #expect(talk.problems.isEmpty)
        let outcome = try talk.result.get()
        #expect(
            outcome.recipients.map(\.verdict) == [
                Self.accepted("one"), Self.accepted("two"), .deferred(.noRoomInSession),
            ])
        #expect(outcome.leftOver.map(\.description) == ["c@example.net"])
        #expect(outcome.exitStatus == .tryAgain)
    }

    @Test func noMoreDomainsThanRCPTDOMAINMAXAreNamed() async throws {
        let talk = try await send(
            opening("PIPELINING", "CHUNKING", "LIMITS rcptdomainmax=2 X=1 BAD MAILMAX=zero")
                + Self.transaction(["a@one.example", "c@two.example", "d@ONE.example"], final: "kept", quits: true),
            to: try envelope("a@one.example", "c@two.example", "b@three.example", "d@ONE.example"))
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().leftOver.map(\.description) == ["b@three.example"])
    }

    @Test func aLargerRCPTMAXSavesCopiesOfTheMessage() async throws {
        let paths = (0..<150).map { "r\($0)@example.net" }
        let target = try Envelope(from: MailPath("gw@example.com"), to: try paths.map { try MailPath($0) })
        let talk = try await send(
            opening("PIPELINING", "CHUNKING", "LIMITS RCPTMAX=2000")
                + Self.transaction(paths, final: "kept", quits: true),
            to: target)
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
    }

    // MARK: 452 (RFC 5321 §4.5.3.1.10)

    @Test func tooManyRecipientsMeansAFurtherTransactionForTheRest() async throws {
        let data = try await send(
            opening("PIPELINING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: RCPT TO:<c@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 452 4.5.3 too many recipients\nS: 452 4.5.3 too many recipients\nS: 354 go\nC: hi\nC: .\nS: 250 one\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<b@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 two\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<c@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nC: QUIT\nS: 250 three",
            to: try envelope("a@example.net", "b@example.net", "c@example.net"))
        #expect(data.problems.isEmpty)
        #expect(
            try data.result.get().recipients.map(\.verdict) == [
                Self.accepted("one"), Self.accepted("two"), Self.accepted("three"),
            ])
        let lockStep = try await send(
            opening()
                + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 552 too many recipients\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 one\nC: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 two\nC: QUIT",
            to: try envelope("a@example.net", "b@example.net"))
        #expect(lockStep.problems.isEmpty)
        #expect(try lockStep.result.get().isAccepted)
    }

    /// With BDAT nothing of the second try is sent before a recipient is accepted: the message may be large.
    @Test func theSecondTryOfAChunkAsksBeforeItSends() async throws {
        let first =
            "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: BDAT 4 LAST\nBODY: 4\nS: 250 ok\nS: 250 ok\nS: 452 4.5.3 too many recipients\nS: 250 one\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<b@example.net>\n"
        let target = try envelope("a@example.net", "b@example.net")
        let taken = try await send(
            opening("PIPELINING", "CHUNKING") + first + "S: 250 ok\nS: 250 ok\nC: BDAT 4 LAST\nBODY: 4\nS: 250 two",
            to: target, isLast: false)
        #expect(taken.problems.isEmpty)
        #expect(try taken.result.get().isAccepted)
        let alone = try await send(
            opening("PIPELINING", "CHUNKING") + first + "S: 250 ok\nS: 452 4.5.3 too many recipients\nC: RSET",
            to: target, isLast: false)
        let refusal = SMTPError.refused(.recipient, Reply(452, "4.5.3 too many recipients"))
        #expect(try alone.result.get().recipients.map(\.verdict) == [Self.accepted("one"), .deferred(refusal)])
        #expect(try alone.result.get().leftOver.isEmpty, "it was asked alone, so it is no matter of room")
    }

    @Test func whoHadNoRoomBehindAQUITIsLeftForAnotherSession() async throws {
        let talk = try await send(
            opening("PIPELINING", "CHUNKING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 452 too many recipients\nS: 250 one\nS: 221 bye",
            to: try envelope("a@example.net", "b@example.net"))
        #expect(talk.problems.isEmpty)
        let outcome = try talk.result.get()
        #expect(outcome.leftOver.map(\.description) == ["b@example.net"])
        let further = DeliveryOutcome(recipients: [.init(path: outcome.leftOver[0], verdict: Self.accepted("two"))])
        #expect(
            outcome.completed(by: further).recipients.map(\.verdict) == [Self.accepted("one"), Self.accepted("two")])
        #expect(outcome.completed(by: further).leftOver.isEmpty)
    }

    @Test(arguments: ["452 4.2.2 mailbox full", "452 4.3.1 no room", "450 4.2.1 busy", "550 5.1.1 no such user"])
    func anotherRefusalIsTriedNoSecondTime(reply: String) async throws {
        let talk = try await send(
            opening("PIPELINING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: \(reply)\nS: 354 go\nC: hi\nC: .\nC: QUIT\nS: 250 kept",
            to: try envelope("a@example.net", "b@example.net"))
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().leftOver.isEmpty)
    }

    // MARK: Many

    /// The memory of a flight is that of 100 recipients, however many there are.
    @Test func tenThousandRecipientsGoInBoundedFlights() async throws {
        let paths = (0..<10_000).map { "recipient-\($0)@example.net" }
        var script = opening("PIPELINING", "CHUNKING")
        for start in stride(from: 0, to: paths.count, by: 100) {
            script += Self.transaction(
                Array(paths[start..<start + 100]), final: "kept", quits: start + 100 == paths.count)
        }
        let talk = try await send(
            script, to: try Envelope(from: MailPath("gw@example.com"), to: try paths.map { try MailPath($0) }))
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
        #expect(talk.writes.count == 101)
        #expect(talk.writes.allSatisfy { $0.utf8.count < 8192 })
    }

    /// Neither side has room for what the other says at once: a client that writes all before it reads stands still here.
    @Test func repliesAreReadWhileALargeGroupIsWritten() async throws {
        let paths = (0..<500).map { "recipient-\($0)@example.net" }
        var script =
            opening("PIPELINING", "CHUNKING", "LIMITS RCPTMAX=500") + "C: MAIL FROM:<gw@example.com>\nS: 250 ok\n"
        for path in paths { script += "C: RCPT TO:<\(path)>\nS: 250 2.1.5 \(path) is known here\n" }
        script += "C: BDAT 4 LAST\nBODY: 4\nC: QUIT\nS: 250 kept"
        let target = try Envelope(from: MailPath("gw@example.com"), to: try paths.map { try MailPath($0) })
        let talk = try await converse(script, capacity: 64) { client throws(SMTPError) in
            try await client.send(target, message("hi\r\n"))
        }
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
    }
}
