import Scopes
import Support
import Testing

@testable import SMTP

/// Replies that have lost their commands, and replies that say too much.
@Suite(.timeLimit(.minutes(5))) struct OutOfStepTests {
    private static let data =
        opening("PIPELINING")
        + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 354 go\n"
    private static let chunk =
        opening("PIPELINING", "CHUNKING")
        + "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\n"

    private func verdict(_ script: String, _ text: String = "hi\r\n") async throws -> DeliveryOutcome.Verdict? {
        let target = try envelope("a@example.net")
        let talk = try await converse(script, capacity: text.utf8.count > 1000 ? 4096 : 65_536) {
            client throws(SMTPError) in try await client.send(target, message(text))
        }
        return try talk.result.get().recipients.first?.verdict
    }

    @Test func aReplyThatNobodyAskedForEndsTheSession() async throws {
        let talk = try await converse("RAW: 220 mx\\r\\n250 already\\r\\n") { client throws(SMTPError) in
            try await client.open()
        }
        #expect(talk.failure == .unaskedReply("250 already"))
        #expect(talk.failure?.exitStatus == .peerProtocol)
        #expect(talk.writes.isEmpty)
    }

    /// Half a line is as much out of step as a whole one.
    @Test func aPartOfAReplyThatNobodyAskedForEndsTheSession() async throws {
        let talk = try await converse("RAW: 220 mx\\r\\n25") { client throws(SMTPError) in try await client.open() }
        guard case .unaskedReply = talk.failure else {
            return #expect(Bool(false), "\(String(describing: talk.failure))")
        }
    }

    @Test func aMessageThatHasNotLeftWholeIsNotAccepted() async throws {
        let early = try await verdict(
            Self.data + "BODY: 10000\nS: 250 kept\nSILENCE", String(repeating: "x", count: 500_000))
        #expect(early == .deferred(.unexpectedReply(.message, Reply(250, "kept"))))
    }

    @Test func aGoodbyeInPlaceOfTheFinalReplyLeavesTheMessageInDoubt() async throws {
        let goodbye = try await verdict(Self.chunk + "S: 250 ok\nS: 250 ok\nS: 221 bye\n")
        #expect(goodbye == .perhapsDelivered(.unexpectedReply(.message, Reply(221, "bye"))))
    }

    /// The limit for the envelope is long, the one for the message short: the second counts from the envelope's last reply on.
    @Test func aShorterLimitCountsAtOnce() async throws {
        var timeouts = SMTPTimeouts()
        timeouts.dataTermination = .seconds(1)
        let target = try envelope("a@example.net")
        let talk = try await converse(
            Self.chunk + "S: 250 ok\nS: 250 ok\nSILENCE", timeouts: timeouts, clock: SelectiveClock(passes: .seconds(1))
        ) { client throws(SMTPError) in try await client.send(target, message("hi\r\n")) }
        #expect(
            try talk.result.get().recipients.map(\.verdict) == [
                .perhapsDelivered(.timedOut(.message, .seconds(1)))
            ])
    }

    @Test func aSecondGreetingIsNoAnswerToEHLO() async throws {
        let talk = try await converse("S: 220 mx\nC: EHLO gw.example.com\nS: 220 mx again\n") {
            client throws(SMTPError) in try await client.open()
        }
        #expect(talk.failure == .unexpectedReply(.ehlo, Reply(220, "mx again")))
    }

    @Test func theServersWordsAreShownWithoutOurSecrets() async throws {
        let told = "\(TestSecrets.password) and \(TestSecrets.passwordInPlain) and \(TestSecrets.passwordInLogin)"
        for reply in ["535 5.7.8 \(told)", "gibberish \(told)"] {
            let login = try credentials()
            let talk = try await converse(
                opening("AUTH PLAIN") + "C: AUTH PLAIN \(TestSecrets.passwordInPlain)\nS: \(reply)\n",
                credentials: login
            ) { client throws(SMTPError) in try await client.open() }
            let trace = "\(talk.events) \(talk.failure?.line ?? "")"
            for secret in [TestSecrets.password, TestSecrets.passwordInPlain, TestSecrets.passwordInLogin] {
                #expect(!trace.contains(secret))
            }
            #expect(trace.contains("<redacted> and <redacted>"))
        }
    }
}
