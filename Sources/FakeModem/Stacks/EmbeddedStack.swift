import NIOCore

/// A family of embedded-TCP commands: what a host may type, and in which words the modem tells what happens to connections.
///
/// The model core (`ModemMachine`) has the line, the card, the network, contexts, the carrier, faults and the ledger; it knows
/// slots and moves their octets, but none of these commands. A value of the family is its state between commands. Its work is
/// done by static functions on the whole modem, since nearly all that they touch is the modem's: they reach their own state
/// through `modem.stack`. A slot is taken by `occupy` and freed by `release`; only these two write the ledger.
protocol EmbeddedStack: Sendable {
    /// As after a reset.
    init()

    /// Answers the family's commands, and what else its makers added; nil: none of these. It is asked first, so a family may
    /// answer a standard's command in its own way.
    static func answer(_ command: Command, token: Int, on modem: inout ModemMachine) -> Reply?

    /// Whether a command asks the network, and so takes a round trip more than others.
    static func asksNetwork(_ command: Command) -> Bool

    /// `&F` and `Z` restore what the host has set.
    mutating func restoreSettings()

    // MARK: Connections

    /// The connection of this slot stands. Where a command waits for it, `opener` of the slot is its token.
    static func connected(_ id: Int, on modem: inout ModemMachine)
    /// It does not, and why. The slot is `.failed`.
    static func notConnected(_ id: Int, _ failure: ConnectFailure, on modem: inout ModemMachine)
    /// Octets came into the slot's buffer.
    static func arrived(_ id: Int, on modem: inout ModemMachine)
    /// The peer ended the connection, or reset it; the slot is `.ended`. Not called of a slot that has the line.
    static func peerEnded(_ id: Int, wasReset: Bool, on modem: inout ModemMachine)
    /// The far TCP acknowledged more of what was sent.
    static func acknowledged(_ id: Int, on modem: inout ModemMachine)
    /// The peer's reset met a slot that closes for the command with this token.
    static func closed(_ id: Int, byResetFor token: Int, on modem: inout ModemMachine)
    /// A close has waited for acknowledgements as long as it may.
    static func closeTimedOut(_ id: Int, token: Int, on modem: inout ModemMachine)
    /// The network ended this context: its state is `.lost`, its slots are still what they were.
    static func contextLost(_ cid: Int, on modem: inout ModemMachine)

    // MARK: Pushed octets

    /// Received octets leave without being asked for; at most `pushLimit` at once.
    static func push(_ id: Int, _ octets: ByteBuffer, on modem: inout ModemMachine)
    /// The peer has ended, and its last octet was pushed.
    static func pushEnded(_ id: Int, on modem: inout ModemMachine)
    static var pushLimit: Int { get }

    // MARK: Sending behind a prompt

    /// What answers the payload of a prompt that is complete.
    static func confirmation(of prompt: Prompt, on modem: inout ModemMachine) -> Reply
    /// What ends a prompt that `<ESC>` cancelled, or whose input time is over.
    static func abandoned(_ prompt: Prompt, timedOut: Bool, on modem: inout ModemMachine) -> String

    // MARK: Data mode

    /// What the host typed in data mode: payload, and marks where the family has any.
    static func pieces(of typed: [UInt8], for id: Int, on modem: inout ModemMachine) -> [OnlinePiece]
    /// Received octets as they go on the line.
    static func onLine(_ payload: [UInt8], of id: Int, on modem: ModemMachine) -> [UInt8]
    /// The peer has ended, and its last octet is on the line.
    static func endedOnline(_ id: Int, on modem: inout ModemMachine)
    /// Whether a host may still send when the peer has ended its own direction.
    static var closesHalf: Bool { get }
    /// What the modem says when a connection that has the line has ended, or its bearer.
    static var onlineEnd: String { get }
    /// `O`: which slot gets the line, or what refuses it.
    static func resume(on modem: inout ModemMachine) -> Reply
    /// The line leaves data mode and the slot lives on: from now on its octets are told of again.
    static func leftDataMode(_ id: Int, on modem: inout ModemMachine)
    /// Octets of the host in data mode travel once there are so many, or after so long without further ones.
    var packet: (octets: Int, wait: TimeAmount) { get }
}

/// A family whose data mode is plain.
extension EmbeddedStack {
    static func pieces(of typed: [UInt8], for id: Int, on modem: inout ModemMachine) -> [OnlinePiece] {
        typed.isEmpty ? [] : [.octets(typed)]
    }

    static func onLine(_ payload: [UInt8], of id: Int, on modem: ModemMachine) -> [UInt8] { payload }

    static func endedOnline(_ id: Int, on modem: inout ModemMachine) {
        modem.leaveDataMode(onlineEnd, "the peer ended")
    }

    static var closesHalf: Bool { false }
}

/// A part of what a host types in data mode.
enum OnlinePiece: Equatable {
    case octets([UInt8])
    /// The host ends its direction of sending.
    case end
}

/// Why no connection came to be.
enum ConnectFailure: Equatable {
    case nameUnknown
    case refused
    case timedOut
}

extension ModemMachine {
    /// The family, for what it does to this modem.
    var family: any EmbeddedStack.Type { type(of: stack) }
}
