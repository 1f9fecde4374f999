import Bearer
import ByteStreams
import Credentials
import SMTP
import Scopes
import Settings
import Synchronization
import TLS

/// Connection, TLS and SMTP over a bearer, to one server.
struct Dialogue {
    let settings: Settings
    let server: ServerURL
    let timeline: Timeline
    let teardown: Teardown
    let facts: Facts
    private let observer: Observer
    private let secureClient: SecureClient
    let memory: ServerMemory
    private let credentials: LoginCredentials?

    /// Reads every file that is needed later, so that a wrong one costs no connection.
    init(
        settings: Settings, server: ServerURL, host: Host, observer: Observer, timeline: Timeline, teardown: Teardown,
        facts: Facts, clock: WallClock = .system
    ) throws {
        self.settings = settings
        self.server = server
        self.timeline = timeline
        self.teardown = teardown
        self.facts = facts
        self.observer = observer
        secureClient = try SecureClient(settings, host: host, clock: clock)
        memory = ServerMemory(
            directory: settings.stateDirectory + "/servers", server: server, pool: host.threads, clock: clock)
        credentials = try Self.credentials(settings, server)
    }

    private static func credentials(_ settings: Settings, _ server: ServerURL) throws -> LoginCredentials? {
        let hasCertificate = settings.clientCertificate != nil
        guard let preference = LoginCredentials.Preference(settings.auth) else { return nil }
        guard let user = server.user else {
            // A certificate for TLS alone is no login, unless `auth` makes it one.
            guard hasCertificate, preference != .fewestRoundTrips else { return nil }
            return try LoginCredentials(user: nil, hasCertificate: true, preference: preference)
        }
        guard settings.password != nil || settings.token != nil || hasCertificate else {
            throw CourierError.noPassword(user: user)
        }
        return try LoginCredentials(
            user: user, password: try settings.password?.read(), token: try settings.token?.read(),
            hasCertificate: hasCertificate, preference: preference)
    }

    /// One session: its connection is closed when this returns.
    func session(_ mail: OutgoingMail, usesPipelining: Bool, over bearer: any Bearer) async throws -> SessionResult {
        timeline.begin(.tcp)
        return try await withScope(
            open: { try await connect(over: bearer) },
            close: { [teardown] (stream: CountingStream) in
                await teardown.step("connection", limit: .seconds(10)) { await stream.close().outcome }
            },
            body: { stream in
                timeline.end()
                var configuration = SMTPClient.Configuration(name: try clientName(bearer), credentials: credentials)
                configuration.timeouts = SMTPTimeouts(settings.timeouts)
                configuration.usesPipelining = usesPipelining
                return try await converse(mail, over: stream, configuration)
            })
    }

    private func connect(over bearer: any Bearer) async throws -> CountingStream {
        let limit = settings.timeouts.connect
        let (host, port) = (server.host, UInt16(clamping: server.port))
        let stream = try await within(limit) { try await bearer.connect(to: host, port: port) }
        let counting = CountingStream(stream)
        timeline.attach(stream: { counting.count })
        facts.note(total: { counting.count })
        return counting
    }

    private func converse(
        _ mail: OutgoingMail, over stream: any ByteStream, _ configuration: SMTPClient.Configuration
    ) async throws -> SessionResult {
        let secured = Secured()
        return try await withScope(
            open: { secured },
            close: { [teardown] secured in
                guard let tls = secured.stream else { return }
                await teardown.step("tls", limit: .seconds(2)) { await tls.shutdown().outcome }
            },
            body: { secured in
                let transport: SMTPTransport
                switch server.security {
                case .implicitTLS: transport = .verifiedTLS(try await secure(stream, secured))
                case .startTLS:
                    transport = .startTLS(stream) { clear in try await secure(clear, secured) }
                }
                var configuration = configuration
                configuration.sasl = means(secured)
                return try await send(mail, over: transport, configuration)
            })
    }

    private func means(_ secured: Secured) -> SASLMeans {
        SASLMeans(digests: .openSSL, host: server.host, port: server.port) {
            guard let tls = secured.stream else { throw SMTPError.credentialsWithoutTLS }
            let binding = try tls.channelBinding()
            return SASLChannelBinding(type: binding.kind.rawValue, octets: binding.octets)
        }
    }

    /// The TLS stream once it stands.
    private final class Secured: Sendable {
        private let state = Mutex<TLSStream?>(nil)
        var stream: TLSStream? { state.withLock { $0 } }
        func set(_ stream: TLSStream) { state.withLock { $0 = stream } }
    }

    private func secure(_ stream: any ByteStream, _ secured: Secured) async throws -> any ByteStream {
        timeline.begin(.tls)
        let tls = try await secureClient.secure(stream, host: server.host, port: server.port)
        secured.set(tls)
        facts.note(
            session: Report.Session(
                protocolName: tls.info.version.rawValue, cipher: tls.info.cipher, resumed: tls.info.isResumed))
        timeline.end(note: tls.info.isResumed ? "resumed" : nil)
        return tls
    }

    private func send(
        _ mail: OutgoingMail, over transport: SMTPTransport, _ configuration: SMTPClient.Configuration
    ) async throws -> SessionResult {
        let client = SMTPClient(transport: transport, configuration: configuration) { event in note(event) }
        facts.note(messageOctets: mail.message.octets)
        let outcome = try await client.send(mail.envelope, mail.message)
        return SessionResult(outcome: outcome, pipeliningFailed: await client.pipeliningFailed)
    }

    private func note(_ event: SMTPEvent) {
        switch event {
        case .phaseStarted(let phase): timeline.begin(phase)
        case .phaseEnded: timeline.end()
        case .progress(let octets, let all):
            if octets > 0 { facts.noteMessageLeft() }
            observer.progressed(octets, all)
        case .notificationsNotOffered:
            facts.note("the server does not offer notices of delivery (DSN): the message goes without the request")
        case .pipeliningFailed:
            facts.note(
                "the server seems not to bear commands in a group, although it offers that: each goes alone")
        case .sent, .received: break
        }
    }

    private func clientName(_ bearer: any Bearer) throws -> ClientName {
        if let name = settings.ehlo {
            return name.hasPrefix("[")
                ? try ClientName(address: String(name.dropFirst().prefix { $0 != "]" }))
                : try ClientName(hostName: name)
        }
        return try ClientName.choose(hostName: LocalHost.name(), address: bearer.localAddress ?? "127.0.0.1")
    }

    private func within<Value: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await withDeadline(limit, clock: ContinuousClock(), operation: operation)
        } catch let exceeded as DeadlineExceeded {
            throw CourierError.timedOut(timeline.current, limit: exceeded.limit)
        }
    }
}

extension LoginCredentials.Preference {
    /// Nil for no login.
    fileprivate init?(_ choice: AuthChoice) {
        switch choice {
        case .none: return nil
        case .fewestRoundTrips: self = .fewestRoundTrips
        case .strongest: self = .strongest
        case .mechanism(let mechanism): self = .mechanism(mechanism)
        }
    }
}
