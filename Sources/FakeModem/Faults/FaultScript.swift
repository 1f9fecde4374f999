public import NIOCore

/// What goes wrong, and when: each fault happens once.
public struct FaultScript: Sendable, Equatable {
    public var faults: [Fault] = []

    public init(_ faults: [Fault] = []) {
        self.faults = faults
    }
}

/// One thing that goes wrong, and when.
public struct Fault: Sendable, Equatable {
    public let trigger: Trigger
    public let effect: Effect

    public init(at trigger: Trigger, _ effect: Effect) {
        self.trigger = trigger
        self.effect = effect
    }

    public enum Direction: String, Sendable, Equatable, CaseIterable {
        /// From the host outwards.
        case up
        /// Towards the host.
        case down
    }

    public enum Trigger: Sendable, Equatable {
        /// When that many octets of payload were carried by sockets since the start.
        case octet(Int, Direction)
        /// When that many octets passed over the serial line since the start.
        case lineOctet(Int, Direction)
        /// At the `nth` (from 1) command that begins so, compared without case: `AT+QIOPEN`.
        case command(String, nth: Int)
        /// At the `nth` (from 1) arrival at that step.
        case step(Step, nth: Int)
        /// After that much virtual time.
        case time(TimeAmount)
    }

    /// Moments on the way of a mail, named as in the ledger.
    public enum Step: String, Sendable, Equatable, CaseIterable {
        case portOpened = "port-opened"
        case portClosed = "port-closed"
        case registered
        case bearerOpened = "bearer-opened"
        case bearerClosed = "bearer-closed"
        case socketOpened = "socket-opened"
        case connected
        case dataMode = "data-mode"
        case prompt
        /// The payload is complete, its confirmation is not out.
        case sent
        /// Payload reached the modem from the far end.
        case received
        case peerClosed = "peer-closed"
        case socketClosed = "socket-closed"
        case boot
    }

    public enum Effect: Sendable, Equatable {
        /// Takes everything and answers nothing, for that long or for ever.
        case silence(TimeAmount?)
        /// Takes nothing from the line, for that long or for ever.
        case stopReading(TimeAmount?)
        /// Resets, with `RDY` and what follows.
        case reboot
        /// The device vanishes: the pty's master is closed.
        case unplug
        /// DTR drops although the port stays open.
        case dropDTR
        /// The command is answered that much later.
        case late(TimeAmount)
        /// The command is refused: with this `+CME ERROR`, or with plain `ERROR`.
        case error(cme: Int?)
        /// The command's prompt never comes.
        case noPrompt
        /// The prompt comes, and the payload is answered with `ERROR`.
        case promptThenError
        /// The payload is answered with `SEND FAIL`, and none of it is kept.
        case sendFail
        /// Registration and all contexts are lost.
        case dropCarrier
        /// The context is deactivated by the network: `+QIURC: "pdpdeact"`.
        case deactivate
        /// The network ends the PPP link in order: LCP's Terminate-Request.
        case terminatePPP
        /// A PPP call ends at once, with `NO CARRIER` behind whatever was on the line, also amid a frame.
        case hangUp
        /// That many octets without a line end.
        case babble(Int)
        /// A URC of which only the first half is ever sent.
        case halfURC
        /// This line, as a URC.
        case urc(String)
        /// All connections are reset by their peers.
        case reset
        /// All connections are closed by their peers.
        case close
        /// The carrier moves nothing, for that long or for ever; nothing is acknowledged either.
        case stall(TimeAmount?)
        /// Connections that are opened from now on are never answered.
        case blackhole
        /// The SIM is pulled out.
        case removeSIM
        /// One bit is wrong in each of the next octets of payload that the carrier brings in that direction.
        case corrupt(Direction, Int)
        /// One bit is wrong in each of the next octets on the serial line in that direction.
        case noise(Direction, Int)
        /// In each of so many gaps between lines an unsolicited line appears; nil is in all from now on.
        case chatter(Int?)
        /// All peers end their sides; what the host sends is still taken.
        case halfClose
        /// The peers take everything and say nothing, for that long or for ever.
        case mute(TimeAmount?)
        /// What the peers say comes an octet at a time, each so much behind the one before.
        case dribble(TimeAmount)
    }
}
