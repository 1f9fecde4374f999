import Credentials

/// A PDP context: its definition (shared by `+CGDCONT` and `+QICSGP`, as on the EC2x), and whether it is active.
struct PDPContext {
    enum State: Equatable {
        case inactive
        case active(address: String)
        /// Deactivated by the network: `+QIDEACT` has to come before the next `+QIACT`.
        case lost
    }

    var type = "IPV4V6"
    var apn = ""
    var user = ""
    var password = Secret("")
    var authentication = 0
    var state = State.inactive

    var address: String? {
        if case .active(let address) = state { address } else { nil }
    }
}
