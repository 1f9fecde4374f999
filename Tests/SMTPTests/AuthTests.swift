import Credentials
import Scopes
import Support
import TLS
import Testing

@testable import SMTP

/// AUTH within a session: which mechanism, what goes in which line, and what each ending means.
@Suite(.timeLimit(.minutes(5))) struct AuthTests {
    private typealias Example = SASLExchangeTests.Example

    private static func base64(_ text: String) -> String {
        String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self)
    }

    /// Draws the nonce of RFC 7677 §3, and binds to three octets.
    private func means(
        binding: @escaping @Sendable () throws -> SASLChannelBinding = {
            SASLChannelBinding(type: "tls-exporter", octets: [1, 2, 3])
        }, md5: Bool = true
    ) -> SASLMeans {
        let own = Digests.openSSL
        let nonce = Base64.decode(Array(Example.nonce.utf8)) ?? []
        let digests = Digests(
            hmacSHA256: own.hmacSHA256, randomOctets: { _ in nonce }, sha256: own.sha256,
            pbkdf2SHA256: own.pbkdf2SHA256, md5: own.md5,
            hmacMD5: { key, message in md5 ? own.hmacMD5(key, message) : nil })
        return SASLMeans(digests: digests, host: "mail.example.net", port: 465, channelBinding: binding)
    }

    private func open(
        _ script: String, _ preference: LoginCredentials.Preference, user: String? = "user", token: String? = nil,
        hasCertificate: Bool = false, means: SASLMeans? = nil
    ) async throws -> Conversation<Void> {
        let login = try LoginCredentials(
            user: user, password: token == nil && user != nil ? Secret("pencil") : nil, token: token.map { Secret($0) },
            hasCertificate: hasCertificate, preference: preference)
        return try await converse(script, credentials: login, sasl: means ?? self.means()) { client throws(SMTPError) in
            do throws(SMTPError) {
                try await client.open()
            } catch {
                await client.quit()
                throw error
            }
            await client.quit()
        }
    }

    /// Up to the server's last message.
    private static let scram = """
        C: AUTH SCRAM-SHA-256 \(base64("n,,n=user,r=\(Example.nonce)"))
        S: 334 \(base64(Example.challenge))
        C: \(base64(Example.final))

        """

    @Test func scramRunsAsTheStandardShowsIt() async throws {
        let talk = try await open(
            opening("AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN") + Self.scram
                + "S: 334 \(Self.base64(Example.verdict))\nC: \nS: 235 2.7.0 ok\nC: QUIT\nS: 221 bye",
            .mechanism(.scramSHA256))
        #expect(talk.problems.isEmpty && talk.failure == nil, "\(talk)")
        let trace = "\(talk.events)"
        #expect(trace.contains("AUTH SCRAM-SHA-256 <redacted>"))
        for line in [Example.challenge, Example.final, Example.verdict] {
            #expect(!trace.contains(line) && !trace.contains(Self.base64(line)))
        }
    }

    @Test func aServerThatTookItsOfferOfPlusBackIsTold() async throws {
        let talk = try await open(
            opening("AUTH SCRAM-SHA-256 CRAM-MD5")
                + "C: AUTH SCRAM-SHA-256 \(Self.base64("y,,n=user,r=\(Example.nonce)"))\nS: 535 5.7.8 downgrade\nC: QUIT",
            .strongest)
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == .loginRefused(.scramSHA256, Reply(535, "5.7.8 downgrade"), words: nil))
    }

    @Test func strongestBindsToTheChannelAndNeverFallsBack() async throws {
        let offers = opening("AUTH PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS EXTERNAL")
        let talk = try await open(
            offers + """
                C: AUTH SCRAM-SHA-256-PLUS \(Self.base64("p=tls-exporter,,n=user,r=\(Example.nonce)"))
                S: 334 \(Self.base64("e=unsupported-channel-binding-type"))
                C: *
                S: 501 5.7.0 cancelled
                C: QUIT
                """, .strongest)
        #expect(talk.problems.isEmpty, "\(talk.problems)")
        #expect(talk.failure?.exitStatus != nil && talk.failure?.summary.contains("SCRAM-SHA-256-PLUS") == true)
        struct Unbound: Error {}
        let unbound = try await open(offers + "C: QUIT", .strongest, means: means(binding: { throw Unbound() }))
        #expect(unbound.problems.isEmpty)
        guard case .login(.scramSHA256Plus, .noChannelBinding) = unbound.failure else {
            Issue.record("\(String(describing: unbound.failure))")
            return
        }
    }

    @Test func strongestPresentsTheCertificateFirst() async throws {
        let talk = try await open(
            opening("AUTH PLAIN SCRAM-SHA-256-PLUS EXTERNAL")
                + "C: AUTH EXTERNAL \(Self.base64("user"))\nS: 235 ok\nC: QUIT",
            .strongest, hasCertificate: true)
        #expect(talk.problems.isEmpty && talk.failure == nil)
    }

    @Test func aCertificateThatSaysItAllHasAnEmptyResponse() async throws {
        let talk = try await open(
            opening("AUTH EXTERNAL") + "C: AUTH EXTERNAL =\nS: 235 ok\nC: QUIT", .strongest, user: nil,
            hasCertificate: true)
        #expect(talk.problems.isEmpty && talk.failure == nil)
        let refused = try await open(
            opening("AUTH EXTERNAL") + "C: AUTH EXTERNAL =\nS: 535 5.7.8 who\nC: QUIT", .mechanism(.external),
            user: nil,
            hasCertificate: true)
        #expect(refused.failure?.exitStatus == .credentialsRefused)
        #expect(refused.failure?.summary.contains("certificate") == true)
    }

    @Test func theFewestRoundTripsArePLAIN() async throws {
        let talk = try await open(
            opening("AUTH CRAM-MD5 SCRAM-SHA-256-PLUS LOGIN PLAIN")
                + "C: AUTH PLAIN \(Self.base64("\0user\0pencil"))\nS: 235 ok\nC: QUIT", .fewestRoundTrips)
        #expect(talk.problems.isEmpty && talk.failure == nil)
    }

    static let unproven: [(script: String, failure: SASLFailure)] = [
        ("S: 334 \(base64("v=AAAA"))\nC: *\nS: 501 ok\nC: QUIT", .serverNotProven),
        ("S: 235 2.7.0 trust me\nC: QUIT", .serverNotProven),
        ("S: 334 not base64!\nC: *\nS: 501 ok\nC: QUIT", .malformedChallenge("it is no base64")),
        ("RAW: 334-dj0=\\r\\n334 dj0=\\r\\n\nC: *\nS: 501 ok\nC: QUIT", .malformedChallenge("it is no base64")),
        ("S: 334 \(base64("e=invalid-proof"))\nC: *\nS: 501 ok\nC: QUIT", .refused("invalid-proof")),
        (
            "S: 334 \(base64(Example.verdict))\nC: \nS: 334 \(base64("and now?"))\nC: *\nS: 501 ok\nC: QUIT",
            .challengeTooMany
        ),
        ("S: 334 \(base64(Example.verdict))\nC: \nS: 334 \nC: *\nS: 334 \nC: QUIT", .challengeTooMany),
    ]

    @Test(arguments: unproven.indices) func anEndThatProvesNothingIsCancelled(index: Int) async throws {
        let test = Self.unproven[index]
        let talk = try await open(
            opening("AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS") + Self.scram + test.script, .mechanism(.scramSHA256))
        #expect(talk.problems.isEmpty, "\(talk.problems)")
        #expect(talk.failure == .login(.scramSHA256, test.failure))
        #expect(
            talk.failure?.exitStatus
                == (test.failure == .refused("invalid-proof") ? .credentialsRefused : .peerProtocol))
    }

    @Test func aChallengeThatPlainHasNoAnswerToIsCancelled() async throws {
        let talk = try await open(
            opening("AUTH PLAIN")
                + "C: AUTH PLAIN \(Self.base64("\0user\0pencil"))\nS: 334 bW9yZT8=\nC: *\nS: 501 5.7.0 cancelled\nC: QUIT",
            .fewestRoundTrips)
        #expect(talk.problems.isEmpty)
        #expect(talk.failure == .login(.plain, .challengeTooMany))
    }

    @Test func aServerThatHangsUpAtTheCancellationIsStillExplained() async throws {
        let talk = try await open(
            opening("AUTH SCRAM-SHA-256 SCRAM-SHA-256-PLUS") + Self.scram + "S: 334 !\nC: *\nCLOSE",
            .mechanism(.scramSHA256))
        #expect(talk.failure == .login(.scramSHA256, .malformedChallenge("it is no base64")))
    }

    @Test func cramMD5IsNotUsedWhereMD5IsForbidden() async throws {
        let offers = opening("AUTH CRAM-MD5")
        let challenge = "<1896.697170952@postoffice.reston.mci.net>"
        let talk = try await open(
            offers
                + "C: AUTH CRAM-MD5\nS: 334 \(Self.base64(challenge))\nC: dXNlciAyNjZmODJiYjJkMWFjZTY3MjlkMmM1NzNlNGUwMDRjNg==\nS: 235 ok\nC: QUIT",
            .fewestRoundTrips)
        #expect(talk.failure == nil, "\(talk.problems)")
        let forbidden = try await open(offers + "C: QUIT", .fewestRoundTrips, means: means(md5: false))
        #expect(forbidden.problems.isEmpty)
        #expect(forbidden.failure?.exitStatus == .configuration)
    }

    // MARK: Tokens

    @Test func aTokenGoesInOneRoundTrip() async throws {
        let message = "n,a=user,\u{1}host=mail.example.net\u{1}port=465\u{1}auth=Bearer tok\u{1}\u{1}"
        let talk = try await open(
            opening("AUTH XOAUTH2 OAUTHBEARER PLAIN")
                + "C: AUTH OAUTHBEARER \(Self.base64(message))\nS: 235 ok\nC: QUIT",
            .fewestRoundTrips, token: "tok")
        #expect(talk.problems.isEmpty && talk.failure == nil)
    }

    @Test(arguments: [(SASLMechanism.xoauth2, ""), (.oauthBearer, "AQ==")])
    func aRefusedTokenIsToldInTheServersWords(mechanism: SASLMechanism, dismissal: String) async throws {
        let token = String(repeating: "t", count: 700)
        let message =
            mechanism == .xoauth2
            ? "user=user\u{1}auth=Bearer \(token)\u{1}\u{1}"
            : "n,a=user,\u{1}host=mail.example.net\u{1}port=465\u{1}auth=Bearer \(token)\u{1}\u{1}"
        let talk = try await open(
            opening("AUTH XOAUTH2 OAUTHBEARER") + """
                C: AUTH \(mechanism.rawValue)
                S: 334 \("")
                C: \(Self.base64(message))
                S: 334 \(Self.base64("{\"status\":\"401\",\n\"scope\":\"mail\"}"))
                C: \(dismissal)
                S: 535 5.7.8 no
                C: QUIT
                """, .mechanism(mechanism), token: token)
        #expect(talk.problems.isEmpty, "\(talk.problems)")
        #expect(talk.failure?.exitStatus == .credentialsRefused)
        #expect(talk.failure?.line.contains("{\"status\":\"401\", \"scope\":\"mail\"}") == true)
        #expect(talk.failure?.line.contains("new token") == true)
        #expect(!"\(talk.events)".contains(token) && !"\(talk.events)".contains(Self.base64(message)))
    }

    @Test func aTokenIsAskedForWhereOnlyTokensAreTaken() async throws {
        let talk = try await open(opening("AUTH XOAUTH2 OAUTHBEARER") + "C: QUIT", .fewestRoundTrips)
        #expect(talk.failure?.exitStatus == .configuration)
        #expect(talk.failure?.advice?.contains("token-file") == true)
    }

    // MARK: Verdicts

    @Test(arguments: [
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "OAuth"),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "OAuth"),
        ("550 5.7.30 Basic authentication is not supported for Client Submission.", "OAuth"),
        ("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.", "password file"),
        ("535 5.7.8 Username and Password not accepted.", "password file"),
        ("534 5.7.9 Application-specific password required.", "application password"),
        ("432 4.7.12 A password transition is needed", "try again later"),
    ])
    func theProvidersCaseIsKnown(reply: String, advice: String) async throws {
        let talk = try await open(
            opening("AUTH PLAIN") + "C: AUTH PLAIN \(Self.base64("\0user\0pencil"))\nS: \(reply)\nC: QUIT",
            .fewestRoundTrips)
        #expect(talk.failure?.advice?.contains(advice) == true, "\(String(describing: talk.failure?.line))")
    }

    @Test func theOldFormOfTheKeywordIsRead() async throws {
        let talk = try await open(
            opening("AUTH=PLAIN login") + "C: AUTH PLAIN \(Self.base64("\0user\0pencil"))\nS: 235 ok\nC: QUIT",
            .fewestRoundTrips)
        #expect(talk.problems.isEmpty && talk.failure == nil)
    }

    /// An exchange of each mechanism, up to the reply that decides.
    static let exchanges: [(mechanism: SASLMechanism, script: String)] = [
        (.plain, "C: AUTH PLAIN \(base64("\0user\0pencil"))\n"),
        (.login, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dXNlcg==\nS: 334 UGFzc3dvcmQ6\nC: cGVuY2ls\n"),
        (
            .cramMD5,
            "C: AUTH CRAM-MD5\nS: 334 \(base64("<1896.697170952@postoffice.reston.mci.net>"))\n"
                + "C: dXNlciAyNjZmODJiYjJkMWFjZTY3MjlkMmM1NzNlNGUwMDRjNg==\n"
        ),
        (.scramSHA256, scram + "S: 334 \(base64(Example.verdict))\nC: \n"),
        (.xoauth2, "C: AUTH XOAUTH2 \(base64("user=user\u{1}auth=Bearer tok\u{1}\u{1}"))\n"),
        (
            .oauthBearer,
            "C: AUTH OAUTHBEARER "
                + base64("n,a=user,\u{1}host=mail.example.net\u{1}port=465\u{1}auth=Bearer tok\u{1}\u{1}") + "\n"
        ),
        (.external, "C: AUTH EXTERNAL dXNlcg==\n"),
    ]

    @Test(arguments: exchanges.indices, [1, 7, 65_536])
    func everyExchangeIsReadInPieces(index: Int, capacity: Int) async throws {
        let (mechanism, script) = Self.exchanges[index]
        let isToken = mechanism.proof == .token
        let login = try LoginCredentials(
            user: "user", password: isToken ? nil : Secret("pencil"), token: isToken ? Secret("tok") : nil,
            hasCertificate: true, preference: .mechanism(mechanism))
        let offers = SASLMechanism.allCases.map(\.rawValue).joined(separator: " ")
        for (reply, failure) in [("235 2.7.0 ok", nil), ("535 5.7.8 no", Scopes.ExitStatus.credentialsRefused)] {
            let talk = try await converse(
                opening("AUTH \(offers)") + script + "S: \(reply)", credentials: login, sasl: means(),
                capacity: capacity
            ) { client throws(SMTPError) in try await client.open() }
            #expect(talk.failure?.exitStatus == failure)
            #expect(talk.problems.isEmpty, "\(talk.problems)")
        }
    }
}
