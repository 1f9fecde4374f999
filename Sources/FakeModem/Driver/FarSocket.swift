import Glibc
import NIOCore

/// One real TCP connection of this host: the far half of a modem's socket. Non-blocking; its owner polls it.
final class FarSocket {
    enum State {
        case connecting
        case connected
        /// The peer sent its end; octets may still go out.
        case ended
        case dead
    }

    let descriptor: Descriptor
    var state: State
    var outgoing = ByteBuffer()
    /// The end of this direction waits until all is out.
    var isFinishing = false
    /// Closing waits until all is out.
    var isClosing = false

    /// Starts to connect; nil when that fails at once.
    init?(address: String, port: Int) {
        guard let (family, octets) = Self.address(address), (1...65_535).contains(port) else { return nil }
        let number = socket(
            Int32(family), Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0
        )
        guard number >= 0 else { return nil }
        descriptor = Descriptor(number)
        let outcome = family == AF_INET ? Self.connect4(number, octets, port) : Self.connect6(number, octets, port)
        guard outcome == 0 || errno == EINPROGRESS else { return nil }
        state = .connecting
        var on: Int32 = 1
        // The value outlives the call. Nagle's delay would be ours, not the carrier's.
        _ = unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func address(_ text: String) -> (Int32, [UInt8])? {
        var octets = [UInt8](repeating: 0, count: 16)
        // The buffer has room for either kind of address.
        if unsafe inet_pton(AF_INET, text, &octets) == 1 { return (AF_INET, Array(octets.prefix(4))) }
        if unsafe inet_pton(AF_INET6, text, &octets) == 1 { return (AF_INET6, octets) }
        return nil
    }

    private static func connect4(_ number: Int32, _ octets: [UInt8], _ port: Int) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        // Both structures outlive the copy and the call; their sizes are passed.
        unsafe withUnsafeMutableBytes(of: &address.sin_addr) { unsafe $0.copyBytes(from: octets) }
        return unsafe withUnsafeBytes(of: &address) { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) {
                unsafe Glibc.connect(number, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func connect6(_ number: Int32, _ octets: [UInt8], _ port: Int) -> Int32 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = in_port_t(port).bigEndian
        // As above.
        unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { unsafe $0.copyBytes(from: octets) }
        return unsafe withUnsafeBytes(of: &address) { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) {
                unsafe Glibc.connect(number, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }

    /// The error that the socket holds; 0 is none.
    var pendingError: Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        // Both values outlive the call, which writes an Int32.
        _ = unsafe getsockopt(descriptor.number, SOL_SOCKET, SO_ERROR, &code, &size)
        return code
    }

    /// How many octets the kernel took of what waits; nil when the connection is dead.
    func sendWaiting() -> Int? {
        guard outgoing.readableBytes > 0 else { return 0 }
        let octets = Array(outgoing.readableBytesView)
        // The array outlives the call, which reads no more than its count.
        let count = unsafe octets.withUnsafeBytes {
            unsafe send(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR ? 0 : nil }
        outgoing.moveReaderIndex(forwardBy: count)
        outgoing.discardReadBytes()
        return count
    }

    /// Ends the direction of sending once nothing waits.
    func finishWaiting() {
        guard isFinishing, outgoing.readableBytes == 0 else { return }
        isFinishing = false
        _ = shutdown(descriptor.number, Int32(SHUT_WR))
    }

    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        // The value outlives the call; its size is passed.
        _ = unsafe setsockopt(
            descriptor.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        descriptor.close()
    }
}
