public import ByteStreams
public import NIOCore
import Scopes

/// What stands behind one server connection: the policy, and the place for messages. One for each connection.
public protocol SMTPServerHandler: Sendable {
    func answer(_ question: SMTPServerSession.Question) async -> SMTPServerSession.Answer
    /// A message begins; what cannot be kept is remembered, and said when the question `.message` comes.
    func begin(_ envelope: ServerEnvelope) async
    func content(_ octets: ByteBuffer) async
    /// The message that began will not be whole.
    func discard() async
}

/// Runs an `SMTPServerSession` on a stream until either side ends it. A thin driver: it decides nothing.
public struct SMTPServerConnection: Sendable {
    private let configuration: SMTPServerConfiguration
    private let handler: any SMTPServerHandler
    private let upgrade: StreamUpgrade?
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> NIODeadline

    /// - Parameters:
    ///   - upgrade: the server's side of the handshake after STARTTLS; needed with `.startTLS` only.
    ///   - now: the time for the session's deadline.
    public init(
        _ configuration: SMTPServerConfiguration, handler: any SMTPServerHandler, upgrade: StreamUpgrade? = nil,
        clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> NIODeadline
    ) {
        self.configuration = configuration
        self.handler = handler
        self.upgrade = upgrade
        self.clock = clock
        self.now = now
    }

    /// Returns when the session is over and its stream, upgraded or not, is closed.
    public func serve(_ stream: any ByteStream) async {
        var stream = stream
        var session = SMTPServerSession(configuration)
        var events: [SMTPServerSession.Event] = [.opened]
        while let event = events.popLast() {
            for action in session.handle(event, now: now()) {
                if let next = await perform(action, &stream) { events.append(next) }
            }
            if events.isEmpty, session.wantsInput { events.append(await read(stream, until: session.deadline)) }
        }
        _ = await stream.close()
    }

    /// Answers with the event that the action leads to, if any.
    private func perform(
        _ action: SMTPServerSession.Action, _ stream: inout any ByteStream
    ) async -> SMTPServerSession.Event? {
        switch action {
        case .write(let octets):
            do {
                try await stream.writeAll(octets)
                return nil
            } catch {
                return .ended
            }
        case .startTLS:
            guard let upgrade, let secure = try? await upgrade(stream) else { return .ended }
            stream = secure
            return .tlsEstablished
        case .ask(let question):
            return .answered(await handler.answer(question))
        case .begin(let envelope):
            await handler.begin(envelope)
            return nil
        case .content(let octets):
            await handler.content(octets)
            return nil
        case .discard:
            await handler.discard()
            return nil
        case .close:
            return nil
        }
    }

    private func read(_ stream: any ByteStream, until deadline: NIODeadline?) async -> SMTPServerSession.Event {
        let limit = deadline.map { Duration($0 - now()) } ?? .seconds(300)
        do {
            let octets = try await withDeadline(limit, clock: clock) { try await stream.read(atMost: 16_384) }
            return octets.map { .received($0) } ?? .ended
        } catch is DeadlineExceeded {
            return .deadlinePassed
        } catch {
            return .ended
        }
    }
}
