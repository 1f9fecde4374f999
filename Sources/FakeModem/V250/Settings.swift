/// What V.250 and 3GPP TS 27.007 let a host set, as after a reset or `&F`.
struct Settings {
    var echo = true
    var verbose = true
    var quiet = false
    var extendedResults = 4
    /// `+CMEE`: 0 `ERROR`, 1 numbers, 2 words.
    var errorMode = 0
    var carrierDetect = 1
    /// `&D`: 0 ignores DTR, 1 goes to command mode, 2 hangs up.
    var dataTerminalReady = 2
    /// S-registers by number; S3 line end, S4 line feed, S5 backspace, S12 guard time in units of 20 ms.
    var registers = [0: 0, 3: 13, 4: 10, 5: 8, 6: 2, 7: 0, 8: 2, 10: 15, 12: 50]
    var flow = (fromHost: 0, toHost: 0)
    /// Reporting modes of `+CREG`, `+CGREG`, `+CEREG`.
    var reporting = [Domain.circuit: 0, .packet: 0, .eps: 0]

    var lineEnd: UInt8 { UInt8(clamping: registers[3] ?? 13) }
    var lineFeed: UInt8 { UInt8(clamping: registers[4] ?? 10) }
    var backspace: UInt8 { UInt8(clamping: registers[5] ?? 8) }
}

/// What a modem registers for.
enum Domain: CaseIterable {
    case circuit
    case packet
    case eps

    var command: String {
        switch self {
        case .circuit: "+CREG"
        case .packet: "+CGREG"
        case .eps: "+CEREG"
        }
    }
}
