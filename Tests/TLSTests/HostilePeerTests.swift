import ByteStreams
import NIOCore
import Scopes
import Support
import TLS
import Testing

/// Peers that break off, break the protocol, or speak another one.
@Suite(.timeLimit(.minutes(5))) struct HostilePeerTests {
    let certificates: TestCertificates
    let client: TLSClientContext
    let server: TLSServerContext

    init() throws {
        certificates = try TestCertificates.shared()
        client = try TLSClientContext(trusting: certificates.root)
        server = try TLSServerContext(certificates.server)
    }

    /// What the client makes of a peer that says `octets` and closes.
    private func error(at octets: [UInt8]) async throws -> TLSError? {
        let (near, far) = MemoryStream.pair()
        try await far.writeAll(ByteBuffer(bytes: octets))
        _ = await far.close()
        do throws(TLSError) {
            // A peer that closed takes no ClientHello; what it said is read before that is known.
            _ = try await TLSStream.connect(
                over: DeafWriter(near), context: client, serverName: TestCertificates.host, port: 465)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("220 mail.example.test ESMTP\r\n", "SMTP"), ("554 go away\r\n", "SMTP"),
            ("220-first\r\n220 second\r\n", "SMTP"),
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"), ("* OK IMAP4rev1 ready\r\n", "IMAP"),
            ("+OK POP3\r\n", "POP3"),
            ("SSH-2.0-OpenSSH_9.2\r\n", nil), ("220", nil),
        ] as [(String, String?)])
    func aPlainTextAnswerNamesItsProtocol(answer: String, name: String?) async throws {
        let line = answer.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let error = try await error(at: Array(answer.utf8))
        #expect(error == .handshake(HandshakeFailure(.notTLS(protocolName: name, firstLine: line))))
        #expect(error?.advice?.contains("STARTTLS") == true)
        #expect(error?.exitStatus == .peerProtocol)
    }

    @Test func aPeerThatClosesAtOnceIsToldApart() async throws {
        #expect(try await error(at: []) == .handshake(HandshakeFailure(.closedAtOnce)))
    }

    @Test func anAlertIsNamed() async throws {
        let error = try await error(at: [21, 3, 3, 0, 2, 2, 112])
        guard case .handshake(let failure)? = error, case .alert(112, let name) = failure.reason else {
            Issue.record("no alert: \(String(describing: error))")
            return
        }
        #expect(name.contains("unrecognized name"))
        #expect(failure.advice?.contains("name") == true)
    }

    @Test func wordsOfThePeerArePrintable() async throws {
        let error = try await error(at: Array("220 \u{1B}[31mred\u{7}\r\n".utf8))
        #expect(error?.summary.unicodeScalars.allSatisfy { $0.value >= 32 } == true)
    }

    @Test(arguments: 0..<64)
    func garbageEndsInAnError(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var octets = (0..<Int.random(in: 1...3000, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        // Half of it begins as a record of the handshake.
        if seed % 2 == 0 { octets = [22, 3, 3, UInt8(octets.count >> 8), UInt8(octets.count & 255)] + octets }
        #expect(try await error(at: octets) != nil, "seed \(seed)")
    }

    @Test func anOldServerIsToldApart() async throws {
        // A ServerHello of TLS 1.0: version, random, no session, a suite, no compression.
        let hello: [UInt8] = [3, 1] + [UInt8](repeating: 7, count: 32) + [0, 0xC0, 0x2F, 0]
        let error = try await error(at: [22, 3, 1, 0, 42, 2, 0, 0, 38] + hello)
        #expect(error == .handshake(HandshakeFailure(.version)))
    }

    /// The server's first flight, cut after every octet: never a hang, never a connection.
    @Test(arguments: [TLSInfo.Version.tls12, .tls13])
    func aServerThatEndsAtAnyOctetIsAnError(version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let whole = try await serverOctets(server)
        for length in stride(from: 0, to: whole, by: 7) {
            let error = try await failure(server, within: .seconds(60)) { CuttingStream($0, after: length) }
            #expect(error == .handshake(HandshakeFailure(length == 0 ? .closedAtOnce : .closed)), "cut after \(length)")
        }
    }

    /// Each octet of the server's first flight changed in turn: an error, except where the change means nothing.
    @Test(arguments: [TLSInfo.Version.tls12, .tls13])
    func aServersFlightWithAWrongOctetIsAnError(version: TLSInfo.Version) async throws {
        let server = try TLSServerContext(certificates.server, highestVersion: version)
        let whole = try await serverOctets(server)
        for position in stride(from: 0, to: whole, by: 11) {
            // A record's version is not looked at once the version is known.
            let error = try await failure(server) { CorruptingStream($0, at: position) }
            #expect(error != nil || position < 5, "octet \(position)")
        }
    }

    @Test func aCorruptRecordEndsTheStreamForGood() async throws {
        let (near, far) = MemoryStream.pair()
        let corrupting = CorruptingStream(near, at: .max)
        let ends = try await handshake(client, server, over: corrupting, far)
        corrupting.corruptNext()
        try await ends.server.write("secret")
        let stream = ends.client
        await #expect { try await stream.read(atMost: 10) } throws: { error in
            guard case .corrupt = error as? StreamFailure else { return false }
            return true
        }
        await #expect(throws: StreamFailure.self) { try await stream.read(atMost: 10) }
        await #expect(throws: StreamFailure.self) { try await stream.write("x") }
        // The peer is told by an alert, and that is no ordinary end for it.
        _ = await stream.close()
        let other = ends.server
        await #expect { try await other.readToEnd() } throws: { error in
            guard case .refused(let words, _) = error as? StreamFailure else { return false }
            return words.contains("bad record mac")
        }
    }

    /// A cut in the middle of a record is an end that shows, at every octet.
    @Test func aRecordCutAtAnyOctetIsNoCleanEnd() async throws {
        for length in 1..<(5 + 22) {
            let (near, far) = MemoryStream.pair()
            let cutting = CuttingStream(near, after: .max)
            let ends = try await handshake(client, server, over: cutting, far)
            try await ends.server.write("greeting")
            #expect(try await ends.client.read(exactly: 8) == Array("greeting".utf8))
            cutting.cut(after: length)
            try await ends.server.write("hello")
            #expect(try await ends.client.readToEnd().isEmpty)
            #expect(ends.client.endedCleanly == false)
        }
    }

    @Test func aLinkThatIsLostInTheHandshakeIsTheLinksFault() async throws {
        let (near, far) = MemoryStream.pair()
        far.fail(.linkLost("NO CARRIER"))
        await #expect(throws: TLSError.stream(.linkLost("NO CARRIER"))) {
            try await TLSStream.connect(over: near, context: client, serverName: "localhost", port: 465)
        }
    }

    @Test func aLinkThatIsLostLaterIsTheLinksFault() async throws {
        let (near, far) = MemoryStream.pair()
        let ends = try await handshake(client, server, over: near, far)
        far.fail(.linkLost("NO CARRIER"))
        let stream = ends.client
        await #expect(throws: StreamFailure.linkLost("NO CARRIER")) { try await stream.read(atMost: 1) }
        await #expect(throws: StreamFailure.linkLost("NO CARRIER")) { try await stream.write("x") }
        #expect(await stream.shutdown().outcome == .notNeeded)
    }

    @Test func aClientThatSpeaksInClearIsRefusedByTheServer() async throws {
        let (near, far) = MemoryStream.pair()
        try await near.write("EHLO client.example\r\n")
        await #expect { try await TLSStream.accept(over: far, context: server) } throws: { error in
            guard case .handshake(let failure) = error as? TLSError else { return false }
            return failure.peer == .client
                && failure.reason == .notTLS(protocolName: "SMTP", firstLine: "EHLO client.example")
        }
    }

    private func failure(
        _ server: TLSServerContext, within limit: Duration = .milliseconds(300),
        through link: (MemoryStream) -> any ByteStream
    ) async throws -> TLSError? {
        let (near, far) = MemoryStream.pair()
        let link = link(near)
        do {
            // A record that claims to be longer is waited for: both sides wait, and the limit is the caller's to set.
            try await withDeadline(limit, clock: ContinuousClock()) {
                _ = try await handshake(client, server, over: link, far)
            }
            return nil
        } catch is DeadlineExceeded {
            return .stream(.cancelled)
        } catch let error as TLSError {
            return error
        }
    }

    /// How much the server sends at least before the client's handshake is done: a signature is some octets longer or
    /// shorter each time.
    private func serverOctets(_ server: TLSServerContext) async throws -> Int {
        try await handshake(client, server).client.info.handshakeOctetsDown - 8
    }
}
