import NIOCore
import NIOPosix
import TLS

/// A sink with an event loop and threads of its own, for a program without tasks. Every call blocks.
public final class SinkServer: Sendable {
    private let sink: SMTPSink
    private let group: MultiThreadedEventLoopGroup
    private let threads: NIOThreadPool
    private let serving: EventLoopFuture<Void>

    /// Binds and serves; the errors are those of `SinkOptions`, `SMTPSink` and TLS.
    ///
    /// - Parameters:
    ///   - login: `USER:PASSWORD-FILE`, nil for no AUTH.
    ///   - refusals: each `PLACE=REPLY`, as `SinkBehaviour.Refusal` reads it.
    ///   - observe: called from any thread.
    public init(
        listen: String, certificate: String, key: String, maildir: String, login: String?, isStartTLS: Bool,
        refusals: [String], sizeLimit: Int?, observe: @escaping @Sendable (SinkEvent) -> Void
    ) throws {
        var options = try SinkOptions(
            listen: listen, security: isStartTLS ? .startTLS : .implicitTLS,
            identity: TLSIdentity(certificateFile: certificate, keyFile: key), maildir: maildir,
            login: login.map { try SinkLogin(option: $0) })
        options.behaviour.refusals = try refusals.map { try SinkBehaviour.Refusal(option: $0) }
        options.behaviour.sizeLimit = sizeLimit
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        threads = NIOThreadPool(numberOfThreads: 2)
        threads.start()
        let (loop, pool, final) = (group.next(), threads, options)
        let bound = loop.makePromise(of: SMTPSink.self)
        bound.completeWithTask { try await SMTPSink.bind(final, on: loop, threads: pool, observe: observe) }
        let sink = try bound.futureResult.wait()
        let served = loop.makePromise(of: Void.self)
        served.completeWithTask { await sink.serve() }
        self.sink = sink
        serving = served.futureResult
    }

    /// `ready ADDR:PORT`.
    public var readyLine: String { sink.readyLine }

    /// Takes no more connections; those that are open end with the program.
    public func stop() {
        let closed = group.next().makePromise(of: Void.self)
        let sink = sink
        closed.completeWithTask { _ = await sink.close() }
        try? closed.futureResult.wait()
    }
}
