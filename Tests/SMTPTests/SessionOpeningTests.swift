import ByteStreams
import Credentials
import Scopes
import Support
import Testing

@testable import SMTP

@Suite(.timeLimit(.minutes(5))) struct SessionOpeningTests {
    /// Opens a session and then says QUIT, whatever became of it.
    private func open(
        _ script: String, _ security: Security = .verifiedTLS, _ login: LoginCredentials? = nil
    ) async throws -> Conversation<Capabilities?> {
        try await converse(script, security: security, credentials: login) { client throws(SMTPError) in
            do throws(SMTPError) {
                try await client.open()
            } catch {
                await client.quit()
                throw error
            }
            let capabilities = await client.capabilities
            await client.quit()
            return capabilities
        }
    }

    @Test func aSessionOpensWithWhatTheServerOffers() async throws {
        let talk = try await open(opening("PIPELINING", "SIZE 1000", "CHUNKING") + "C: QUIT\nS: 221 bye")
        #expect(talk.problems.isEmpty)
        let capabilities = try talk.result.get()
        #expect(capabilities?.chunking == true && capabilities?.sizeLimit == 1000)
        #expect(
            talk.events.filter { if case .phaseStarted = $0 { true } else { false } }
                == [.phaseStarted(.greeting), .phaseStarted(.ehlo)])
    }

    @Test(arguments: ["554 5.3.2 no service", "421 4.3.2 later", "450 later", "550 not you"])
    func aRefusingGreetingIsForLater(reply: String) async throws {
        let talk = try await open("S: \(reply)\n" + (reply.hasPrefix("421") ? "" : "C: QUIT\nS: 221 bye"))
        #expect(talk.problems.isEmpty)
        #expect(talk.failure?.exitStatus == .tryAgain)
        #expect(talk.failure?.summary.contains(reply) == true)
    }

    @Test(arguments: ["250 hello", "354 go on", "200 strange"])
    func anotherGreetingIsAProtocolError(reply: String) async throws {
        #expect(try await open("S: \(reply)\nC: QUIT").failure?.exitStatus == .peerProtocol)
    }

    @Test func whatIsNoSMTPIsNamed() async throws {
        let talk = try await open("RAW: HTTP/1.1 400 Bad Request\\r\\n\\r\\n")
        #expect(talk.failure == .malformedReply("HTTP/1.1 400 Bad Request"))
        #expect(talk.writes.isEmpty)
    }

    @Test func aServerThatClosesBeforeItsGreetingIsForLater() async throws {
        let talk = try await open("CLOSE")
        #expect(talk.failure == .endedEarly(.greeting))
        #expect(talk.failure?.exitStatus == .tryAgain)
    }

    @Test(arguments: [500, 502]) func heloFollowsWhereNeitherTLSNorAuthIsNeeded(code: Int) async throws {
        let talk = try await open(
            "S: 220 mx\nC: EHLO gw.example.com\nS: \(code) what\nC: HELO gw.example.com\nS: 250 mx\nC: QUIT", .clear)
        #expect(talk.problems.isEmpty)
        #expect(try talk.result.get() == Capabilities())
    }

    @Test func heloNeverFollowsWhereTLSOrAuthIsNeeded() async throws {
        let script = "S: 220 mx\nC: EHLO gw.example.com\nS: 502 what\nC: QUIT"
        for talk in [try await open(script, .startTLS), try await open(script, .verifiedTLS, credentials())] {
            #expect(talk.problems.isEmpty)
            #expect(talk.failure?.exitStatus == .peerProtocol)
        }
    }

    @Test func aRefusedNameIsForTheOperator() async throws {
        let talk = try await open("S: 220 mx\nC: EHLO gw.example.com\nS: 550 5.7.1 who are you\nC: QUIT", .clear)
        #expect(talk.problems.isEmpty)
        #expect(talk.failure?.exitStatus == .configuration)
    }

    // MARK: STARTTLS

    @Test func nothingLearntInClearOutlivesTheHandshake() async throws {
        let talk = try await open(
            opening("STARTTLS", "CHUNKING", "SIZE 5")
                + "C: STARTTLS\nS: 220 go\nC: EHLO gw.example.com\nS: 250-mx\nS: 250 PIPELINING\nC: QUIT",
            .startTLS)
        #expect(talk.problems.isEmpty)
        let capabilities = try talk.result.get()
        #expect(capabilities?.pipelining == true && capabilities?.chunking == false && capabilities?.size == false)
    }

    @Test func aServerWithoutSTARTTLSGetsNothing() async throws {
        let talk = try await open(opening("AUTH PLAIN") + "C: QUIT", .startTLS, credentials())
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == .startTLSNotOffered)
        #expect(talk.failure?.exitStatus == .peerProtocol)
    }

    @Test func surplusBehindTheReplyToSTARTTLSEndsAll() async throws {
        let talk = try await open(
            opening("STARTTLS") + "C: STARTTLS\nRAW: 220 go\\r\\n250-mx\\r\\n250 AUTH PLAIN\\r\\n", .startTLS,
            credentials())
        #expect(talk.failure == .surplusAfterStartTLS)
        #expect(talk.failure?.exitStatus == .peerProtocol)
        #expect(talk.writes.last == "STARTTLS\r\n", "not even QUIT")
    }

    @Test func aRefusedSTARTTLSIsForLaterOrForGood() async throws {
        let later = try await open(opening("STARTTLS") + "C: STARTTLS\nS: 454 4.7.0 not now\nC: QUIT", .startTLS)
        #expect(later.failure?.exitStatus == .tryAgain)
        let never = try await open(opening("STARTTLS") + "C: STARTTLS\nS: 501 no\nC: QUIT", .startTLS)
        #expect(never.failure?.exitStatus == .peerProtocol)
        #expect(later.problems.isEmpty && never.problems.isEmpty)
    }

    // MARK: AUTH

    @Test func plainGoesInOneRoundTrip() async throws {
        let talk = try await open(
            opening("AUTH LOGIN PLAIN")
                + "C: AUTH PLAIN \(TestSecrets.passwordInPlain)\nS: 235 2.7.0 ok\nC: QUIT", .verifiedTLS, credentials())
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == nil)
        #expect(talk.events.contains(.phaseEnded(.auth)))
    }

    @Test func loginAnswersTwoPrompts() async throws {
        let talk = try await open(
            opening("AUTH=LOGIN")
                + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: Z2F0ZXdheUBleGFtcGxlLm5ldA==\nS: 334 UGFzc3dvcmQ6\nC: \(TestSecrets.passwordInLogin)\nS: 235 ok\nC: QUIT",
            .verifiedTLS, credentials())
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == nil)
    }

    @Test func aLongResponseWaitsForItsPrompt() async throws {
        let password = String(repeating: "p", count: 400)
        let login = try LoginCredentials(user: "u", password: .init(password))
        let response = String(decoding: Base64.encode(Array("\0u\0\(password)".utf8)), as: UTF8.self)
        let talk = try await open(
            opening("AUTH PLAIN") + "C: AUTH PLAIN\nS: 334 \nC: \(response)\nS: 235 ok\nC: QUIT", .verifiedTLS, login)
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == nil)
    }

    @Test(arguments: [
        ("535 5.7.8 bad", Scopes.ExitStatus.credentialsRefused), ("535 5.7.139 off", .credentialsRefused),
        ("550 5.7.1 blocked", .credentialsRefused), ("534 5.7.9 too weak", .configuration),
        ("538 5.7.11 encrypt", .configuration), ("530 5.7.0 no", .configuration), ("504 5.5.4 what", .configuration),
        ("454 4.7.0 later", .tryAgain), ("432 4.7.12 change", .tryAgain), ("354 what?", .peerProtocol),
    ])
    func aRefusedLoginHasItsExitStatus(reply: String, status: Scopes.ExitStatus) async throws {
        let talk = try await open(
            opening("AUTH PLAIN") + "C: AUTH PLAIN \(TestSecrets.passwordInPlain)\nS: \(reply)\nC: QUIT\nS: 221 bye",
            .verifiedTLS, credentials())
        #expect(talk.problems.isEmpty)
        #expect(talk.failure?.exitStatus == status)
        #expect(talk.failure?.summary.contains(reply) == true)
    }

    @Test func aProviderThatWantsOAuthIsExplained() {
        #expect(SMTPError.refused(.auth, Reply(535, "5.7.139 off")).advice?.contains("OAuth") == true)
    }

    @Test func aLoginThatIsNotOfferedIsNeverSkipped() async throws {
        let none = try await open(opening("PIPELINING") + "C: QUIT", .verifiedTLS, credentials())
        #expect(none.failure == .authNotOffered(wanted: [.plain, .login], offered: []))
        let others = try await open(opening("AUTH XOAUTH2 CRAM-MD5") + "C: QUIT", .verifiedTLS, credentials())
        #expect(others.failure == .authNotOffered(wanted: [.plain, .login], offered: ["XOAUTH2", "CRAM-MD5"]))
        #expect(others.failure?.exitStatus == .configuration)
        #expect(none.problems.isEmpty && others.problems.isEmpty)
    }

    @Test func credentialsNeverGoInClear() async throws {
        let talk = try await open("S: 220 mx", .clear, credentials())
        #expect(talk.failure == .credentialsWithoutTLS)
        #expect(talk.writes.isEmpty)
    }

    @Test func noEventHoldsTheSecret() async throws {
        let talk = try await open(
            opening("AUTH LOGIN")
                + "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: Z2F0ZXdheUBleGFtcGxlLm5ldA==\nS: 334 UGFzc3dvcmQ6\nC: \(TestSecrets.passwordInLogin)\nS: 535 no\nC: QUIT",
            .verifiedTLS, credentials())
        let trace = "\(talk.events) \(String(describing: talk.failure))"
        #expect(trace.contains("<redacted>"))
        #expect(!trace.contains(TestSecrets.password) && !trace.contains(TestSecrets.passwordInLogin))
    }

    @Test func aSilentServerIsGivenUp() async throws {
        var timeouts = SMTPTimeouts()
        timeouts.greeting = .seconds(1)
        let talk = try await converse("SILENCE", timeouts: timeouts, clock: SelectiveClock(passes: .seconds(2))) {
            client throws(SMTPError) in try await client.open()
        }
        #expect(talk.failure == .timedOut(.greeting, .seconds(1)))
        #expect(talk.failure?.exitStatus == .tryAgain)
    }

    @Test func repliesAreReadAcrossAnySplit() async throws {
        let talk = try await converse(
            opening("AUTH PLAIN", "SIZE 9") + "C: AUTH PLAIN \(TestSecrets.passwordInPlain)\nS: 235 ok",
            credentials: credentials(), capacity: 1
        ) { client throws(SMTPError) in try await client.open() }
        #expect(talk.failure == nil)
        #expect(talk.problems.isEmpty)
    }
}
