import ByteStreams
import NIOCore
import Scopes
import Support
import Testing

@testable import SMTP

/// Commands in groups (RFC 2920): servers that cannot bear them, and several messages in one flight.
@Suite(.timeLimit(.minutes(5))) struct GroupTests {
    private func send(_ script: String, usesPipelining: Bool = true) async throws -> Conversation<Result> {
        let target = try envelope("a@example.net")
        return try await converse(script, usesPipelining: usesPipelining) { client throws(SMTPError) in
            let outcome = try await client.send(target, message("hi\r\n"))
            return Result(outcome: outcome, pipeliningFailed: await client.pipeliningFailed)
        }
    }

    private struct Result: Sendable {
        let outcome: DeliveryOutcome
        let pipeliningFailed: Bool
    }

    private static let data =
        opening("PIPELINING") + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\n"
    private static let chunk =
        opening("PIPELINING", "CHUNKING")
        + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\n"
    private static let lockStep =
        "C: MAIL FROM:<gw@example.com>\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 kept\nC: QUIT"

    // MARK: A server that cannot bear a group

    @Test(arguments: [
        "S: 250 ok\nS: 503 5.5.1 out of order\nS: 503 5.5.1 out of order\n",
        "S: 250 ok\nS: 250 ok\nS: 503 5.5.1 RCPT first\n",
        "S: 554 5.5.0 SMTP protocol synchronization error\nS: 554 no\nS: 554 no\n",
        "S: 503 5.5.0 improper use of SMTP command pipelining\nS: 503 no\nS: 503 no\n",
    ])
    func aServerThatLosesTheOrderIsAskedOneByOne(replies: String) async throws {
        let talk = try await send(Self.data + replies + "C: RSET\nS: 250 ok\n" + Self.lockStep)
        #expect(talk.problems.isEmpty)
        let result = try talk.result.get()
        #expect(result.pipeliningFailed && result.outcome.isAccepted)
        #expect(talk.events.contains(.pipeliningFailed))
    }

    @Test func aServerThatClosesOnAGroupLeavesItForAnotherSession() async throws {
        let talk = try await send(Self.data + "CLOSE")
        let result = try talk.result.get()
        #expect(result.pipeliningFailed)
        #expect(result.outcome.leftOver.map(\.description) == ["a@example.net"])
        #expect(result.outcome.recipients.map(\.verdict) == [.deferred(.endedEarly(.sender))])
        let next = try await send(
            opening("PIPELINING", "CHUNKING")
                + Self.lockStep.replacing("C: DATA\nS: 354 go\nC: hi\nC: .\n", with: "C: BDAT 4 LAST\nBODY: 4\n"),
            usesPipelining: false)
        #expect(next.problems.isEmpty)
        #expect(try next.result.get().outcome.isAccepted)
    }

    /// The octets of the message went with the group: the server may have all of it, so nobody is asked again.
    @Test func aServerThatClosesOnAGroupWithTheMessageLeavesItInDoubt() async throws {
        let talk = try await send(Self.chunk + "S: 250 ok\nCLOSE")
        let result = try talk.result.get()
        #expect(result.pipeliningFailed && result.outcome.isPerhapsDelivered)
        #expect(result.outcome.leftOver.isEmpty)
    }

    @Test func aGroupWithTheMessageThatIsRefusedForItsOrderIsLeftForAnotherSession() async throws {
        let talk = try await send(Self.chunk + "S: 250 ok\nS: 503 5.5.1 out of order\nS: 503 5.5.1 out of order\nCLOSE")
        let result = try talk.result.get()
        #expect(result.pipeliningFailed && !result.outcome.isPerhapsDelivered)
        #expect(result.outcome.leftOver.map(\.description) == ["a@example.net"])
    }

    @Test(arguments: [
        "S: 250 ok\nS: 550 no\nS: 503 5.5.1 no recipients\nC: QUIT",
        "S: 550 no\nS: 503 MAIL first\nS: 503 MAIL first\nC: QUIT",
        "S: 421 4.3.2 going down\nCLOSE", "S: 503 5.5.1 authenticate first\nS: 503 no\nS: 503 no\nC: QUIT",
        "S: 250 ok\nS: 250 ok\nCLOSE",
    ])
    func anOrdinaryRefusalSaysNothingAboutGroups(replies: String) async throws {
        let talk = try await send(Self.data + replies)
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().pipeliningFailed == false)
    }

    // MARK: Several messages in one flight

    private func deliver(
        _ texts: [String], _ script: String, isLast: Bool = true
    ) async throws -> Conversation<[DeliveryOutcome]> {
        let target = try envelope("a@example.net")
        return try await converse(script) { client throws(SMTPError) in
            try await client.open()
            return try await client.deliver(texts.map { Mailing(target, message($0)) }, isLast: isLast)
        }
    }

    private static func chunked(_ octets: Int) -> String {
        "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT \(octets) LAST\nBODY: \(octets)\n"
    }

    @Test func severalSmallMessagesGoInOneWriteWithRSETBetween() async throws {
        let talk = try await deliver(
            ["one\r\n", "two\r\n", "three\r\n"],
            opening("PIPELINING", "CHUNKING") + Self.chunked(5) + "C: RSET\n" + Self.chunked(5) + "C: RSET\n"
                + Self.chunked(7)
                + "C: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 first\nS: 250 reset\nS: 250 ok\nS: 550 5.1.1 no\nS: 503 no recipients\nS: 250 reset\nS: 250 ok\nS: 250 ok\nS: 451 later\nS: 221 bye"
        )
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.count == 2, "EHLO, and all the rest")
        #expect(
            try talk.result.get().map { $0.recipients[0].verdict } == [
                .accepted(Reply(250, "first")), .refused(.refused(.recipient, Reply(550, "5.1.1 no"))),
                .deferred(.refused(.message, Reply(451, "later"))),
            ])
    }

    @Test func aFlightHasNoMoreThanEightMessagesAndEightKilobytes() async throws {
        let replies = "S: 250 ok\nS: 250 ok\nS: 250 kept\n"
        let nine = try await deliver(
            Array(repeating: "x\r\n", count: 9),
            opening("PIPELINING", "CHUNKING") + Self.chunked(3)
                + String(repeating: "C: RSET\n" + Self.chunked(3), count: 7) + replies
                + String(repeating: "S: 250 reset\n" + replies, count: 7) + Self.chunked(3) + "C: QUIT\n" + replies)
        #expect(nine.problems.isEmpty)
        #expect(nine.writes.count == 3)
        #expect(try nine.result.get().count { $0.isAccepted } == 9)
        let large = String(repeating: "x", count: 4095) + "\r\n"
        let two = try await deliver(
            [large, large],
            opening("PIPELINING", "CHUNKING") + Self.chunked(4097) + replies + Self.chunked(4097) + "C: QUIT\n"
                + replies)
        #expect(two.problems.isEmpty)
        #expect(two.writes.count == 3)
    }

    /// Without CHUNKING the next envelope goes behind the dot of the message before it (RFC 2920 §3.1).
    @Test func withDATATheNextEnvelopeGoesBehindTheMessage() async throws {
        let start = "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\n"
        let talk = try await deliver(
            ["one\r\n", "two\r\n", "three\r\n"],
            opening("PIPELINING") + start + "S: 250 ok\nS: 250 ok\nS: 354 go\nC: one\nC: .\n" + start
                + "S: 250 first\nS: 250 ok\nS: 550 no\nS: 554 no recipients\nC: RSET\n" + start
                + "S: 250 reset\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: three\nC: .\nC: QUIT\nS: 250 third\nS: 221 bye")
        #expect(talk.problems.isEmpty)
        #expect(talk.writes.count == 5)
        #expect(try talk.result.get().map(\.exitStatus) == [.ok, .recipientRefused, .ok])
    }

    @Test func aLinkLostWithinAFlightLeavesEveryUnansweredMessageInDoubt() async throws {
        let talk = try await deliver(
            ["one\r\n", "two\r\n"],
            opening("PIPELINING", "CHUNKING") + Self.chunked(5) + "C: RSET\n" + Self.chunked(5)
                + "C: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 first\nCLOSE")
        let outcomes = try talk.result.get()
        #expect(outcomes[0].isAccepted)
        #expect(outcomes[1].isPerhapsDelivered)
        let chain = try await deliver(
            ["one\r\n", "two\r\n", "three\r\n"],
            opening("PIPELINING")
                + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: one\nC: .\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\nS: 250 first\nCLOSE"
        )
        #expect(
            try chain.result.get().map { $0.recipients[0].verdict } == [
                .accepted(Reply(250, "first")), .deferred(.endedEarly(.sender)), .deferred(.endedEarly(.sender)),
            ])
    }

    @Test func aMessageThatThisServerCannotTakeIsRefusedAlone() async throws {
        let talk = try await deliver(
            ["a message of more than ten octets\r\n", "short\r\n"],
            opening("PIPELINING", "CHUNKING", "SIZE 10")
                + Self.chunked(7).replacing("gw@example.com>", with: "gw@example.com> SIZE=7")
                + "C: QUIT\nS: 250 ok\nS: 250 ok\nS: 250 kept")
        #expect(talk.problems.isEmpty)
        let outcomes = try talk.result.get()
        #expect(outcomes[0].recipients[0].verdict == .refused(.tooLarge(octets: 35, limit: 10)))
        #expect(outcomes[1].isAccepted)
    }

    @Test func whatMAILMAXLeavesOutOfAFlightIsLeftOver() async throws {
        let talk = try await deliver(
            ["1\r\n", "2\r\n", "3\r\n"],
            opening("PIPELINING", "CHUNKING", "LIMITS MAILMAX=2") + Self.chunked(3) + "C: RSET\n" + Self.chunked(3)
                + "S: 250 ok\nS: 250 ok\nS: 250 a\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 250 b\nC: QUIT")
        #expect(talk.problems.isEmpty)
        let outcomes = try talk.result.get()
        #expect(outcomes.map(\.isAccepted) == [true, true, false])
        #expect(outcomes[2].leftOver.count == 1)
        #expect(outcomes[2].recipients[0].verdict == .deferred(.noRoomInSession))
    }
}
