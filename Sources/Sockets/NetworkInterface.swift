import Glibc
import NIOCore

/// What the kernel says of one network interface at one moment.
struct NetworkInterface: Sendable, Equatable {
    var isUp: Bool
    /// Addresses that a connection to somewhere else may come from: no link-local ones.
    var addresses: [SocketAddress]

    func address(of family: NIOBSDSocket.ProtocolFamily) -> SocketAddress? {
        addresses.first { $0.protocol == family }
    }

    /// Nil when there is no interface of this name.
    static func named(_ name: String) -> NetworkInterface? {
        guard unsafe if_nametoindex(name) != 0 else { return nil }
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return NetworkInterface(isUp: true, addresses: []) }
        defer { unsafe freeifaddrs(list) }
        var result = NetworkInterface(isUp: false, addresses: [])
        // The list and all it points to live until `freeifaddrs`; names and addresses are copied out.
        var entry = unsafe list
        while let current = unsafe entry {
            defer { unsafe entry = current.pointee.ifa_next }
            guard unsafe String(cString: current.pointee.ifa_name) == name else { continue }
            if unsafe current.pointee.ifa_flags & UInt32(IFF_UP) != 0 { result.isUp = true }
            guard let pointer = unsafe current.pointee.ifa_addr, let address = unsafe copy(pointer),
                !isLinkLocal(address)
            else { continue }
            result.addresses.append(address)
        }
        return result
    }

    /// The address with port 0; nil for a family that carries no TCP.
    static func copy(_ pointer: UnsafePointer<sockaddr>) -> SocketAddress? {
        switch Int32(unsafe pointer.pointee.sa_family) {
        case AF_INET:
            unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { unsafe SocketAddress($0.pointee) }
        case AF_INET6:
            unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { unsafe SocketAddress($0.pointee) }
        default: nil
        }
    }

    private static func isLinkLocal(_ address: SocketAddress) -> Bool {
        guard let text = address.ipAddress else { return true }
        return text.hasPrefix("169.254.") || text.hasPrefix("fe80:")
    }
}
