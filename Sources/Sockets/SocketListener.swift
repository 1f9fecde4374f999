import Glibc
public import NIOCore
import NIOPosix
public import Scopes
import SystemPackage

/// A listening socket. Connections are handed out with a bound on how many are served at once.
public final class SocketListener: Sendable {
    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    public let address: SocketAddress
    let channel: any Channel
    private let accepted: AsyncStream<SocketStream>

    public var port: Int { address.port ?? 0 }

    private init(_ channel: any Channel, at address: SocketAddress, _ accepted: AsyncStream<SocketStream>) {
        self.channel = channel
        self.address = address
        self.accepted = accepted
    }

    deinit {
        channel.close(promise: nil)
    }

    /// - Parameters:
    ///   - host: an address in text (`127.0.0.1`, `::1`), no name.
    ///   - port: 0 for any free one.
    public static func bind(
        host: String, port: Int, on loop: any EventLoop
    ) async throws(SocketError) -> SocketListener {
        let wanted = "\(host):\(port)"
        guard (0...65_535).contains(port), let address = try? SocketAddress(ipAddress: host, port: port) else {
            throw .badAddress(wanted)
        }
        // Bounded by `serve`, which asks for one connection at a time.
        let (accepted, acceptance) = AsyncStream.makeStream(of: SocketStream.self)
        do {
            let channel = try await bootstrap(on: loop) { acceptance.yield($0) }.bind(to: address).get()
            channel.closeFuture.whenComplete { _ in acceptance.finish() }
            return SocketListener(channel, at: channel.localAddress ?? address, accepted)
        } catch let error as IOError {
            switch error.errnoCode {
            case EADDRINUSE: throw .addressInUse(wanted)
            case EADDRNOTAVAIL: throw .badAddress(wanted)
            case let code:
                throw .failed(call: "listening at \(wanted)", words: String(describing: Errno(rawValue: code)))
            }
        } catch {
            throw .failed(call: "listening at \(wanted)", words: String(describing: error))
        }
    }

    /// Serves connections until the listener is closed or the calling task is cancelled, and closes the listener then;
    /// `body` runs in a child task for each, at most `limit` at once (the others wait in the kernel's backlog), and the
    /// stream is closed behind it. Once per listener.
    public func serve(atMost limit: Int = 16, _ body: @escaping @Sendable (SocketStream) async -> Void) async {
        precondition(limit > 0, "a listener serves at least one connection at once")
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            var connections = accepted.makeAsyncIterator()
            while true {
                if running == limit {
                    await group.next()
                    running -= 1
                }
                channel.read()
                guard let stream = await connections.next() else { break }
                running += 1
                group.addTask {
                    await body(stream)
                    _ = await stream.close()
                }
            }
            _ = await close()
        }
    }

    /// Ends `serve`, which still waits for the connections that it serves. Idempotent.
    public func close() async -> TeardownStep {
        let clock = ContinuousClock()
        let start = clock.now
        var outcome = TeardownStep.Outcome.notNeeded
        if channel.isActive {
            try? await channel.close()
            outcome = .done
        }
        return TeardownStep(name: "listener", outcome: outcome, duration: clock.now - start)
    }

    private static func bootstrap(
        on loop: any EventLoop, _ accept: @escaping @Sendable (SocketStream) -> Void
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: SocketStream.receiveAllocator)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_rcvbuf), value: SocketStream.receiveBufferOctets)
            .childChannelInitializer { channel in
                // The stream's first call runs on this loop too, so behind the activation, which follows in this turn.
                channel.eventLoop.makeCompletedFuture { accept(try SocketStream.wrap(channel)) }
            }
    }
}
