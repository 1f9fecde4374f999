import ByteStreams
import Scopes
import Support
import Testing

@testable import TLS

/// The table of what a person is told, code by code, against real chains.
@Suite(.timeLimit(.minutes(5))) struct CertificateTests {
    let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates.shared()
    }

    private func refusal(
        _ server: TestCertificates.Server, trusting file: String, partialChain: Bool = true,
        name: String = TestCertificates.host, at now: WallTime? = nil
    ) async throws -> CertificateFailure {
        var configuration = TLSClientConfiguration(trust: .file(file, partialChain: partialChain))
        if let now { configuration.clock = WallClock(source: "the test's clock") { now } }
        let error = try await failure(TLSClientContext(configuration), TLSServerContext(server), name: name)
        guard case .certificate(let failure)? = error else {
            Issue.record("no certificate failure: \(error.map(\.line) ?? "the handshake was done")")
            throw CancellationError()
        }
        #expect(error?.exitStatus == .peerProtocol)
        return failure
    }

    @Test func theRootWithAWholeChainIsAccepted() async throws {
        let client = try TLSClientContext(trusting: certificates.root)
        #expect(try await failure(client, TLSServerContext(certificates.server)) == nil)
        #expect(try await failure(client, TLSServerContext(certificates.withRoot)) == nil)
        let rsa = try TLSClientContext(trusting: certificates.rsaRoot)
        #expect(try await failure(rsa, TLSServerContext(certificates.rsaServer)) == nil)
    }

    @Test func aServerWithoutItsIntermediateIsTold() async throws {
        let failure = try await refusal(certificates.withoutIntermediate, trusting: certificates.root)
        #expect(failure.code == 20)
        #expect(failure.depth == 0)
        #expect(failure.cause == .missingIntermediate)
        #expect(
            failure.summary == """
                the certificate of mail.example.test ("mail.example.test") was issued by "Test Intermediate", and the server \
                does not send that certificate
                """)
        #expect(
            failure.advice
                == "ask the server's owner to send \"Test Intermediate\" too, or add that certificate to the trust anchor file"
        )
    }

    @Test func anUnknownRootIsNamedWithTheTrustInForce() async throws {
        let failure = try await refusal(certificates.server, trusting: certificates.otherRoot)
        #expect(failure.code == 20)
        #expect(failure.depth == 1)
        #expect(failure.cause == .unknownRoot)
        #expect(
            failure.summary.contains("the intermediate \"Test Intermediate\" (depth 1) was issued by \"Test Root\""))
        #expect(failure.advice?.contains("\(certificates.otherRoot), 1 anchor") == true)
        #expect(failure.path.map(\.role) == [.leaf, .intermediate])
        #expect(failure.path.map(\.source) == [.server, .server])
    }

    /// The origin's question: only the intermediate is trusted, and the root is missing.
    @Test func aTrustedIntermediateIsEnoughInAFile() async throws {
        let client = try TLSClientContext(trusting: certificates.intermediate)
        let ends = try await handshake(client, TLSServerContext(certificates.server))
        #expect(ends.client.info.intermediateAnchor?.subject == "Test Intermediate")
        #expect(ends.client.info.intermediateAnchor?.notAfter.day == "2099-12-31")
        #expect(try await failure(client, TLSServerContext(certificates.withoutIntermediate)) == nil)
    }

    @Test(arguments: [false, true])
    func withoutPartialChainsTheMissingRootIsExplained(sendsIntermediate: Bool) async throws {
        let failure = try await refusal(
            sendsIntermediate ? certificates.server : certificates.withoutIntermediate,
            trusting: certificates.intermediate,
            partialChain: false)
        #expect(failure.code == 2)
        #expect(failure.depth == 1)
        #expect(failure.cause == .anchorIsNoRoot)
        #expect(failure.path.map(\.source) == [.server, .store])
        #expect(failure.summary.contains("\"Test Intermediate\" from the trust store"))
        #expect(failure.advice?.contains("switch partial chains on") == true)
        #expect(failure.advice?.contains("\"Test Root\"") == true)
    }

    @Test func aRootThatOnlyTheServerKnowsIsShownWithItsFingerprint() async throws {
        let failure = try await refusal(certificates.withRoot, trusting: certificates.otherRoot)
        #expect(failure.code == 19)
        #expect(failure.depth == 2)
        let output = try TestProcess.run([
            "openssl", "x509", "-in", certificates.root, "-noout", "-fingerprint", "-sha256",
        ])
        let fingerprint = output.split(separator: "=").last.map { $0.filter(\.isHexDigit).lowercased() } ?? "?"
        #expect(failure.advice?.contains(fingerprint) == true)
        #expect(failure.explanation.contains { $0.hasPrefix("2 root, sent by the server") })
    }

    @Test func aSelfSignedServerIsRefusedUntilItIsTheAnchor() async throws {
        let failure = try await refusal(certificates.selfSigned, trusting: certificates.root)
        #expect(failure.code == 18)
        #expect(failure.depth == 0)
        #expect(failure.cause == .selfSigned)
        let client = try TLSClientContext(trusting: certificates.selfSigned.certificateFile)
        #expect(try await TLSTests.failure(client, TLSServerContext(certificates.selfSigned)) == nil)
    }

    @Test func anExpiredCertificateIsShownWithBothTimes() async throws {
        let now = WallTime(year: 2026, month: 11, day: 24)
        let failure = try await refusal(certificates.expired, trusting: certificates.root, at: now)
        #expect(failure.code == 10)
        #expect(failure.summary.contains("expired on 2021-01-01 00:00:00 UTC, and the test's clock shows 2026-11-24"))
        #expect(failure.advice?.contains("renew") == true)
    }

    @Test func aCertificateOfTheFutureIsShownWithBothTimes() async throws {
        let now = WallTime(year: 2026, month: 11, day: 24)
        let failure = try await refusal(certificates.notYetValid, trusting: certificates.root, at: now)
        #expect(failure.code == 9)
        #expect(failure.cause == .notYetValid)
        #expect(failure.summary.contains("valid from 2090-01-01 00:00:00 UTC on"))
    }

    @Test func aClockThatWasNeverSetIsBlamedFirst() async throws {
        let failure = try await refusal(
            certificates.server, trusting: certificates.root, at: WallTime(secondsSince1970: 120))
        #expect(failure.cause == .clockNeverSet)
        #expect(
            failure.summary
                == "the test's clock shows 1970-01-01 00:02:00 UTC, before this program was made, so no certificate can be judged"
        )
        #expect(failure.advice?.contains("set the clock") == true)
        // With the network's time the same server is fine.
        var configuration = TLSClientConfiguration(trust: .file(certificates.root))
        configuration.clock = WallClock(source: "the network") { WallTime(year: 2026, month: 11, day: 24) }
        #expect(
            try await TLSTests.failure(TLSClientContext(configuration), TLSServerContext(certificates.server)) == nil)
    }

    @Test func anotherNameIsListed() async throws {
        let failure = try await refusal(certificates.otherName, trusting: certificates.root)
        #expect(failure.code == 62)
        #expect(failure.cause == .otherName(nearest: "other.example.test"))
        #expect(failure.summary.contains("is not for mail.example.test; it names other.example.test"))
        #expect(failure.advice == "if \"other.example.test\" is the server that you mean, write that name")
    }

    @Test func aCommonNameDoesNotCount() async throws {
        let failure = try await refusal(certificates.commonNameOnly, trusting: certificates.root)
        #expect(failure.code == 62)
        #expect(failure.summary.contains("it names no host in its subjectAltName"))
    }

    @Test(arguments: [("mail.example.test", true), ("example.test", false), ("a.mail.example.test", false)])
    func aWildcardIsOneLeftmostLabel(name: String, isAccepted: Bool) async throws {
        let client = try TLSClientContext(trusting: certificates.root)
        let error = try await TLSTests.failure(client, TLSServerContext(certificates.wildcard), name: name)
        #expect((error == nil) == isAccepted)
    }

    @Test(arguments: [("127.0.0.1", true), ("::1", true), ("[::1]", true), ("127.0.0.2", false), ("::2", false)])
    func anAddressIsCheckedAsAnAddress(name: String, isAccepted: Bool) async throws {
        let client = try TLSClientContext(trusting: certificates.root)
        let error = try await TLSTests.failure(client, TLSServerContext(certificates.server), name: name)
        #expect((error == nil) == isAccepted)
        if case .certificate(let failure)? = error {
            #expect(failure.code == 64)
            #expect(failure.summary.contains("127.0.0.1"))
        }
    }

    @Test func anIssuerThatIsNoCAIsRefused() async throws {
        let failure = try await refusal(certificates.issuedByLeaf, trusting: certificates.root)
        #expect(failure.code == 79)
        #expect(failure.depth == 1)
        #expect(failure.cause == .notAnIssuer)
        #expect(failure.summary.contains("no CA certificate"))
    }

    @Test func aCertificateForClientsIsRefused() async throws {
        let failure = try await refusal(certificates.clientPurpose, trusting: certificates.root)
        #expect(failure.code == 26)
        #expect(failure.cause == .wrongPurpose)
    }

    @Test func theExplanationShowsTheChain() async throws {
        let failure = try await refusal(certificates.server, trusting: certificates.otherRoot)
        let lines = failure.explanation
        #expect(lines.first == failure.summary)
        #expect(lines.contains("0 leaf, sent by the server"))
        #expect(lines.contains("1 intermediate, sent by the server"))
        #expect(lines.contains("    issuer  Test Root"))
        #expect(lines.contains("    names   mail.example.test, localhost, 127.0.0.1, ::1"))
        #expect(lines.contains("    key     EC P-256, signed with ecdsa-with-SHA256"))
        #expect(lines.contains { $0.hasPrefix("trusted: the file \(certificates.otherRoot), 1 anchor") })
        #expect(lines.last?.hasPrefix("advice: add \"Test Root\"") == true)
        #expect(lines.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.value >= 32 } })
    }

    @Test func certificatesThatThePathDoesNotUseAreShown() async throws {
        let text = try TestProcess.run([
            "cat", certificates.withoutIntermediate.certificateFile, certificates.otherRoot,
        ])
        let server = try TLSServerContext(
            identity: TLSIdentity(
                certificateFile: temporaryFile(text), keyFile: certificates.server.keyFile))
        let error = try await TLSTests.failure(TLSClientContext(trusting: certificates.root), server)
        guard case .certificate(let failure)? = error else {
            Issue.record("no certificate failure")
            return
        }
        #expect(failure.unused.map(\.subject) == ["Other Root"])
        #expect(failure.explanation.contains("- root, sent by the server, not used"))
    }
}

/// The codes that no chain of the maker gives, in words.
@Suite struct CertificateFailureTests {
    private func failure(_ code: Int32, depth: Int) throws -> CertificateFailure {
        let element = ChainElement(
            role: .leaf, source: .server, subject: "s", issuer: "i", notBefore: WallTime(secondsSince1970: 0),
            notAfter: WallTime(secondsSince1970: 1), key: "RSA 1024 bits", signatureAlgorithm: "sha1WithRSA",
            sha256: "00",
            names: [])
        return CertificateFailure(
            code: code, words: "w", depth: depth, serverName: try ServerName("h.example"), path: [element],
            trust: TrustSummary(source: "t", anchors: 3, allowsPartialChain: false),
            judgedAt: WallTime(year: 2026, month: 12, day: 1), clockSource: "c")
    }

    @Test(
        arguments: [
            (66, .weak), (67, .weak), (68, .weak), (85, .strictness), (90, .strictness), (92, .strictness),
            (24, .notAnIssuer), (79, .notAnIssuer), (7, .other), (23, .other),
        ] as [(Int32, CertificateFailure.Cause)])
    func causes(code: Int32, cause: CertificateFailure.Cause) throws {
        #expect(try failure(code, depth: 0).cause == cause)
    }

    @Test func aWeakKeyAndAWeakDigestAreNamed() throws {
        #expect(try failure(66, depth: 0).summary.hasSuffix("its key is RSA 1024 bits"))
        #expect(try failure(68, depth: 0).summary.hasSuffix("signed with sha1WithRSA"))
    }

    @Test func aDepthOutsideThePathIsNoTrap() throws {
        #expect(try !failure(20, depth: 7).explanation.isEmpty)
        #expect(try !failure(20, depth: -1).explanation.isEmpty)
    }
}
