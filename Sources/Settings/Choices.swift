public import Credentials

/// How the line is kept from overrunning: `none` or `rts-cts`.
public enum FlowControl: String, Sendable, CaseIterable {
    case none
    case rtsCTS = "rts-cts"
}

/// Whether a PIN is sent only when its use can be recorded and the tries left can be asked.
public enum PINGuardChoice: String, Sendable, CaseIterable {
    case required
    /// It is sent all the same: a wrong one can block the SIM.
    case off
}

/// Whether a visited network may be used.
public enum Roaming: String, Sendable, CaseIterable {
    case allow
    case deny
}

/// What carries TCP.
public enum Via: Sendable, Equatable {
    /// PPP where this machine and the modem allow it, else the modem's own sockets.
    case auto
    /// The modem's own sockets.
    case socket
    /// Our own PPP, with the kernel's TCP in a network namespace.
    case ppp
    /// An interface of this host, by name; no modem is used.
    case interface(String)
}

/// The vendor's commands for sockets, and the way of receiving if one is asked for: `quectel`, `quectel/transparent`.
public struct DialectChoice: Sendable, Equatable {
    public enum Mode: String, Sendable, CaseIterable {
        case buffer
        case push
        case sendOK = "send-ok"
        case transparent
    }

    /// nil: recognised from the modem.
    public let name: String?
    /// nil: chosen by the length of the message.
    public let mode: Mode?
}

/// Which AUTH mechanism is preferred.
public enum AuthChoice: Sendable, Equatable {
    case fewestRoundTrips
    case strongest
    case none
    case mechanism(SASLMechanism)
}

extension SASLMechanism {
    /// The setting without which it proves nothing.
    var setting: Option {
        switch proof {
        case .password: .passwordFile
        case .token: .tokenFile
        case .certificate: .clientCertificate
        }
    }
}

/// What TLS offers, by what the link costs; what each does is said where `TLS` does it.
public enum LinkProfileChoice: String, Sendable, CaseIterable {
    case metered
    case standard
}

/// The device of a modem.
public enum DeviceChoice: Sendable, Equatable {
    /// A path, absolute or relative.
    case path(String)
}

/// When a notice of delivery is wanted.
public enum NotifyOccasion: String, Sendable, CaseIterable {
    case failure
    case delay
    case success
}

/// What of the message a notice of failure brings back.
public enum NotifyReturn: String, Sendable, CaseIterable {
    case full
    case headers
}
