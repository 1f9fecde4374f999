import NIOCore

/// A command line at work: what is left of it, and what was decided about the command that runs.
struct Execution {
    let token: Int
    var remaining: ArraySlice<Command>
    /// A character from the host aborts it (V.250 §5.6.1): `D` and `+COPS=?`.
    var isAbortable = false
    /// It runs until an event concludes it: its reply was `.later`.
    var isWaiting = false
    var effects: [Fault.Effect] = []
    /// The host wrote while it ran; said once in the ledger.
    var sawEarlyOctets = false
}

/// What a command answers.
enum Reply: Equatable {
    /// Success, with these lines of information as one block.
    case success([String] = [])
    /// Success, with these lines and no final result code behind them.
    case bare([String])
    case refused(Refusal)
    /// Another final result than `OK`: `SEND OK`.
    case final(String)
    /// Success, with information that the family framed itself: counted octets behind a header.
    case framed([UInt8])
    /// An event concludes it later.
    case later
    case prompt(Prompt)
    /// Data mode of that slot.
    case connect(Int)
    /// Nothing more: the modem is gone in between.
    case nothing
}

/// A prompt that was shown, and what has been typed behind it.
struct Prompt: Equatable {
    let token: Int
    let slot: Int
    /// How many octets are wanted; nil until `<^Z>`.
    let expected: Int?
    /// Where nothing is counted, the payload is complete with so many at the latest.
    let limit: Int
    /// Whether payload is echoed.
    let isEchoed: Bool
    /// How long it is waited for; nil for ever.
    let inputTime: TimeAmount?
    /// What shows that payload is wanted, behind a line end.
    var text = "> "
    var collected = ByteBuffer()
    var failure: Failure?

    /// How the payload is answered when not by its merits.
    enum Failure: Equatable {
        case error
        case sendFail
    }
}

/// The line in data mode.
struct Online {
    let slot: Int
    var detector: EscapeDetector
    /// Octets of the host that wait to fill a packet.
    var pending = ByteBuffer()
}
