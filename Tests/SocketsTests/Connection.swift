import ByteStreams
import Glibc
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

/// A socket without a `SocketStream`: for peers that reset, or do not answer.
final class PlainSocket: Sendable {
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    /// Listens with room for one connection that nobody accepts, and fills that room: later SYNs are dropped.
    static func blackhole() throws -> (sockets: [PlainSocket], port: Int) {
        let listener = try PlainSocket()
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The address lives for each call, and its length is its own.
        unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe bind(listener.descriptor, $0, length)
                _ = listen(listener.descriptor, 0)
                _ = unsafe getsockname(listener.descriptor, $0, &length)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let guests = try (0..<4).map { _ in try PlainSocket() }
        for guest in guests {
            _ = fcntl(guest.descriptor, F_SETFL, O_NONBLOCK)
            guest.connect(port)
        }
        return ([listener] + guests, Int(port))
    }

    func connect(_ port: UInt16) {
        var address = Self.loopback(port)
        // The address lives for the call.
        unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// From now on a close is a reset.
    func resetAtClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        // The option lives for the call.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
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
