/// What the modem has of the network.
struct Radio {
    /// `<stat>` of 3GPP TS 27.007 §7.2 where the domains agree.
    enum Status: Equatable {
        case off
        case searching
        case registered(Registration)
        case denied(cause: Int)
    }

    var status = Status.off
    /// `+CFUN`: 0 minimum, 1 full, 4 radio off.
    var function = 1
    /// Detached by `+CGATT=0`.
    var isDetached = false
    /// Deregistered by `+COPS=2`.
    var isDeregistered = false
    /// The format of `+COPS?`: 0 long, 1 short, 2 numbers.
    var operatorFormat = 0

    var isRegistered: Bool {
        if case .registered = status { true } else { false }
    }

    var isAttached: Bool { isRegistered && !isDetached }

    func stat(_ domain: Domain) -> Int {
        switch (status, domain) {
        case (.off, _): 0
        case (.searching, _): 2
        case (.denied, _): 3
        case (.registered(.lteOnly), .circuit), (.registered(.lteOnly), .packet): 0
        case (.registered(.roaming), _): 5
        case (.registered, _): 1
        }
    }
}
