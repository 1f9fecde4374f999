import Glibc

/// A listening socket whose connections are taken and reset by hand.
final class Listener {
    struct Failed: Error {}

    let port: Int
    private let number: Int32

    init() throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = number
        let isBound = unsafe withUnsafeMutableBytes(of: &address) { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) {
                unsafe bind(descriptor, $0.baseAddress, size) == 0 && listen(descriptor, 5) == 0
                    && getsockname(descriptor, $0.baseAddress, &size) == 0
            }
        }
        guard isBound else { throw Failed() }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close() }

    func acceptAndReset() throws {
        var status = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&status, 1, 10_000) > 0 else { throw Failed() }
        let connection = accept(number, nil, nil)
        var linger = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        _ = Glibc.close(connection)
    }

    private var isOpen = true

    func close() {
        guard isOpen else { return }
        isOpen = false
        _ = Glibc.close(number)
    }
}
