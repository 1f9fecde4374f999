import CLinux
import Glibc
import SystemPackage

/// Makes the namespaces and the device, and gives the device what PPP has negotiated. Single-threaded, in the helper alone.
enum NamespaceSetup {
    static let device = "ppp0"

    struct Made {
        /// Of /dev/net/tun, non-blocking.
        let tun: Int32
        let unsettled: [String]
    }

    static func make() throws(HelperFault) -> Made {
        try enter()
        // Only now: a descriptor that was opened in another namespace has no right in this one.
        let tun: Int32
        do {
            // The name is a literal of this program.
            tun = try unsafe FileDescriptor.open(
                "/dev/net/tun", .readWrite, options: [.nonBlocking, .closeOnExec]
            ).rawValue
        } catch {
            throw HelperFault(.deviceOpen, (error as? Errno ?? .ioError).rawValue)
        }
        // Each name outlives its call.
        try HelperFault.check(.deviceAttach, unsafe clinux_tun_attach(tun, device))
        try HelperFault.check(.loopback, unsafe clinux_device_bring_up("lo"))
        let unsettled = KernelSettings.apply(KernelSettings.namespace + KernelSettings.device(device))
        return Made(tun: tun, unsettled: unsettled)
    }

    /// Root needs no user namespace, unless it is root of a container that may not make a network.
    private static func enter() throws(HelperFault) {
        if geteuid() == 0, clinux_namespace_unshare(false) == 0 { return }
        let user = geteuid()
        let group = getegid()
        try HelperFault.check(.userNamespace, clinux_namespace_unshare(true))
        do throws(Errno) {
            // user_namespaces(7): without this the group cannot be mapped by one who may not set groups.
            try KernelSettings.write("deny", to: "/proc/self/setgroups")
            try KernelSettings.write("0 \(user) 1", to: "/proc/self/uid_map")
            try KernelSettings.write("0 \(group) 1", to: "/proc/self/gid_map")
        } catch {
            throw HelperFault(.identity, error.rawValue)
        }
    }

    /// May be called again with more: what is there already is no error.
    static func configure(_ addresses: TunnelAddresses) throws(HelperFault) {
        // All that is passed by pointer, here and below, outlives its call.
        let index = try HelperFault.check(.deviceUp, unsafe clinux_device_index(device))
        try HelperFault.check(.mtu, unsafe clinux_device_set_mtu(device, Int32(clamping: addresses.mtu)))
        try HelperFault.check(.queue, clinux_device_set_queue(index, Int32(clamping: addresses.queuePackets)))
        try HelperFault.check(.deviceUp, unsafe clinux_device_bring_up(device))
        if let ipv4 = addresses.ipv4 {
            try add(ipv4.address, prefix: 32, peer: ipv4.peer, to: index)
            try route(.any(.v4), prefix: 0, source: ipv4.address, through: index)
        }
        if let ipv6 = addresses.ipv6 {
            let unsettled = KernelSettings.apply(KernelSettings.ipv6(device, ipv6.role))
            guard unsettled.isEmpty else { throw HelperFault(.ipv6, EAFNOSUPPORT) }
            try add(.linkLocal(ipv6.interfaceIdentifier), prefix: 64, peer: nil, to: index)
            switch ipv6.role {
            case .router: try route(.any(.v6), prefix: 0, source: nil, through: index)
            case .host: try HelperFault.check(.solicitation, clinux_router_solicit(index))
            }
        }
        let loopback = try HelperFault.check(.loopback, unsafe clinux_device_index("lo"))
        for prefix in addresses.localPrefixes {
            let octets = prefix.address.octets
            try HelperFault.check(
                .route,
                unsafe clinux_route_add(
                    loopback, octets, Int32(octets.count), Int32(prefix.length), true, nil))
        }
    }

    private static func add(
        _ address: IPAddress, prefix: Int32, peer: IPAddress?, to device: Int32
    ) throws(HelperFault) {
        let octets = address.octets
        let result =
            if let peer {
                unsafe clinux_address_add(device, octets, Int32(octets.count), prefix, peer.octets)
            } else {
                unsafe clinux_address_add(device, octets, Int32(octets.count), prefix, nil)
            }
        try HelperFault.check(.address, result)
    }

    private static func route(
        _ destination: IPAddress, prefix: Int32, source: IPAddress?, through device: Int32
    ) throws(HelperFault) {
        let octets = destination.octets
        let result =
            if let source {
                unsafe clinux_route_add(device, octets, Int32(octets.count), prefix, false, source.octets)
            } else {
                unsafe clinux_route_add(device, octets, Int32(octets.count), prefix, false, nil)
            }
        try HelperFault.check(.route, result)
    }

    /// The global addresses of the device.
    static func addresses() throws(HelperFault) -> [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { throw HelperFault(.addresses, errno) }
        defer { unsafe freeifaddrs(list) }
        var found: [IPAddress] = []
        // The list lives until it is freed; addresses are copied out of it.
        var entry = unsafe list
        while let current = unsafe entry {
            defer { unsafe entry = current.pointee.ifa_next }
            guard unsafe String(cString: current.pointee.ifa_name) == device,
                let address = unsafe current.pointee.ifa_addr.flatMap({ unsafe IPAddress(copying: $0) }),
                !address.isLinkLocal
            else { continue }
            found.append(address)
        }
        return found
    }

    static func counters() throws(HelperFault) -> DeviceCounters {
        let found = clinux_device_counters_read(try HelperFault.check(.counters, unsafe clinux_device_index(device)))
        let values = [
            found.received_packets, found.sent_packets, found.received_octets, found.sent_octets,
            found.received_dropped, found.sent_dropped,
        ]
        guard found.error == 0, let counters = DeviceCounters(values) else {
            throw HelperFault(.counters, found.error)
        }
        return counters
    }
}

extension IPAddress {
    /// The pointer is to a whole address of its family, as the kernel and libc give them.
    fileprivate init?(copying pointer: UnsafePointer<sockaddr>) {
        switch unsafe Int32(pointer.pointee.sa_family) {
        case AF_INET:
            self.init(
                octets: unsafe pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    unsafe withUnsafeBytes(of: $0.pointee.sin_addr.s_addr) { unsafe Array($0) }
                })
        case AF_INET6:
            self.init(
                octets: unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    unsafe withUnsafeBytes(of: $0.pointee.sin6_addr) { unsafe Array($0) }
                })
        default: return nil
        }
    }
}
