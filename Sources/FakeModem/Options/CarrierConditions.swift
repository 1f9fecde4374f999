public import Credentials
public import NIOCore

/// The SIM when the modem starts.
public indirect enum SIMCondition: Sendable, Equatable {
    case absent
    case ready
    /// Locked by this PIN, three tries.
    case locked(pin: Secret)
    /// Blocked: the PUK (default 12345678) and a new PIN are wanted.
    case blocked(puk: Secret)
    /// Answers "SIM busy" for that long, then is what follows.
    case busy(TimeAmount, then: SIMCondition)

    /// Reads `none`, `ready`, `pin:DIGITS`, `puk`, `puk:DIGITS`, `busy:D` or `busy:D,REST`.
    public init(parsing text: String) throws(FakeModemError) {
        let failure = FakeModemError.badOption(
            "--sim", given: text,
            wanted: "none, ready, pin:DIGITS, puk, puk:DIGITS, busy:DURATION or busy:DURATION,STATE")
        let (head, rest) = text.cut(at: ",")
        let (word, value) = head.cut(at: ":")
        switch (word, value, rest) {
        case ("none", nil, nil): self = .absent
        case ("ready", nil, nil): self = .ready
        case ("pin", let digits?, nil) where Self.isCode(digits): self = .locked(pin: Secret(digits))
        case ("puk", nil, nil): self = .blocked(puk: Secret("12345678"))
        case ("puk", let digits?, nil) where Self.isCode(digits): self = .blocked(puk: Secret(digits))
        case ("busy", let duration?, _):
            guard let time = TimeAmount(parsing: duration) else { throw failure }
            self = .busy(time, then: try rest.map { text throws(FakeModemError) in try Self(parsing: text) } ?? .ready)
        default: throw failure
        }
    }

    private static func isCode(_ text: String) -> Bool {
        (4...8).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// Whether and how the network takes the modem.
public indirect enum Registration: Sendable, Equatable {
    case home
    case roaming
    /// Registered on E-UTRAN without circuit-switched service: `+CREG: 0,0` beside `+CEREG: 0,1`.
    case lteOnly
    /// Refused with this reject cause (3GPP TS 24.301 §9.9.3.9).
    case denied(cause: Int)
    /// Searches for ever.
    case none
    /// Searches for that long, then is what follows.
    case searching(TimeAmount, then: Registration)

    /// Reads `home`, `roaming`, `lte-only`, `none`, `denied`, `denied:CAUSE`, `searching:D` or `searching:D,REST`.
    public init(parsing text: String) throws(FakeModemError) {
        let failure = FakeModemError.badOption(
            "--registration", given: text,
            wanted: "home, roaming, lte-only, none, denied:CAUSE, searching:DURATION or searching:DURATION,STATE")
        let (head, rest) = text.cut(at: ",")
        let (word, value) = head.cut(at: ":")
        switch (word, value, rest) {
        case ("home", nil, nil): self = .home
        case ("roaming", nil, nil): self = .roaming
        case ("lte-only", nil, nil): self = .lteOnly
        case ("none", nil, nil): self = .none
        case ("denied", nil, nil): self = .denied(cause: 15)
        case ("denied", let number?, nil):
            guard let cause = Int(number), (0...255).contains(cause) else { throw failure }
            self = .denied(cause: cause)
        case ("searching", let duration?, _):
            guard let time = TimeAmount(parsing: duration) else { throw failure }
            self = .searching(
                time, then: try rest.map { text throws(FakeModemError) in try Self(parsing: text) } ?? .home)
        default: throw failure
        }
    }
}
