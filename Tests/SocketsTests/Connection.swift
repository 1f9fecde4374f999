import ByteStreams
import NIOCore
import NIOPosix
import Sockets
import Testing

let loop = MultiThreadedEventLoopGroup.singleton.any()
let threads = NIOThreadPool.singleton

func connector(
    interface: String? = nil, limits: InterfaceConnector.Limits = .init(),
    clock: any Clock<Duration> = ContinuousClock()
) -> InterfaceConnector {
    InterfaceConnector(interface: interface, limits: limits, on: loop, threads: threads, clock: clock)
}

/// Both ends of a connection over loopback, and their listener behind it.
func withConnection(
    linger: TimeAmount = .seconds(1),
    _ body: @escaping @Sendable (_ near: SocketStream, _ far: SocketStream) async throws -> Void
) async throws {
    let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
    let (accepted, acceptance) = AsyncStream.makeStream(of: SocketStream.self)
    let (end, ending) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup { group in
        group.addTask {
            await listener.serve { stream in
                acceptance.yield(stream)
                for await _ in end {}
            }
        }
        let near = try await connector(limits: .init(linger: linger)).connect(to: "127.0.0.1", port: listener.port)
        var connections = accepted.makeAsyncIterator()
        let far = try #require(await connections.next())
        do {
            try await body(near, far)
        } catch {
            Issue.record(error)
        }
        async let one = near.close()
        async let other = far.close()
        _ = await (one, other)
        ending.finish()
        _ = await listener.close()
        try await group.waitForAll()
    }
}

/// How a call of a stream failed; nil when it did not.
func failure(_ body: () async throws(StreamFailure) -> Void) async -> StreamFailure? {
    do throws(StreamFailure) {
        try await body()
        return nil
    } catch {
        return error
    }
}

extension SocketStream {
    func readAll(atMost: Int = 65_536) async throws(StreamFailure) -> ByteBuffer {
        var all = ByteBuffer()
        while var octets = try await read(atMost: atMost) { all.writeBuffer(&octets) }
        return all
    }

    func readExactly(_ count: Int) async throws(StreamFailure) -> ByteBuffer {
        var all = ByteBuffer()
        while all.readableBytes < count, var octets = try await read(atMost: count - all.readableBytes) {
            all.writeBuffer(&octets)
        }
        return all
    }

    /// Returns when the kernel takes no more, so that a part of what was written waits on this side.
    func waitUntilItStalls() async {
        while await (tcpInfo()?.unsentOctets ?? 0) == 0 { await Task.yield() }
    }
}

/// A clock on which every time to wait is over at once.
struct HastyClock: Clock {
    typealias Duration = Swift.Duration
    typealias Instant = ContinuousClock.Instant

    var now: Instant { ContinuousClock().now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}
