import ByteStreams
import NIOCore
import Scopes
import Synchronization
import Testing

@testable import SMTP

/// How a client conducts itself towards what servers say: odd but legal replies, wrong ones, limits of time.
@Suite(.timeLimit(.minutes(5))) struct ConductTests {
    private func send(
        _ script: String, _ text: String = "hi\r\n", to recipients: [String] = ["a@example.net"],
        name: ClientName? = nil
    ) async throws -> Conversation<DeliveryOutcome> {
        let target = try Envelope(from: MailPath("gw@example.com"), to: try recipients.map { try MailPath($0) })
        return try await converse(script, name: name) { client throws(SMTPError) in
            try await client.send(target, message(text))
        }
    }

    // MARK: Greeting and replies

    @Test func nothingIsSaidBeforeTheWholeGreeting() async throws {
        var timeouts = SMTPTimeouts()
        timeouts.greeting = .seconds(1)
        let talk = try await converse(
            "RAW: 220-mx.example.net\\r\\n220\nSILENCE", timeouts: timeouts, clock: SelectiveClock(passes: .seconds(2))
        ) { client throws(SMTPError) in try await client.open() }
        #expect(talk.failure == .timedOut(.greeting, .seconds(1)))
        #expect(talk.writes.isEmpty)
    }

    /// Lines that end in LF alone, a code without text, keywords in any case and unknown ones (RFC 5321 §4.2, §2.2.1).
    @Test func oddButLegalRepliesAreUnderstood() async throws {
        let talk = try await send(
            "RAW: 220-mx.example.net\\n220\\r\\n\nC: EHLO gw.example.com\nRAW: 250-mx\\r\\n250-pipelining\\n250-X-UNKNOWN a=b c\\r\\n250-Chunking\\r\\n250\\r\\n\nC: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\nRAW: 250\\r\\n250-ok\\r\\n250-\\r\\n250 ok\\r\\n250 kept\\r\\n221\\r\\n\n"
        )
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
    }

    @Test(arguments: [
        "RAW: 220 \(String(repeating: "x", count: 3000))",
        "RAW: \(String(repeating: "220-mx\\r\\n", count: 200))",
        "RAW: 220-mx\\r\\n250 mx\\r\\n", "RAW: 2x0 mx\\r\\n", "RAW: 22\\r\\n", "RAW: 600 mx\\r\\n",
    ])
    func endlessOrMalformedRepliesEndTheSession(reply: String) async throws {
        let talk = try await send(reply + "\nSILENCE")
        guard case .malformedReply = talk.failure else { return #expect(Bool(false), "\(talk.result)") }
        #expect(talk.failure?.exitStatus == .peerProtocol)
        #expect(talk.writes.isEmpty)
    }

    @Test func unknownCodesFollowTheirFirstDigit() async throws {
        let talk = try await send(
            opening()
                + "C: MAIL FROM:<gw@example.com>\nS: 299 as you like\nC: RCPT TO:<a@example.net>\nS: 259 why not\nC: RCPT TO:<b@example.net>\nS: 471 not now\nC: RCPT TO:<c@example.net>\nS: 599 never\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 277 done\nC: QUIT",
            to: ["a@example.net", "b@example.net", "c@example.net"])
        #expect(talk.problems.isEmpty)
        #expect(
            try talk.result.get().recipients.map(\.verdict) == [
                .accepted(Reply(277, "done")), .deferred(.refused(.recipient, Reply(471, "not now"))),
                .refused(.refused(.recipient, Reply(599, "never"))),
            ])
    }

    @Test func wordsOfAServerReachALogPrintable() async throws {
        let talk = try await send(
            opening() + "C: MAIL FROM:<gw@example.com>\nRAW: 550 \u{1B}[31mred\u{7}\u{9B}2J\u{202E}\\r\\n\nC: QUIT")
        let failure = try talk.result.get().recipients[0].verdict.failure
        let shown = "\(failure?.line ?? "")" + talk.events.map { "\($0)" }.joined()
        #expect(failure?.line.contains("red") == true)
        for scalar in ["\u{1B}", "\u{7}", "\u{9B}", "\u{202E}"] { #expect(!shown.contains(scalar)) }
    }

    @Test func anAddressLiteralGreetsWhereThereIsNoName() async throws {
        for (address, greeting) in [("10.0.0.1", "[10.0.0.1]"), ("2001:db8::1%wwan0", "[IPv6:2001:db8::1]")] {
            let talk = try await send(
                "S: 220 mx\nC: EHLO \(greeting)\nS: 250 mx\nC: MAIL FROM:<gw@example.com>\nS: 550 no\nC: QUIT",
                name: try ClientName.choose(hostName: "localhost", address: address))
            #expect(talk.problems.isEmpty)
        }
    }

    // MARK: Transactions

    @Test func theSizeIsThatBeforeTransparency() async throws {
        let talk = try await send(
            opening("SIZE")
                + "C: MAIL FROM:<gw@example.com> SIZE=8\nS: 250 ok\nC: RCPT TO:<a@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nC: ..\nC: ...x\nC: .\nS: 250 kept\nC: QUIT",
            ".\r\n..x\r\n")
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get().isAccepted)
    }

    @Test func theReplyToRSETDecidesNothingBut421() async throws {
        let first =
            "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nS: 250 ok\nS: 250 ok\nS: 554 5.6.0 no\nC: RSET\n"
        let second = "C: MAIL FROM:<gw@example.com>\nC: RCPT TO:<a@example.net>\nC: BDAT 4 LAST\nBODY: 4\nC: QUIT\n"
        let target = try envelope("a@example.net")
        func statuses(_ replies: String) async throws -> [Scopes.ExitStatus] {
            let talk = try await converse(opening("PIPELINING", "CHUNKING") + first + second + replies) {
                client throws(SMTPError) in
                try await client.open()
                let one = try await client.deliver(target, message("hi\r\n"), isLast: false)
                let other = try await client.deliver(target, message("hi\r\n"), isLast: true)
                return [one.exitStatus, other.exitStatus]
            }
            #expect(talk.problems.isEmpty)
            return try talk.result.get()
        }
        #expect(try await statuses("S: 500 what\nS: 250 ok\nS: 250 ok\nS: 250 kept\n") == [.badMessage, .ok])
        #expect(try await statuses("S: 421 4.3.2 going down\nCLOSE") == [.badMessage, .tryAgain])
    }

    /// A server may say 421 in place of any reply (RFC 5321 §3.8): nothing of the message is lost or repeated at once.
    @Test(arguments: 0..<6) func everyReplyMayBe421(place: Int) async throws {
        let lines = [
            "C: EHLO gw.example.com\nS: 250 mx", "C: MAIL FROM:<gw@example.com>\nS: 250 ok",
            "C: RCPT TO:<a@example.net>\nS: 250 ok", "C: DATA\nS: 354 go", "C: hi\nC: .\nS: 250 kept",
        ]
        var script = place == 0 ? "S: 421 4.3.2 going down\nCLOSE" : "S: 220 mx\n"
        for (index, line) in lines.enumerated() where index < place {
            let isLast = index == place - 1
            let parts = line.split(separator: "\nS: ")
            script += isLast ? "\(parts[0])\nS: 421 4.3.2 going down\nCLOSE" : line + "\n"
        }
        let talk = try await send(script)
        #expect(talk.problems.isEmpty)
        switch talk.result {
        case .failure(let failure): #expect(place < 2 && failure.exitStatus == .tryAgain)
        case .success(let outcome):
            #expect(place >= 2 && outcome.exitStatus == .tryAgain && !outcome.isPerhapsDelivered && !outcome.isAccepted)
        }
        #expect(talk.writes.last?.contains("QUIT") != true)
    }

    // MARK: Limits of time (RFC 5321 §4.5.3.2)

    @Test func theLimitsAreAtLeastTheStandards() {
        let limits = SMTPTimeouts()
        #expect(limits.limit(of: .greeting) >= .seconds(300) && limits.limit(of: .sender) >= .seconds(300))
        #expect(limits.limit(of: .recipient) >= .seconds(300) && limits.limit(of: .data) >= .seconds(120))
        #expect(limits.dataBlock >= .seconds(180) && limits.limit(of: .message) >= .seconds(600))
    }

    @Test func progressPutsALimitOff() async {
        let clock = StoppedClock()
        let watchdog = Watchdog(clock: clock, limit: .seconds(10))
        clock.advance(.seconds(9))
        #expect(await watchdog.run() == nil)
        watchdog.progress()
        clock.advance(.seconds(9))
        #expect(await watchdog.run() == nil)
        clock.advance(.seconds(1))
        #expect(await watchdog.run() == .seconds(10))
    }

    /// Time passes only when told; who would sleep is told at once that it must not.
    private final class StoppedClock: Clock {
        typealias Instant = SelectiveClock.Instant
        private let time = Mutex(Duration.zero)
        var now: Instant { Instant(offset: time.withLock { $0 }) }
        var minimumResolution: Duration { .zero }

        func advance(_ duration: Duration) { time.withLock { $0 += duration } }
        func sleep(until deadline: Instant, tolerance: Duration?) async throws { throw CancellationError() }
    }
}
