/// How a command is refused.
enum Refusal: Equatable {
    /// `ERROR` in every mode: a syntax error, an unknown command, most of the `+QI` family.
    case plain
    /// `+CME ERROR` in the form that `+CMEE` asks for.
    case cme(Int)

    /// The words of 3GPP TS 27.007 §9.2.
    static func words(_ code: Int) -> String {
        switch code {
        case 0: "phone failure"
        case 3: "operation not allowed"
        case 4: "operation not supported"
        case 10: "SIM not inserted"
        case 11: "SIM PIN required"
        case 12: "SIM PUK required"
        case 13: "SIM failure"
        case 14: "SIM busy"
        case 15: "SIM wrong"
        case 16: "incorrect password"
        case 22: "not found"
        case 30: "no network service"
        case 50: "incorrect parameters"
        case 107: "GPRS services not allowed"
        case 111: "PLMN not allowed"
        case 127: "missing or unknown APN"
        case 129: "user authentication failed"
        case 134: "service option temporarily out of order"
        case 149: "PDP authentication failure"
        case 151: "last PDN disconnection not allowed"
        case 192: "PDP type IPv4 only allowed"
        case 148: "unspecified GPRS error"
        default: "unknown"
        }
    }
}
