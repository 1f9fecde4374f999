import Credentials
import NIOPosix
import Scopes
import Support
import Testing

@testable import TLS

/// Pinned keys: which certificates may have them, what they replace, and what is said when none fits.
@Suite(.timeLimit(.minutes(5))) struct PinTests {
    let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates.shared()
    }

    private func pin(_ certificate: String) throws -> PublicKeyPin {
        try #require(PublicKeyPin(base64: TestCertificates.pin(of: certificate)))
    }

    /// A key that nobody here has.
    private let backup = PublicKeyPin(digest: [UInt8](repeating: 7, count: 32))

    private func client(
        _ pins: [PublicKeyPin?], trust: TrustAnchors = .system, at now: WallTime? = nil
    ) throws -> TLSClientContext {
        var configuration = TLSClientConfiguration(trust: trust, pins: pins.compactMap { $0 })
        if let now { configuration.clock = WallClock(source: "the test's clock") { now } }
        return try TLSClientContext(configuration)
    }

    private func refusal(
        _ client: TLSClientContext, _ server: TestCertificates.Server
    ) async throws -> CertificateFailure {
        let error = try await failure(client, TLSServerContext(server))
        guard case .certificate(let failure)? = error else {
            Issue.record("no certificate failure: \(error.map(\.line) ?? "the handshake was done")")
            throw CancellationError()
        }
        return failure
    }

    @Test func aPinnedKeyNeedsNoAnchor() async throws {
        let client = try client([pin(certificates.withoutIntermediate.certificateFile)])
        for server in [certificates.server, certificates.withoutIntermediate, certificates.selfSigned] {
            #expect(try await failure(client, TLSServerContext(server)) == nil)
        }
    }

    @Test func eitherTheKeyOrItsBackupIsEnough() async throws {
        let pin = try pin(certificates.withoutIntermediate.certificateFile)
        for pins in [[pin, backup], [backup, pin]] {
            #expect(try await failure(client(pins), TLSServerContext(certificates.server)) == nil)
        }
    }

    @Test func aLeafRenewedWithTheSameKeyKeepsItsPin() async throws {
        let client = try client([pin(certificates.withoutIntermediate.certificateFile)])
        #expect(try await failure(client, TLSServerContext(certificates.wildcard)) == nil)
    }

    @Test func anIssuersKeyMayBePinnedWhereTheServerSendsIt() async throws {
        let client = try client([pin(certificates.intermediate)])
        #expect(try await failure(client, TLSServerContext(certificates.server)) == nil)
        #expect(try await refusal(client, certificates.withoutIntermediate).cause == .notPinned)
        let root = try self.client([pin(certificates.root)])
        #expect(try await failure(root, TLSServerContext(certificates.withRoot)) == nil)
        #expect(try await refusal(root, certificates.server).cause == .notPinned)
    }

    @Test func aWrongPinIsToldWithThoseThatTheServerHas() async throws {
        let failure = try await refusal(client([backup]), certificates.server)
        let leaf = try pin(certificates.withoutIntermediate.certificateFile)
        let issuer = try pin(certificates.intermediate)
        #expect(
            failure.summary == """
                no key of mail.example.test is pinned; the server has \(leaf) (leaf "mail.example.test"), \(issuer) \
                (intermediate "Test Intermediate")
                """)
        #expect(failure.advice?.contains("--pin-sha256") == true)
        #expect(failure.explanation.contains("pinned:  \(try #require(backup))"))
        #expect(failure.explanation.contains("    pin     \(leaf)"))
    }

    /// Whoever answers can send a copy of the pinned certificate; it has to have signed the server's own.
    @Test func aPinnedCertificateBesideThePathDoesNotCount() async throws {
        let chain = try TestProcess.run(["cat", certificates.rsaServer.certificateFile, certificates.intermediate])
        let server = TestCertificates.Server(
            certificateFile: try temporaryFile(chain), keyFile: certificates.rsaServer.keyFile)
        let failure = try await refusal(client([pin(certificates.intermediate)]), server)
        #expect(failure.cause == .notPinned)
    }

    @Test func nameDatesAndPurposeCountAllTheSame() async throws {
        let now = WallTime(year: 2026, month: 11, day: 24)
        for pinned in [certificates.withoutIntermediate.certificateFile, certificates.intermediate] {
            let client = try client([pin(pinned)], at: now)
            #expect(try await refusal(client, certificates.otherName).code == 62)
            #expect(try await refusal(client, certificates.commonNameOnly).code == 62)
            #expect(try await refusal(client, certificates.expired).cause == .expired)
            #expect(try await refusal(client, certificates.notYetValid).cause == .notYetValid)
            #expect(try await refusal(client, certificates.clientPurpose).cause == .wrongPurpose)
        }
    }

    @Test func withAnAnchorFileBothCount() async throws {
        let leaf = try pin(certificates.withoutIntermediate.certificateFile)
        let server = try TLSServerContext(certificates.server)
        let both = try client([leaf, backup], trust: .file(certificates.root))
        #expect(try await failure(both, server) == nil)
        // The root that ends the path may be the pinned one, though the server does not send it.
        let root = try client([pin(certificates.root)], trust: .file(certificates.root))
        #expect(try await failure(root, server) == nil)
        let wrongPin = try await refusal(
            client([backup], trust: .file(certificates.root)), certificates.server)
        #expect(wrongPin.cause == .notPinned && wrongPin.code == 50)
        #expect(wrongPin.path.map(\.role) == [.leaf, .intermediate, .root])
        let wrongRoot = try await refusal(
            client([leaf], trust: .file(certificates.otherRoot)), certificates.server)
        #expect(wrongRoot.cause == .unknownRoot)
    }

    @Test(arguments: [TLSInfo.Version.tls12, .tls13])
    func aSessionIsResumedUnderTheSamePinsAlone(version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let store = FileSessionStore(directory: try temporaryPath() + "/tls", pool: NIOThreadPool.singleton)
        let leaf = try pin(certificates.withoutIntermediate.certificateFile)
        func isResumed(_ client: TLSClientContext) async throws -> Bool {
            let ends = try await handshake(client, server, sessions: store)
            try await ends.server.write("220 ready\r\n")
            #expect(try await ends.client.read(exactly: 11).count == 11)
            _ = await ends.client.close()
            return ends.client.info.isResumed
        }
        #expect(try await !isResumed(client([leaf, backup])))
        #expect(try await isResumed(client([backup, leaf])))
        #expect(try await !isResumed(client([leaf])))
        #expect(try await !isResumed(client([leaf, backup], trust: .file(certificates.root))))
        #expect(try await !isResumed(TLSClientContext(trusting: certificates.root)))
        // A pin that the server does not have meets no session that would hide it.
        #expect(try await refusal(client([backup]), certificates.server).cause == .notPinned)
    }

    @Test func theTextOfAPinIsTheOneOfItsDigest() throws {
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let digest = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let pin = try #require(PublicKeyPin(digest: digest))
            #expect(PublicKeyPin(base64: pin.description) == pin, "seed \(seed)")
            #expect(pin.digest == digest)
        }
        // The digest of nothing (FIPS 180-4).
        #expect(
            PublicKeyPin(digest: Digests.openSSL.sha256([]))?.description
                == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        #expect(PublicKeyPin(digest: [1]) == nil)
    }
}
