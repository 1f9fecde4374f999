import NIOCore

/// What a loop drives: the imitated modem, or a transcript that is played.
protocol LoopMachine {
    var deadline: NIODeadline? { get }
    /// Octets that may be given to `.line` now.
    var lineRoom: Int { get }
    /// Whether commands are taken.
    var isReady: Bool { get }
    var ledger: Ledger { get set }
    /// How it ended by itself; nil while it goes on.
    var outcome: ReplayOutcome? { get }

    /// Octets that may be given to `.received` for that socket now.
    func window(of key: SocketKey) -> Int
    /// IP packets that may be given to `.packet` now.
    var packetRoom: Int { get }
    mutating func handle(_ event: ModemMachine.Event, now: NIODeadline) -> [ModemMachine.Action]
}

extension LoopMachine {
    var outcome: ReplayOutcome? { nil }
    func window(of key: SocketKey) -> Int { 0 }
    var packetRoom: Int { 0 }
}

extension ModemMachine: LoopMachine {}
