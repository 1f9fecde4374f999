import ByteStreams
public import NIOCore
public import NIOPosix
import SMTP
public import Scopes
import Sockets
import Synchronization
import TLS

/// An SMTP server that stores: the far end of tests, demonstrations and users' own trials. It takes every message for every
/// recipient, but for what its options refuse, and never passes one on.
public final class SMTPSink: Sendable {
    /// For a handshake.
    private static let handshake = Duration.seconds(30)
    /// Connections at once.
    private static let connections = 64

    private let options: SinkOptions
    private let listener: SocketListener
    private let context: TLSServerContext
    private let maildir: Maildir
    private let threads: NIOThreadPool
    private let observe: @Sendable (SinkEvent) -> Void
    private let count = Mutex(0)

    /// Binds. From now on connections wait in the backlog; `serve` takes them.
    ///
    /// - Parameters:
    ///   - threads: a started pool, for files.
    ///   - observe: called from any task, promptly to return.
    public static func bind(
        _ options: SinkOptions, on loop: any EventLoop, threads: NIOThreadPool,
        observe: @escaping @Sendable (SinkEvent) -> Void = { _ in }
    ) async throws -> SMTPSink {
        let context = try TLSServerContext(identity: options.identity)
        let maildir = try Maildir(options.maildir)
        let listener = try await SocketListener.bind(host: options.host, port: options.port, on: loop)
        return SMTPSink(options, listener, context, maildir, threads, observe)
    }

    private init(
        _ options: SinkOptions, _ listener: SocketListener, _ context: TLSServerContext, _ maildir: Maildir,
        _ threads: NIOThreadPool, _ observe: @escaping @Sendable (SinkEvent) -> Void
    ) {
        self.options = options
        self.listener = listener
        self.context = context
        self.maildir = maildir
        self.threads = threads
        self.observe = observe
    }

    /// The port, also when the kernel chose it.
    public var port: Int { listener.port }

    /// `ADDR:PORT`, as `--listen` takes it.
    public var address: String {
        options.host.contains(":") ? "[\(options.host)]:\(port)" : "\(options.host):\(port)"
    }

    /// The line for standard output that tells a script that it may connect.
    public var readyLine: String { "ready \(address)" }

    /// Serves until `close` or cancellation.
    public func serve() async {
        await listener.serve(atMost: Self.connections) { stream in await self.serve(stream) }
    }

    /// Ends `serve` once the connections that it serves have ended. Idempotent.
    public func close() async -> TeardownStep {
        await listener.close()
    }

    private func serve(_ stream: SocketStream) async {
        let connection = count.withLock { count in
            count += 1
            return count
        }
        observe(.connected(connection: connection))
        defer { observe(.ended(connection: connection)) }
        let upgrade: StreamUpgrade = { base in
            try await self.accept(base, connection)
        }
        var opened: any ByteStream = stream
        if options.security == .implicitTLS {
            guard let secure = try? await upgrade(stream) else { return }
            opened = secure
        }
        let handler = SinkHandler(
            options, maildir: maildir, threads: threads, connection: connection, observe: observe)
        let server = SMTPServerConnection(
            configuration, handler: handler, upgrade: upgrade, now: { NIODeadline.now() })
        await server.serve(opened)
    }

    private func accept(_ base: any ByteStream, _ connection: Int) async throws -> any ByteStream {
        do {
            let context = context
            let stream = try await withDeadline(Self.handshake, clock: ContinuousClock()) {
                try await TLSStream.accept(over: base, context: context)
            }
            observe(.tls(connection: connection, isResumed: stream.info.isResumed))
            return stream
        } catch {
            let words = (error as? any Failure)?.summary ?? "\(error)"
            observe(.tlsFailed(connection: connection, words: words))
            throw error
        }
    }

    private var configuration: SMTPServerConfiguration {
        var configuration = SMTPServerConfiguration(
            hostName: "sink.invalid", security: options.security == .implicitTLS ? .tls : .startTLS,
            login: options.login == nil ? .none : .required)
        configuration.pipelining = options.behaviour.pipelining
        configuration.chunking = options.behaviour.chunking
        configuration.eightBitMIME = options.behaviour.eightBitMIME
        configuration.smtpUTF8 = options.behaviour.smtpUTF8
        configuration.sizeLimit = options.behaviour.sizeLimit
        configuration.demandsDeclared8Bit = true
        configuration.greeting = options.behaviour.refusal(at: .greeting)
        return configuration
    }
}
