import ByteStreams
import NIOCore
import Scopes
import Synchronization
import Testing

@testable import SMTP

@Suite(.timeLimit(.minutes(5))) struct VerdictTests {
    private static let chunk =
        opening("PIPELINING", "CHUNKING")
        + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\n"
    private static let data =
        opening("PIPELINING")
        + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: DATA\n"
    private static let lockStep = opening() + "C: MAIL FROM:<gw@example.com>\n"

    private func send(
        _ script: String, _ text: String = "hi\r\n", timeouts: SMTPTimeouts = SMTPTimeouts(),
        clock: any Clock<Duration> = ContinuousClock(), capacity: Int = 65_536, finishWhenLeft: Int = 16_384
    ) async throws -> Conversation<DeliveryOutcome> {
        let target = try envelope("a@example.net", "b@example.net")
        return try await converse(
            script, timeouts: timeouts, clock: clock, capacity: capacity, finishWhenLeft: finishWhenLeft
        ) { client throws(SMTPError) in try await client.send(target, message(text)) }
    }

    private func verdicts(_ talk: Conversation<DeliveryOutcome>) throws -> [DeliveryOutcome.Verdict] {
        #expect(talk.problems.isEmpty)
        return try talk.result.get().recipients.map(\.verdict)
    }

    @Test func eachRecipientHasItsOwnVerdict() async throws {
        let replies = "S: 250 ok\nS: 550 5.1.1 no such user\nS: 251 will forward\n"
        let refused = DeliveryOutcome.Verdict.refused(.refused(.recipient, Reply(550, "5.1.1 no such user")))
        let accepted = DeliveryOutcome.Verdict.accepted(Reply(250, "kept"))
        let chunk = try await send(Self.chunk + replies + "S: 250 kept\nS: 221 bye")
        #expect(try verdicts(chunk) == [refused, accepted])
        #expect(try chunk.result.get().exitStatus == .recipientRefused)
        let data = try await send(Self.data + replies + "S: 354 go\nC: hi\nC: .\nC: QUIT\nS: 250 kept")
        #expect(try verdicts(data) == [refused, accepted])
        let lockStep = try await send(
            Self.lockStep
                + "S: 250 ok\nC: RCPT TO:<a@example.net>\nS: 550 5.1.1 no such user\nC: RCPT TO:<b@example.net>\nS: 252 perhaps\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 kept\nC: QUIT"
        )
        #expect(try verdicts(lockStep) == [refused, accepted])
    }

    @Test(arguments: ["452 4.5.3 too many", "552 too many", "450 4.2.1 busy"])
    func aRecipientForLaterIsDeferred(reply: String) async throws {
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 250 ok\nS: \(reply)\nS: 250 kept\nS: 221 bye")
        let verdict = try verdicts(talk).last
        guard case .deferred = verdict else { return #expect(Bool(false), "\(String(describing: verdict))") }
    }

    @Test func aRefusedSenderIsEverybodysVerdict() async throws {
        let mail = Reply(553, "5.1.8 not you")
        let refused = DeliveryOutcome.Verdict.refused(.refused(.sender, mail))
        let chunk = try await send(
            Self.chunk + "S: 553 5.1.8 not you\nS: 503 5.5.1 MAIL\nS: 503 5.5.1 MAIL\nS: 503 5.5.1 MAIL\nS: 221 bye")
        #expect(try verdicts(chunk) == [refused, refused])
        #expect(try chunk.result.get().exitStatus == .badMessage)
        let data = try await send(Self.data + "S: 553 5.1.8 not you\nS: 503 MAIL\nS: 503 MAIL\nS: 503 MAIL\nC: QUIT")
        #expect(try verdicts(data) == [refused, refused])
        let lockStep = try await send(Self.lockStep + "S: 553 5.1.8 not you\nC: QUIT")
        #expect(try verdicts(lockStep) == [refused, refused])
    }

    @Test(arguments: [
        ("530 5.7.0 log in", Scopes.ExitStatus.configuration), ("552 5.3.4 too large", .badMessage),
        ("452 4.3.1 full", .tryAgain),
        ("451 4.3.0 later", .tryAgain), ("354 what", .peerProtocol),
    ])
    func aReplyToMailHasItsExitStatus(reply: String, status: Scopes.ExitStatus) async throws {
        #expect(try await send(Self.lockStep + "S: \(reply)\nC: QUIT").result.get().exitStatus == status)
    }

    @Test func noMessageGoesWhenNobodyTakesIt() async throws {
        let talk = try await send(Self.data + "S: 250 ok\nS: 550 no\nS: 450 later\nS: 554 no valid recipients\nC: QUIT")
        let result = try verdicts(talk)
        #expect(result.first == .refused(.refused(.recipient, Reply(550, "no"))))
        #expect(result.last == .deferred(.refused(.recipient, Reply(450, "later"))))
        #expect(try talk.result.get().exitStatus == .recipientRefused)
    }

    @Test func aLoneDotAnswersA354ThatNobodyWants() async throws {
        let talk = try await send(
            Self.data + "S: 250 ok\nS: 550 no\nS: 550 no\nS: 354 go\nC: .\nC: QUIT\nS: 250 kept nothing\nS: 221 bye")
        #expect(try verdicts(talk).allSatisfy { if case .refused = $0 { true } else { false } })
    }

    @Test func aPositiveReplyToAChunkWithoutRecipientsAcceptsNobody() async throws {
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 550 no\nS: 550 no\nS: 250 kept\nS: 221 bye")
        #expect(try talk.result.get().isAccepted == false)
    }

    @Test func aRefusedMessageIsTheVerdictOfWhoWasAccepted() async throws {
        let final = Reply(554, "5.6.0 spam")
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 250 ok\nS: 450 later\nS: 554 5.6.0 spam\nS: 221 bye")
        #expect(
            try verdicts(talk) == [
                .refused(.refused(.message, final)), .deferred(.refused(.recipient, Reply(450, "later"))),
            ])
        let refusedData = try await send(Self.data + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 451 4.3.0 no room\nC: QUIT")
        #expect(
            try verdicts(refusedData)
                == Array(repeating: .deferred(.refused(.data, Reply(451, "4.3.0 no room"))), count: 2))
    }

    @Test func theLastWordsOfAServerAnswerWhatIsUndecided() async throws {
        let closing = SMTPError.refused(.recipient, Reply(421, "4.3.2 going down"))
        let talk = try await send(Self.data + "S: 250 ok\nS: 550 no\nS: 421 4.3.2 going down\nCLOSE")
        #expect(try verdicts(talk) == [.refused(.refused(.recipient, Reply(550, "no"))), .deferred(closing)])
        #expect(talk.writes.last?.contains("QUIT") == false)
    }

    @Test func aServerThatClosesBeforeTheMessageHasNotTakenIt() async throws {
        let closing = DeliveryOutcome.Verdict.deferred(.refused(.recipient, Reply(421, "4.3.2 going down")))
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 421 4.3.2 going down\nCLOSE")
        #expect(try verdicts(talk) == [closing, closing])
        let idle = DeliveryOutcome.Verdict.deferred(.refused(.sender, Reply(421, "4.4.2 idle")))
        let unasked = try await send(opening("PIPELINING", "CHUNKING") + "S: 421 4.4.2 idle\nCLOSE")
        #expect(try unasked.result.get().recipients.map(\.verdict) == [idle, idle])
    }

    // MARK: The lost answer (RFC 1047)

    @Test(arguments: ["LOST", "CLOSE"]) func aLinkLostAfterTheLastOctetIsPerhapsDelivered(end: String) async throws {
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 550 no\nS: 250 ok\n\(end)")
        let result = try verdicts(talk)
        // With LOST, replies under way may be lost too: then both are open.
        guard case .perhapsDelivered = result.last else { return #expect(Bool(false), "\(result)") }
        if end == "CLOSE" { #expect(result.first == .refused(.refused(.recipient, Reply(550, "no")))) }
        if end == "CLOSE" { #expect(result.last == .perhapsDelivered(.endedEarly(.message))) }
        #expect(try talk.result.get().isPerhapsDelivered)
    }

    @Test func anAnswerThatDoesNotComeIsPerhapsDelivered() async throws {
        var timeouts = SMTPTimeouts()
        timeouts.dataTermination = .seconds(5)
        let talk = try await send(
            Self.data + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nC: QUIT\nSILENCE", timeouts: timeouts,
            clock: SelectiveClock(passes: .seconds(5)))
        let late = DeliveryOutcome.Verdict.perhapsDelivered(.timedOut(.message, .seconds(5)))
        #expect(try verdicts(talk) == [late, late])
        #expect(try talk.result.get().exitStatus == .tryAgain)
    }

    @Test func aLinkLostBeforeTheLastOctetIsForLater() async throws {
        let text = String(repeating: "x", count: 200_000)
        let talk = try await send(
            Self.data + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nBODY: 70000\nLOST", text, capacity: 1000)
        let lost = DeliveryOutcome.Verdict.deferred(.stream(.linkLost("NO CARRIER"), .message))
        #expect(try verdicts(talk) == [lost, lost])
    }

    @Test func aSessionLostWithinTheEnvelopeIsForLater() async throws {
        let talk = try await send(Self.lockStep + "S: 250 ok\nC: RCPT TO:<a@example.net>\nCLOSE")
        let lost = DeliveryOutcome.Verdict.deferred(.endedEarly(.recipient))
        #expect(try verdicts(talk) == [lost, lost])
    }

    // MARK: Replies while the message goes out

    @Test func aRefusalStopsALargeUpload() async throws {
        let text = String(repeating: "x", count: 500_000)
        let script =
            opening("PIPELINING", "CHUNKING")
            + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: BDAT 500000 LAST\nS: 550 5.7.1 not you\nS: 503 no\nS: 503 no\nSILENCE"
        let talk = try await send(script, text, capacity: 4096)
        #expect(try verdicts(talk).allSatisfy { $0 == .refused(.refused(.sender, Reply(550, "5.7.1 not you"))) })
        #expect(talk.writes.last?.hasSuffix("QUIT\r\n") == false, "the session ended there")
    }

    @Test func anEarlyAnswerToDataStopsALargeUpload() async throws {
        let text = String(repeating: "x", count: 500_000)
        let talk = try await send(
            Self.data + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nBODY: 10000\nS: 552 5.3.4 too large\nSILENCE",
            text,
            capacity: 4096)
        let refused = DeliveryOutcome.Verdict.refused(.refused(.message, Reply(552, "5.3.4 too large")))
        #expect(try verdicts(talk) == [refused, refused])
    }

    @Test func aSmallRestIsSentToItsEndAndTheSessionLives() async throws {
        let text = String(repeating: "x", count: 3000)
        let target = try envelope("a@example.net")
        let script =
            opening("PIPELINING", "CHUNKING")
            + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 3000 LAST\nS: 550 not you\nS: 503 no\nBODY: 3000\nS: 503 no\nC: RSET\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 1 LAST\nBODY: 1\nC: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 kept"
        let talk = try await converse(script, capacity: 100) { client throws(SMTPError) in
            try await client.open()
            let first = try await client.deliver(target, message(text), isLast: false)
            let second = try await client.deliver(target, message("x"), isLast: true)
            return [first.exitStatus, second.exitStatus]
        }
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get() == [.badMessage, .ok])
    }

    @Test func aStuckUploadIsGivenUpForLater() async throws {
        var timeouts = SMTPTimeouts()
        timeouts.dataBlock = .seconds(5)
        let talk = try await send(
            Self.data + "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nSILENCE", String(repeating: "x", count: 200_000),
            timeouts: timeouts, clock: SelectiveClock(passes: .seconds(5)), capacity: 1000)
        let stuck = DeliveryOutcome.Verdict.deferred(.timedOut(.message, .seconds(5)))
        #expect(try verdicts(talk) == [stuck, stuck])
    }

    /// Fails each write from the third on, without taking an octet.
    private final class DeadWriter: ByteStream {
        private let base: any ByteStream
        private let writes = Mutex(0)

        init(_ base: any ByteStream) {
            self.base = base
        }

        func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? { try await base.read(atMost: atMost) }

        func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
            let count = writes.withLock { writes in
                writes += 1
                return writes
            }
            guard count < 2 else { throw .linkLost("NO CARRIER") }
            try await base.write(&octets)
        }

        func flush() async throws(StreamFailure) {}
        func close() async -> TeardownStep { await base.close() }
    }

    @Test(arguments: [true, false]) func whatTLSHasNotTakenIsForLater(isProtected: Bool) async throws {
        let target = try envelope("a@example.net")
        let (ours, theirs) = MemoryStream.pair()
        let stream = DeadWriter(ours)
        let client = SMTPClient(
            transport: isProtected ? .verifiedTLS(stream) : .clear(stream),
            configuration: .init(name: try ClientName(hostName: "gw.example.com")))
        let server = ScriptedServer(theirs)
        async let serving: Void = server.run(opening("PIPELINING", "CHUNKING"))
        let outcome = try await client.send(target, message("x"))
        _ = await ours.close()
        await serving
        #expect(outcome.isPerhapsDelivered == !isProtected)
    }

    private struct Liar: OutgoingMessage {
        let octets: Int
        let needs8Bit = false
        func reader() -> any OutgoingMessageReader { BufferedMessage(ByteBuffer(string: "12345")).reader() }
    }

    @Test(arguments: [4, 6]) func aMessageThatChangedIsNotSent(announced: Int) async throws {
        let target = try envelope("a@example.net")
        let talk = try await converse(
            opening("PIPELINING", "CHUNKING") + "SILENCE"
        ) { client throws(SMTPError) in try await client.send(target, Liar(octets: announced)) }
        #expect(
            try talk.result.get().recipients.map(\.verdict) == [
                .deferred(.messageChanged(announced: announced, given: 5))
            ])
        #expect(try talk.result.get().exitStatus == .inputOutput)
        #expect(talk.writes.count == 1, "EHLO alone")
    }

    @Test func aCancelledDeliveryAnswersWithVerdicts() async throws {
        let target = try envelope("a@example.net")
        let (ours, theirs) = MemoryStream.pair()
        let client = SMTPClient(
            transport: .verifiedTLS(ours), configuration: .init(name: try ClientName(hostName: "gw.example.com")))
        let server = ScriptedServer(theirs)
        async let serving: Void = server.run(
            opening("PIPELINING") + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\nSILENCE")
        try await client.open()
        let delivery = Task { try await client.deliver(target, message("x"), isLast: true) }
        await serving
        delivery.cancel()
        let outcome = try await delivery.value
        #expect(outcome.recipients.map(\.verdict) == [.deferred(.stream(.cancelled, .sender))])
        #expect(await server.problems.isEmpty)
    }
}
