import AT
import Scopes

extension ModemError {
    public var summary: String {
        switch self {
        case .invalid(let option, let words): "\(option): \(words.printable())"
        case .line(let phase, let error): "\(phase.rawValue): \(error.summary)"
        case .initCommandRefused(let command, let code): "the modem answered \(code) to the init command \(command)"
        case .radioOff(let words): "the modem does not switch its radio on: \(words.printable(limit: 120))"
        case .simAbsent: "no SIM in the modem"
        case .simNotReady(let words, let limit):
            "the SIM is not ready after \(limit.words): \(words.printable(limit: 120))"
        case .simLocked(let code): "the modem asks for \(code.printable(limit: 40))"
        case .pinRequired: "the SIM asks for its PIN, and none is configured"
        case .pinRefused(let tries):
            "the SIM refused the PIN" + (tries.map { ", \($0) \($0 == 1 ? "try" : "tries") left" } ?? "")
        case .pinRefusedBefore: "the SIM refused this PIN before; it was not sent again"
        case .pinTriesTooFew(let tries): "the SIM has \(tries) \(tries == 1 ? "try" : "tries") left; no PIN was sent"
        case .pinCounterUnknown: "the modem does not say how many tries the SIM has left; no PIN was sent"
        case .pinRecordUnavailable(let words):
            "the use of the PIN cannot be recorded (\(words.printable(limit: 160))); no PIN was sent"
        case .pukRequired: "the SIM is blocked and asks for its PUK"
        case .registrationDenied(let cause, let words):
            "the network denied registration" + Self.behindColon(cause?.description, words)
        case .registrationTimedOut(let state, let signal, let limit):
            "no network after \(limit.words): \(state)"
                + (signal.map { ", signal \($0) dBm" } ?? ", no signal measured")
        case .roamingRefused(let network):
            "only a visited network is here" + (network.map { " (\($0.printable(limit: 40)))" } ?? "")
        case .attachRefused(let cause, let words):
            "the network refused the attach" + Self.behindColon(cause?.description, words)
        case .contextRefused(let apn, let cause, let words):
            "the context of " + (apn.map { "APN \($0)" } ?? "the default APN") + " was refused"
                + Self.behindColon(cause?.description, words)
        }
    }

    public var advice: String? {
        switch self {
        case .invalid: "correct that value"
        case .line(_, let error): error.advice
        case .initCommandRefused: "correct or remove it from init"
        case .radioOff: "power the modem off and on"
        case .simAbsent: "insert a SIM, or check how it sits"
        case .simNotReady: "check how the SIM sits; power the modem off and on"
        case .simLocked: "the modem or the SIM is locked to an operator: unlock it with that operator"
        case .pinRequired: "give it with --sim-pin-file, or switch the PIN off"
        case .pinRefused: "correct sim-pin-file before the next start; this PIN is not sent to this SIM again"
        case .pinRefusedBefore(let record):
            "correct sim-pin-file; if the SIM's PIN was changed to it since, delete \(record.printable())"
        case .pinTriesTooFew: "unlock the SIM once in a phone with the right PIN"
        case .pinCounterUnknown: "switch the SIM's PIN off"
        case .pinRecordUnavailable: "give a writable --state-dir"
        case .pukRequired: "unlock it in a phone with the PUK from the operator"
        case .registrationDenied(let cause, _):
            cause?.advice ?? "ask the operator whether the SIM is activated and paid"
        case .registrationTimedOut(_, nil, _): "check the antenna and the coverage"
        case .registrationTimedOut: "check the antenna, and whether the SIM is activated; wait longer with --wait"
        case .roamingRefused: "allow it with --roaming allow; it may cost more"
        case .attachRefused(let cause, _): cause?.advice ?? "ask the operator whether the subscription has data service"
        case .contextRefused(_, let cause, _): cause?.advice ?? "check the APN and its account with the operator"
        }
    }

    private static func behindColon(_ parts: String?...) -> String {
        let known = parts.compactMap { $0 }.filter { !$0.isEmpty }.map { $0.printable(limit: 160) }
        return known.isEmpty ? "" : ": " + known.joined(separator: "; ")
    }
}
