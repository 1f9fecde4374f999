import Glibc
public import NIOCore
import NIOPosix
public import Scopes
import SystemPackage

/// A listening socket. Connections are handed out with a bound on how many are served at once.
public struct SocketListener: Sendable {
    /// Where it listens, with the port that the kernel chose when 0 was asked for.
    public let address: SocketAddress
    private let channel: NIOAsyncChannel<SocketStream, Never>

    public var port: Int { address.port ?? 0 }

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
        do {
            let channel = try await ServerBootstrap(group: loop)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.backlog, value: 64)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelOption(.recvAllocator, value: SocketStream.receiveAllocator)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_rcvbuf), value: SocketStream.receiveBufferOctets)
                .bind(to: address) { channel in
                    channel.eventLoop.makeCompletedFuture { try SocketStream.wrap(channel) }
                }
            return SocketListener(address: channel.channel.localAddress ?? address, channel: channel)
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

    /// Serves connections until the listener is closed or the calling task is cancelled; `body` runs in a child task for
    /// each, at most `limit` at once (the others wait in the backlog), and the stream is closed behind it. Once per listener.
    public func serve(
        atMost limit: Int = 16, _ body: @escaping @Sendable (SocketStream) async -> Void
    ) async throws(SocketError) {
        precondition(limit > 0, "a listener serves at least one connection at once")
        do {
            try await channel.executeThenClose { connections in
                await withTaskGroup { group in
                    await accept(from: connections, into: &group, atMost: limit, body)
                }
            }
        } catch {
            guard !Task.isCancelled else { return }
            throw .failed(call: "accept", words: String(describing: error))
        }
    }

    /// Ends `serve`, which still waits for the connections that it serves. Idempotent.
    public func close() async -> TeardownStep {
        let clock = ContinuousClock()
        let start = clock.now
        var outcome = TeardownStep.Outcome.notNeeded
        if channel.channel.isActive {
            try? await channel.channel.close()
            outcome = .done
        }
        return TeardownStep(name: "listener", outcome: outcome, duration: clock.now - start)
    }

    private func accept(
        from connections: NIOAsyncChannelInboundStream<SocketStream>, into group: inout TaskGroup<Void>,
        atMost limit: Int,
        _ body: @escaping @Sendable (SocketStream) async -> Void
    ) async {
        var running = 0
        var iterator = connections.makeAsyncIterator()
        while let stream = try? await iterator.next() {
            if running == limit {
                await group.next()
                running -= 1
            }
            running += 1
            group.addTask {
                await body(stream)
                _ = await stream.close()
            }
        }
    }
}
