import ByteStreams
import Credentials
import NIOCore
import NIOPosix
import Scopes
import Support
import Testing

@testable import TLS

/// Sessions that outlive the connection, the context and the process.
@Suite(.timeLimit(.minutes(5))) struct SessionTests {
    let certificates: TestCertificates
    let server: TLSServerContext
    let directory: String
    let store: FileSessionStore

    init() throws {
        certificates = try TestCertificates.shared()
        server = try TLSServerContext(certificates.server)
        // Neither of the two exists.
        directory = try temporaryPath() + "/tls"
        store = FileSessionStore(directory: directory, pool: NIOThreadPool.singleton)
    }

    private func client(_ change: (inout TLSClientConfiguration) -> Void = { _ in }) throws -> TLSClientContext {
        var configuration = TLSClientConfiguration(trust: .file(certificates.root))
        change(&configuration)
        return try TLSClientContext(configuration)
    }

    /// One connection as a mail makes it: the server speaks first, the client answers, both close.
    private func converse(
        _ client: TLSClientContext, _ server: TLSServerContext, name: String = TestCertificates.host
    ) async throws -> TLSInfo {
        let ends = try await handshake(client, server, name: name, sessions: store)
        try await ends.server.write("220 ready\r\n")
        #expect(try await ends.client.read(exactly: 11).count == 11)
        _ = await ends.client.close()
        _ = await ends.server.close()
        return ends.client.info
    }

    private var files: [String] {
        get throws { try TestProcess.run(["ls", "-A", directory]).split(separator: "\n").map(String.init) }
    }

    @Test(arguments: [TLSInfo.Version.tls12, .tls13])
    func theNextInvocationResumes(version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let first = try await converse(client(), server)
        #expect(!first.isResumed)
        // Another context and another store on the same directory, as the next process has them.
        let later = FileSessionStore(directory: directory, pool: NIOThreadPool.singleton)
        let ends = try await handshake(client(), server, sessions: later)
        #expect(ends.client.info.isResumed)
        #expect(ends.server.info.isResumed)
        #expect(ends.client.info.version == version)
        #expect(ends.client.info.peerSubject == TestCertificates.host)
        #expect(ends.client.info.handshakeOctetsDown < first.handshakeOctetsDown / 3)
    }

    @Test func aSessionIsOneFileThatOthersCannotRead() async throws {
        _ = try await converse(client(), server)
        _ = try await converse(client(), server)
        let name = try #require(try files.first)
        #expect(try files.count == 1)
        let modes = try TestProcess.run(["stat", "-c", "%a", "\(directory)/\(name)", directory])
        #expect(modes == "600\n700\n")
        #expect(store.problem == nil)
    }

    @Test func aNewTicketAfterAResumptionIsKept() async throws {
        _ = try await converse(client(), server)
        let before = try TestProcess.run(["sha256sum", "\(directory)/\(try #require(try files.first))"])
        #expect(try await converse(client(), server).isResumed)
        let after = try TestProcess.run(["sha256sum", "\(directory)/\(try #require(try files.first))"])
        #expect(before != after)
        #expect(try await converse(client(), server).isResumed)
    }

    @Test func whatDecidedTrustDecidesTheKey() async throws {
        _ = try await converse(client(), server)
        #expect(try await !converse(client { $0.trust = .file(certificates.intermediate) }, server).isResumed)
        #expect(
            try await !converse(client { $0.trust = .file(certificates.root, partialChain: false) }, server).isResumed)
        #expect(try await !converse(client(), server, name: "localhost").isResumed)
        #expect(try await converse(client(), server).isResumed)
        let context = try client()
        let host = try ServerName(TestCertificates.host)
        #expect(context.sessionKey(host: host, port: 465) != context.sessionKey(host: host, port: 587))
        let proven = try client {
            $0.identity = TLSIdentity(
                certificateFile: certificates.clientPurpose.certificateFile, keyFile: certificates.clientPurpose.keyFile
            )
        }
        #expect(context.sessionKey(host: host, port: 465) != proven.sessionKey(host: host, port: 465))
        #expect(try client().sessionKey(host: host, port: 465) == context.sessionKey(host: host, port: 465))
    }

    @Test func aServerThatForgotTheSessionGetsAFullHandshakeAtOnce() async throws {
        _ = try await converse(client(), server)
        let restarted = try TLSServerContext(certificates.server)
        #expect(try await !converse(client(), restarted).isResumed)
        #expect(try await converse(client(), restarted).isResumed)
    }

    @Test func theSessionEndsWithTheVerdictOnTheCertificates() async throws {
        let start = WallTime(year: 2026, month: 11, day: 24)
        func at(_ time: WallTime) throws -> TLSClientContext {
            try client { $0.clock = WallClock(source: "the test") { time } }
        }
        _ = try await converse(at(start), server)
        #expect(try await converse(at(start.adding(seconds: 3600)), server).isResumed)
        // The clock went backwards: how old is it?
        #expect(try await !converse(at(start.adding(seconds: -1)), server).isResumed)
        #expect(try files.count == 1)
    }

    @Test func aVerdictIsNotRenewedByResumptions() throws {
        let verified = WallTime(year: 2026, month: 11, day: 1)
        let session = StoredSession(
            octets: Secret("x"), storedAt: verified.adding(seconds: 6 * 86_400),
            ticketExpiresAt: verified.adding(seconds: 20 * 86_400), verifiedAt: verified,
            certificatesExpireAt: verified.adding(seconds: 100 * 86_400))
        #expect(session.isGood(at: verified.adding(seconds: 7 * 86_400 - 1)))
        #expect(!session.isGood(at: verified.adding(seconds: 7 * 86_400)))
        #expect(!session.isGood(at: verified.adding(seconds: 6 * 86_400 - 1)))
    }

    @Test func theFirstOfTheExpiriesCounts() {
        let start = WallTime(secondsSince1970: 1000)
        func session(ticket: Int64, certificates: Int64) -> StoredSession {
            StoredSession(
                octets: Secret("x"), storedAt: start, ticketExpiresAt: start.adding(seconds: ticket), verifiedAt: start,
                certificatesExpireAt: start.adding(seconds: certificates))
        }
        #expect(session(ticket: 10, certificates: 20).isGood(at: start.adding(seconds: 9)))
        #expect(!session(ticket: 10, certificates: 20).isGood(at: start.adding(seconds: 10)))
        #expect(!session(ticket: 20, certificates: 10).isGood(at: start.adding(seconds: 10)))
    }

    @Test func aDamagedFileIsNoSessionAndIsRemoved() async throws {
        _ = try await converse(client(), server)
        let path = "\(directory)/\(try #require(try files.first))"
        try TestProcess.run(["dd", "of=\(path)", "conv=notrunc", "bs=1", "seek=100", "status=none"], input: "garbage")
        #expect(try await !converse(client(), server).isResumed)
        #expect(try await converse(client(), server).isResumed)
    }

    @Test func everyOctetOfTheFileCounts() throws {
        let session = StoredSession(
            octets: Secret([1, 2, 3, 4, 5]), storedAt: WallTime(secondsSince1970: -1),
            ticketExpiresAt: WallTime(secondsSince1970: .max), verifiedAt: WallTime(secondsSince1970: .min),
            certificatesExpireAt: WallTime(secondsSince1970: 7))
        let file = SessionFile.encode(session)
        #expect(SessionFile.decode(file) == session)
        for index in file.indices {
            var damaged = file
            damaged[index] ^= 0x40
            #expect(SessionFile.decode(damaged) == nil)
            #expect(SessionFile.decode(Array(file.prefix(index))) == nil)
        }
        #expect(SessionFile.decode(file + [0]) == nil)
    }

    @Test func aSessionOfNonsenseInAGoodFileIsPassedOver() async throws {
        let context = try client()
        let key = context.sessionKey(host: try ServerName(TestCertificates.host), port: 465)
        let now = WallClock.system.now()
        await store.keep(
            StoredSession(
                octets: Secret([0x30, 0x03, 1, 2, 3]), storedAt: now, ticketExpiresAt: now.adding(seconds: 1000),
                verifiedAt: now, certificatesExpireAt: now.adding(seconds: 1000)), for: key)
        #expect(await store.session(for: key, now: now) != nil)
        #expect(try await !converse(context, server).isResumed)
        #expect(try await converse(context, server).isResumed)
    }

    /// A session of one host under the key of another, as an attacker with the directory would put it.
    @Test func aSessionOfAnotherHostIsNotOffered() async throws {
        let other = try TLSServerContext(certificates.otherName)
        let context = try client()
        _ = try await converse(context, other, name: "other.example.test")
        let stolen = try #require(
            await store.session(
                for: context.sessionKey(host: try ServerName("other.example.test"), port: 465),
                now: WallClock.system.now()))
        await store.keep(stolen, for: context.sessionKey(host: try ServerName(TestCertificates.host), port: 465))
        await #expect(throws: TLSError.self) { try await converse(context, other) }
    }

    @Test func aFileThatOthersCanReadIsNotBelieved() async throws {
        _ = try await converse(client(), server)
        try TestProcess.run(["chmod", "644", "\(directory)/\(try #require(try files.first))"])
        #expect(try await !converse(client(), server).isResumed)
    }

    @Test func aStoreThatCannotWriteCostsNoConnection() async throws {
        let path = try temporaryFile("not a directory")
        let broken = FileSessionStore(directory: path + "/tls", pool: NIOThreadPool.singleton)
        let ends = try await handshake(client(), server, sessions: broken)
        try await ends.server.write("x")
        #expect(try await ends.client.read(exactly: 1).count == 1)
        _ = await ends.client.close()
        #expect(broken.problem?.contains("cannot be kept") == true)
    }

    @Test func theClientHelloStaysSmall() async throws {
        let cold = try await firstWrite(client())
        let standard = try await firstWrite(client { $0.linkProfile = .standard })
        _ = try await converse(client(), server)
        let resumed = try await firstWrite(client())
        print("ClientHello: metered \(cold), resumed \(resumed), standard \(standard) octets")
        #expect(cold <= 220)
        #expect(resumed <= 480)
        #expect(standard > cold)
        // A hybrid key share of OpenSSL 3.5 is 1,216 octets longer (FIPS 203, ML-KEM-768).
        #expect(standard <= 330 || (1400...1600).contains(standard))
    }

    @Test(arguments: LinkProfile.allCases, [TLSInfo.Version.tls12, .tls13])
    func eachLinkProfileResumes(profile: LinkProfile, version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let first = try await converse(client { $0.linkProfile = profile }, server)
        let second = try await converse(client { $0.linkProfile = profile }, server)
        #expect(!first.isResumed && second.isResumed)
    }

    private func firstWrite(_ client: TLSClientContext) async throws -> Int {
        let (near, far) = MemoryStream.pair()
        let recording = WriteRecorder(near)
        _ = try await handshake(client, server, sessions: store, over: recording, far)
        return recording.sizes.first ?? 0
    }
}
