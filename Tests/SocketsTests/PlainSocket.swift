import Glibc
import NIOCore
import NIOPosix
import Testing

/// A socket without a `SocketStream`: for peers that reset, or do not answer.
final class PlainSocket: Sendable {
    let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    func connect(to address: SocketAddress) {
        // The address lives for the call.
        _ = unsafe address.withSockAddr { unsafe Glibc.connect(descriptor, $0, socklen_t($1)) }
    }

    /// From now on a close is a reset.
    func resetAtClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        // The option lives for the call.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

/// Runs `body` with a port that does not answer: a listener with room for one connection that nobody accepts, and that room
/// is taken, so that Linux drops each further SYN.
func withBlackhole(_ body: (_ port: Int) async throws -> Void) async throws {
    let listener = try await ServerBootstrap(group: loop)
        .serverChannelOption(.backlog, value: 0)
        .serverChannelOption(.autoRead, value: false)
        .bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(listener.localAddress)
    let guests = try (0..<4).map { _ in try PlainSocket() }
    for guest in guests {
        _ = fcntl(guest.descriptor, F_SETFL, O_NONBLOCK)
        guest.connect(to: address)
    }
    try await body(address.port ?? 0)
    withExtendedLifetime(guests) {}
    try await listener.close()
}
