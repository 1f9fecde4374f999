import ByteStreams
import Credentials
import FakeModem
import Glibc
import NIOCore
import NIOPosix
import SMTP
import Scopes
import Sockets
import Support
import Synchronization
import SystemPackage
import TLS

/// A sink on loopback with a Maildir of its own, and clients of it.
final class SinkBench: Sendable {
    let maildir: String
    let sink: SMTPSink
    private let events: EventList

    var seen: [SinkEvent] { events.all }

    private init(maildir: String, sink: SMTPSink, events: EventList) {
        self.maildir = maildir
        self.sink = sink
        self.events = events
    }

    /// Runs `body` with a sink that serves, and ends it.
    static func run(
        security: SinkOptions.Security = .implicitTLS, login: SinkLogin? = nil,
        behaviour: SinkBehaviour = SinkBehaviour(),
        _ body: @escaping @Sendable (SinkBench) async throws -> Void
    ) async throws {
        let maildir = try newDirectory()
        defer { _ = try? TestProcess.run(["rm", "-rf", maildir]) }
        let certificates = try TestCertificates.shared()
        var options = try SinkOptions(
            listen: "127.0.0.1:0", security: security,
            identity: TLSIdentity(
                certificateFile: certificates.server.certificateFile, keyFile: certificates.server.keyFile),
            maildir: maildir, login: login)
        options.behaviour = behaviour
        let events = EventList()
        let sink = try await SMTPSink.bind(
            options, on: MultiThreadedEventLoopGroup.singleton.next(), threads: .singleton
        ) { event in events.append(event) }
        let bench = SinkBench(maildir: maildir, sink: sink, events: events)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await sink.serve() }
            try await body(bench)
            _ = await sink.close()
            try await group.waitForAll()
        }
    }

    /// One session with one message; the stream is closed behind it.
    func send(
        _ message: ByteBuffer, to recipients: [String] = ["b@example.net"], from: String? = "a@example.com",
        security: SinkOptions.Security = .implicitTLS, credentials: LoginCredentials? = nil,
        sessions: (any SessionStore)? = nil
    ) async throws -> DeliveryOutcome {
        let port = sink.port
        let stream = try await InterfaceConnector(
            on: MultiThreadedEventLoopGroup.singleton.next(), threads: .singleton
        ).connect(to: "127.0.0.1", port: port)
        let context = try TLSClientContext(TLSClientConfiguration(trust: .file(TestCertificates.shared().root)))
        let upgrade: StreamUpgrade = { base in
            try await TLSStream.connect(
                over: base, context: context, serverName: TestCertificates.host, port: port, sessions: sessions)
        }
        let upgraded = Mutex<(any ByteStream)?>(nil)
        let transport: SMTPTransport
        switch security {
        case .implicitTLS:
            let secure = try await upgrade(stream)
            upgraded.withLock { $0 = secure }
            transport = .verifiedTLS(secure)
        case .startTLS:
            transport = .startTLS(stream) { base in
                let secure = try await upgrade(base)
                upgraded.withLock { $0 = secure }
                return secure
            }
        }
        let client = SMTPClient(
            transport: transport,
            configuration: .init(name: try ClientName(address: "127.0.0.1"), credentials: credentials))
        let envelope = try Envelope(
            from: from.map { try MailPath($0) }, to: recipients.map { try MailPath($0) })
        let result: Result<DeliveryOutcome, SMTPError>
        do throws(SMTPError) {
            result = .success(try await client.send(envelope, BufferedMessage(message)))
        } catch {
            result = .failure(error)
        }
        _ = await upgraded.withLock { $0 }?.close()
        _ = await stream.close()
        return try result.get()
    }

    /// The files under `new`, in the order of their names' counts.
    func kept() throws -> [ByteBuffer] {
        let names = try TestProcess.run(["ls", "-v", "\(maildir)/new"]).split(separator: "\n").map(String.init)
        return try names.map { name in
            let file = try SystemPackage.FileDescriptor.open(FilePath("\(maildir)/new/\(name)"), .readOnly)
            return try file.closeAfter {
                var content = ByteBuffer()
                while true {
                    // The buffer is written before its count is known, and lives in the closure.
                    let piece = try unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                        count = try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer))
                    }
                    guard !piece.isEmpty else { return content }
                    content.writeBytes(piece)
                }
            }
        }
    }

    /// What is left under `tmp`.
    func unfinished() throws -> String { try TestProcess.run(["ls", "\(maildir)/tmp"]) }

    private static func newDirectory() throws -> String {
        try TestProcess.run(["mktemp", "-d", "/tmp/modemail-sink-XXXXXX"]).split(separator: "\n").map(String.init)[0]
    }
}

private final class EventList: Sendable {
    private let events = Mutex<[SinkEvent]>([])

    var all: [SinkEvent] { events.withLock { $0 } }

    func append(_ event: SinkEvent) {
        events.withLock { $0.append(event) }
    }
}

extension SinkBehaviour {
    static func with(_ change: (inout SinkBehaviour) -> Void) -> SinkBehaviour {
        var behaviour = SinkBehaviour()
        change(&behaviour)
        return behaviour
    }
}
