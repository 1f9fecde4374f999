/// A call that failed in the helper: where, and errno.
struct HelperFault: Error, Equatable {
    enum Step: UInt8 {
        case userNamespace = 1
        case namespace, identity, deviceOpen, deviceAttach, rights
        case loopback, mtu, queue, deviceUp, ipv6, address, route, solicitation
        case connect, listen, bind, addresses, counters
        /// The helper was asked for what it does not do, or for more than it does at once.
        case request

        /// For an error text, as in "setting the MTU".
        var words: String {
            switch self {
            case .userNamespace: "making a user namespace"
            case .namespace: "making a network namespace"
            case .identity: "mapping the user into the namespace"
            case .deviceOpen: "opening /dev/net/tun"
            case .deviceAttach: "making a TUN device"
            case .rights: "giving up rights"
            case .loopback: "bringing up the loopback device"
            case .mtu: "setting the MTU"
            case .queue: "setting the queue's length"
            case .deviceUp: "bringing up the TUN device"
            case .ipv6: "turning on IPv6"
            case .address: "setting an address"
            case .route: "setting a route"
            case .solicitation: "soliciting a router"
            case .connect: "connecting"
            case .listen: "listening"
            case .bind: "binding a UDP socket"
            case .addresses: "reading the addresses"
            case .counters: "reading the counters"
            case .request: "a request to the helper"
            }
        }
    }

    let step: Step
    /// A positive errno.
    let code: Int32

    init(_ step: Step, _ code: Int32) {
        self.step = step
        self.code = code
    }

    /// What a C function answered: the value, or a negative errno.
    @discardableResult
    static func check(_ step: Step, _ result: Int32) throws(HelperFault) -> Int32 {
        guard result < 0 else { return result }
        throw HelperFault(step, -result)
    }
}
