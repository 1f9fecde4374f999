import Credentials
import Scopes
import Support
import TLS
import Testing

@testable import SMTP

/// The machines of the mechanisms by themselves. What the far side says is written from the RFCs.
@Suite(.timeLimit(.minutes(5))) struct SASLExchangeTests {
    /// The exchange of RFC 7677 §3.
    enum Example {
        static let nonce = "rOprNGfwEbeRWgbNEkqO"
        static let whole = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        static let challenge = "r=\(whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        static let final = "c=biws,r=\(whole),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        static let verdict = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    }

    private func exchange(
        _ mechanism: SASLMechanism, user: String? = "user", password: String = "pencil", token: String? = nil,
        binding: SCRAMClient.Binding = .none, nonce: String = Example.nonce, digests: Digests = .openSSL
    ) throws -> SASLExchange {
        let login = try LoginCredentials(
            user: user, password: token == nil ? Secret(password) : nil, token: token.map { Secret($0) },
            hasCertificate: mechanism == .external, preference: .mechanism(mechanism))
        return try SASLExchange(
            mechanism, login,
            SASLExchange.Terms(
                digests: digests, nonce: nonce, binding: binding, host: "mail.example.net", port: 465))
    }

    private func text(_ secret: Secret?) -> String? { secret?.revealText() }

    // MARK: SCRAM

    @Test func scramIsThatOfTheStandard() throws {
        var exchange = try exchange(.scramSHA256)
        #expect(text(exchange.initialResponse) == "n,,n=user,r=\(Example.nonce)")
        #expect(try text(exchange.respond(to: Array(Example.challenge.utf8))) == Example.final)
        #expect(try text(exchange.respond(to: Array(Example.verdict.utf8))) == "")
        try exchange.succeeded()
    }

    @Test func aNameIsWrittenSoThatItEndsNothing() throws {
        let exchange = try exchange(.scramSHA256, user: "a,b=c")
        #expect(text(exchange.initialResponse)?.contains("n=a=2Cb=3Dc,r=") == true)
    }

    @Test(arguments: [
        (SCRAMClient.Binding.none, "n,,", "biws"), (.notOffered, "y,,", "eSws"),
        (
            .bound(SASLChannelBinding(type: "tls-exporter", octets: [1, 2, 3])), "p=tls-exporter,,",
            "cD10bHMtZXhwb3J0ZXIsLAECAw=="
        ),
    ])
    func theChannelIsNamedInBothMessages(binding: SCRAMClient.Binding, header: String, input: String) throws {
        var exchange = try exchange(.scramSHA256Plus, binding: binding)
        #expect(text(exchange.initialResponse)?.hasPrefix(header + "n=user") == true)
        let final = try text(exchange.respond(to: Array(Example.challenge.utf8)))
        #expect(final?.hasPrefix("c=\(input),r=") == true)
    }

    static let hostileChallenges: [(String, SASLFailure)] = [
        (
            "r=rOprNGfwEbeRWgbNEk,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            .malformedChallenge("the server's nonce does not extend ours")
        ),
        (
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            .malformedChallenge("the server's nonce does not extend ours")
        ),
        (
            "r=other%hvYDpWUa2RaTCAfuxFIlj,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            .malformedChallenge("the server's nonce does not extend ours")
        ),
        (
            "r=\(Example.whole)é,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            .malformedChallenge("the server's nonce does not extend ours")
        ),
        ("r=\(Example.whole),s=,i=4096", .malformedChallenge("the salt is no base64")),
        ("r=\(Example.whole),s=W22,i=4096", .malformedChallenge("the salt is no base64")),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095", .iterations(4095)),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", .iterations(1)),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1000001", .iterations(1_000_001)),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=9999999999", .iterations(9_999_999_999)),
        (
            "r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999",
            .malformedChallenge("the iterations are no number")
        ),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096", .malformedChallenge("the iterations are no number")),
        ("r=\(Example.whole),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=", .malformedChallenge("the iterations are no number")),
        (
            "s=W22ZaJ0SNY7soEsUEjb6gQ==,r=\(Example.whole),i=4096",
            .malformedChallenge("the first message is not nonce, salt and iterations")
        ),
        ("m=must,\(Example.challenge)", .malformedChallenge("it demands an extension that does not exist")),
        ("", .malformedChallenge("the first message is not nonce, salt and iterations")),
        (",,,,,,", .malformedChallenge("the first message is not nonce, salt and iterations")),
    ]

    @Test(arguments: hostileChallenges) func aHostileFirstMessageGetsNoProof(challenge: String, failure: SASLFailure)
        throws
    {
        var exchange = try exchange(.scramSHA256)
        #expect(throws: failure) { try exchange.respond(to: Array(challenge.utf8)) }
        #expect(throws: SASLFailure.challengeTooMany) { try exchange.respond(to: Array(Example.challenge.utf8)) }
        #expect(throws: SASLFailure.self) { try exchange.succeeded() }
    }

    @Test func octetsThatAreNoTextGetNoProof() throws {
        var exchange = try exchange(.scramSHA256)
        #expect(throws: SASLFailure.malformedChallenge("the first message is no UTF-8")) {
            try exchange.respond(to: [0xFF, 0xFE])
        }
    }

    @Test func anExtensionBehindIsIgnored() throws {
        var exchange = try exchange(.scramSHA256)
        #expect(try text(exchange.respond(to: Array("\(Example.challenge),x=what".utf8)))?.hasPrefix("c=biws") == true)
    }

    @Test(arguments: [
        (
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=",
            SASLFailure.malformedChallenge("the last message has neither signature nor error")
        ),
        ("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", .serverNotProven), ("v=", .serverNotProven),
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95A==", .serverNotProven),
        ("e=invalid-proof", .refused("invalid-proof")), ("e=other\u{1B}[2J", .refused("other\\x1b[2J")),
        ("ok", .malformedChallenge("the last message has neither signature nor error")),
        ("", .malformedChallenge("the last message has neither signature nor error")),
    ])
    func aServerThatDoesNotProveItselfIsNotBelieved(verdict: String, failure: SASLFailure) throws {
        var exchange = try exchange(.scramSHA256)
        _ = try exchange.respond(to: Array(Example.challenge.utf8))
        #expect(throws: failure) { try exchange.respond(to: Array(verdict.utf8)) }
        #expect(throws: SASLFailure.self) { try exchange.succeeded() }
    }

    @Test func successWithoutProofIsNoSuccess() throws {
        var exchange = try exchange(.scramSHA256)
        #expect(throws: SASLFailure.serverNotProven) { try exchange.succeeded() }
        _ = try exchange.respond(to: Array(Example.challenge.utf8))
        #expect(throws: SASLFailure.serverNotProven) { try exchange.succeeded() }
    }

    @Test(arguments: ["pass\u{301}word", "ﬁne", "a\u{AD}b", "non\u{A0}break", "\u{661}", "tab\t", "日本", "ſ"])
    func whatWouldNeedTablesIsRefusedAndNotShown(word: String) throws {
        #expect(throws: SASLFailure.notPreparable("the password")) { try exchange(.scramSHA256, password: word) }
        #expect(throws: SASLFailure.notPreparable("the user name")) { try exchange(.scramSHA256, user: word) }
        #expect(!SMTPError.login(.scramSHA256, .notPreparable("the password")).line.contains(word))
    }

    @Test(arguments: ["größe", "Ärger ß", "naïve", "Пароль", "κωδικός", "5 €", "~!@#$%^&*(){}"])
    func ordinaryLettersAreTheirOwnPreparation(word: String) throws {
        #expect(SASLprep.prepare(word) == word)
    }

    // MARK: The others

    @Test func plainAndExternalAreOneMessage() throws {
        var plain = try exchange(.plain)
        #expect(text(plain.initialResponse) == "\0user\0pencil")
        try plain.succeeded()
        #expect(throws: SASLFailure.challengeTooMany) { try plain.respond(to: []) }
        #expect(try text(exchange(.external, user: "who").initialResponse) == "who")
        #expect(try text(exchange(.external, user: nil).initialResponse) == "")
    }

    @Test func loginAnswersAnyTwoPromptsAndNoThird() throws {
        var exchange = try exchange(.login)
        #expect(exchange.initialResponse == nil)
        #expect(throws: SASLFailure.successTooSoon) { try exchange.succeeded() }
        #expect(try text(exchange.respond(to: nil)) == "user")
        #expect(try text(exchange.respond(to: Array("Password:".utf8))) == "pencil")
        try exchange.succeeded()
        #expect(throws: SASLFailure.challengeTooMany) { try exchange.respond(to: Array("Again:".utf8)) }
    }

    /// RFC 2195 §2.
    @Test func cramMD5IsThatOfTheStandard() throws {
        var exchange = try exchange(.cramMD5, user: "tim", password: "tanstaaftanstaaf")
        #expect(exchange.initialResponse == nil)
        let challenge = "<1896.697170952@postoffice.reston.mci.net>"
        #expect(try text(exchange.respond(to: Array(challenge.utf8))) == "tim b913a602c7eda7a495b4e6e7334d3890")
        try exchange.succeeded()
        #expect(throws: SASLFailure.challengeTooMany) { try exchange.respond(to: Array(challenge.utf8)) }
    }

    @Test(arguments: [[], nil] as [[UInt8]?]) func cramMD5NeedsAChallenge(challenge: [UInt8]?) throws {
        var exchange = try exchange(.cramMD5)
        #expect(throws: SASLFailure.self) { try exchange.respond(to: challenge) }
    }

    /// RFC 7628 §3.1, §3.2.3.
    @Test func oauthBearerNamesTheServerAndDismissesAnError() throws {
        var exchange = try exchange(.oauthBearer, user: "a,b@example.net", token: "tok.en")
        #expect(
            text(exchange.initialResponse)
                == "n,a=a=2Cb@example.net,\u{1}host=mail.example.net\u{1}port=465\u{1}auth=Bearer tok.en\u{1}\u{1}")
        try exchange.succeeded()
        let error = "{\"status\":\"invalid_token\",\r\n  \"scope\":\"mail\u{7}\"}"
        #expect(try exchange.respond(to: Array(error.utf8)).reveal() == [1])
        #expect(exchange.serverWords == "{\"status\":\"invalid_token\", \"scope\":\"mail\\x7\"}")
        #expect(throws: SASLFailure.successTooSoon) { try exchange.succeeded() }
        #expect(throws: SASLFailure.challengeTooMany) { try exchange.respond(to: []) }
    }

    @Test func xoauth2DismissesAnErrorWithNothing() throws {
        var exchange = try exchange(.xoauth2, user: "u@example.net", token: "tok.en")
        #expect(text(exchange.initialResponse) == "user=u@example.net\u{1}auth=Bearer tok.en\u{1}\u{1}")
        #expect(try exchange.respond(to: nil).isEmpty)
        #expect(exchange.serverWords == nil)
    }

    // MARK: Credentials

    @Test func theOrderIsThatOfThePreference() throws {
        func order(
            _ preference: LoginCredentials.Preference, token: Bool = false, certificate: Bool = false
        ) throws -> [SASLMechanism] {
            try LoginCredentials(
                user: "u", password: token ? nil : Secret("p"), token: token ? Secret("t") : nil,
                hasCertificate: certificate, preference: preference
            ).mechanisms
        }
        #expect(try order(.fewestRoundTrips) == [.plain, .scramSHA256Plus, .scramSHA256, .login, .cramMD5])
        #expect(try order(.fewestRoundTrips, certificate: true).prefix(2) == [.plain, .external])
        #expect(try order(.strongest) == [.scramSHA256Plus, .scramSHA256, .plain, .login, .cramMD5])
        #expect(try order(.strongest, certificate: true).first == .external)
        #expect(try order(.fewestRoundTrips, token: true) == [.oauthBearer, .xoauth2])
        #expect(try order(.mechanism(.cramMD5)) == [.cramMD5])
        #expect(try LoginCredentials(user: nil, hasCertificate: true).mechanisms == [.external])
    }

    @Test func whatCannotBeProvenIsNoLogin() {
        #expect(throws: SMTPError.self) { try LoginCredentials(user: "u") }
        #expect(throws: SMTPError.self) { try LoginCredentials(user: nil, password: Secret("p")) }
        #expect(throws: SMTPError.self) {
            try LoginCredentials(user: "u", password: Secret("p"), preference: .mechanism(.xoauth2))
        }
        #expect(throws: SMTPError.self) { try LoginCredentials(user: "u", token: Secret("two words")) }
        #expect(throws: SMTPError.self) { try LoginCredentials(user: "u\u{1}", token: Secret("t")) }
        let longest = LoginCredentials.tokenOctets
        #expect(throws: Never.self) {
            try LoginCredentials(user: "u", token: Secret(String(repeating: "t", count: longest)))
        }
        #expect(throws: SMTPError.self) {
            try LoginCredentials(user: "u", token: Secret(String(repeating: "t", count: longest + 1)))
        }
    }
}
