public import AT
public import Scopes

/// How the modem, its SIM or the cellular network failed, on the way to a usable PDP context.
///
/// Words of the modem and of the network are kept as they came; `summary` makes them printable.
public enum ModemError: Failure, Equatable {
    /// A value of the configuration that cannot be used.
    case invalid(option: String, words: String)
    /// The line or a command failed.
    case line(phase: Phase, ATError)
    /// A command of the owner's `init` list was refused.
    case initCommandRefused(command: String, code: FinalResultCode)
    /// The modem does not switch its radio on.
    case radioOff(words: String)

    case simAbsent
    /// The SIM did not answer within the limit (busy, failing).
    case simNotReady(words: String, limit: Duration)
    /// A personalisation lock (`PH-NET PIN`) or another code that no option of ours gives.
    case simLocked(code: String)
    /// The SIM wants its PIN, and none is configured.
    case pinRequired
    /// The SIM refused the PIN just now.
    case pinRefused(triesLeft: Int?)
    /// The SIM refused this PIN before: it was not sent. `record` says where that is written.
    case pinRefusedBefore(record: String)
    /// Fewer than two tries are left: the PIN was not sent.
    case pinTriesTooFew(Int)
    /// The tries left cannot be asked: the PIN was not sent.
    case pinCounterUnknown
    /// The use of the PIN cannot be recorded on disk: it was not sent.
    case pinRecordUnavailable(words: String)
    /// The SIM is blocked and wants its PUK, which is never entered.
    case pukRequired

    case registrationDenied(cause: NetworkCause?, words: String?)
    /// No network within the limit. `signal` is in dBm.
    case registrationTimedOut(state: String, signal: Int?, limit: Duration)
    case roamingRefused(network: String?)
    case attachRefused(cause: NetworkCause?, words: String)
    /// The context was refused: when it was defined, or when it was activated.
    case contextRefused(apn: String?, cause: NetworkCause?, words: String)

    public var failureClass: FailureClass {
        switch self {
        case .invalid, .initCommandRefused, .pinRequired, .pinCounterUnknown, .pinRecordUnavailable: .configuration
        case .line(_, let error): error.failureClass
        case .radioOff: .modem
        case .simAbsent, .simNotReady, .simLocked, .pinRefused, .pinRefusedBefore, .pinTriesTooFew, .pukRequired: .sim
        case .registrationDenied(let cause, _): cause?.failureClass ?? .network
        case .registrationTimedOut, .roamingRefused: .network
        case .attachRefused(let cause, _), .contextRefused(_, let cause, _): cause?.failureClass ?? .network
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .invalid, .initCommandRefused, .pinRequired, .pinCounterUnknown, .pinRecordUnavailable: .configuration
        case .pinRefused, .pinRefusedBefore, .pinTriesTooFew, .pukRequired: .credentialsRefused
        case .line(_, let error): error.exitStatus
        case .radioOff, .simAbsent, .simNotReady, .simLocked: .unavailable
        case .registrationDenied, .registrationTimedOut, .roamingRefused: .unavailable
        case .attachRefused(let cause, _), .contextRefused(_, let cause, _): Self.exitStatus(of: cause)
        }
    }

    private static func exitStatus(of cause: NetworkCause?) -> ExitStatus {
        guard let cause else { return .unavailable }
        if cause.isAuthentication { return .credentialsRefused }
        return cause.failureClass == .configuration ? .configuration : .unavailable
    }

    /// Where on the way it failed.
    public var phase: Phase {
        switch self {
        case .line(let phase, _): phase
        case .invalid, .initCommandRefused: .identify
        case .radioOff, .simAbsent, .simNotReady, .simLocked, .pinRequired, .pinRefused, .pinRefusedBefore,
            .pinTriesTooFew, .pinCounterUnknown, .pinRecordUnavailable, .pukRequired:
            .sim
        case .registrationDenied, .registrationTimedOut, .roamingRefused: .registration
        case .attachRefused: .attach
        case .contextRefused: .context
        }
    }
}
