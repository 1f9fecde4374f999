import NIOCore
import PPP

/// A cellular modem without its wires: octets, connections and time come in, actions go out. No clock, no file, no thread.
///
/// What it is written from: ITU-T V.250 (command line, results, data state), 3GPP TS 27.007 (SIM, registration, contexts),
/// and the makers' manuals for what is particular to one (`EmbeddedStack`, `Profile`). What real firmware leaves open is
/// decided on the strict side and said where it is decided. The files `ModemMachine+….swift` hold its parts:
///
///     host ─ Line ─ Input ─┬─ Commands ─ Basic, Identity, SIM, Network, Contexts, and the family of its sockets
///                          ├─ Prompts (payload)                     │
///                          └─ Online (data mode)  ─ Slots ─ Carrier ─ far sockets
struct ModemMachine {
    enum Event {
        case started
        /// The first host opened the slave, or the last one closed it: the rise and the drop of DTR.
        case hostOpened
        case hostClosed
        case line(ByteBuffer)
        /// The host's termios speed.
        case hostSpeed(Int)
        /// Whether the pty takes output.
        case writable(Bool)
        case connected(SocketKey)
        case connectFailed(SocketKey)
        case received(SocketKey, ByteBuffer)
        /// The far TCP took so many of the octets that were sent.
        case delivered(SocketKey, Int)
        case ended(SocketKey)
        case reset(SocketKey)
        case inflict(Fault.Effect)
        /// The network behind a PPP call, as it was asked for.
        case networkReady
        case networkFailed(String)
        /// One IP packet of that network.
        case packet(ByteBuffer)
        case deadlinePassed
        case stopped
    }

    enum Action: Equatable {
        case write(ByteBuffer)
        case connect(SocketKey, address: String, port: Int)
        case send(SocketKey, ByteBuffer)
        /// Ends the direction of sending alone, after what was sent is out.
        case finish(SocketKey)
        /// After what was sent is out.
        case close(SocketKey)
        /// At once, with a reset.
        case abort(SocketKey)
        case unplug
        /// The network behind a PPP call: made at the first, told of the host's address at each.
        case openNetwork(FarNet.Plan)
        /// One IP packet for that network.
        case packet(ByteBuffer)
    }

    /// What the line is for at the moment.
    enum Activity {
        case idle
        case running(Execution)
        case prompting(Prompt)
        case online(Online)
        /// PPP: what `call` is has the line.
        case calling
    }

    enum Power: Equatable {
        case on
        case booting
        case off
    }

    /// What happens later.
    enum Due {
        case execute(Int)
        case conclude(Int, Reply)
        case promptTimedOut(Int)
        case confirm(Prompt)
        case escapeGuard
        case transparentWait
        case unsolicited(String)
        case simBecomes(SIMCondition)
        case simSettled
        case register
        case boot(Int)
        case restart
        /// With these last words, where there are any.
        case powerOff(String?)
        case connect(SocketKey)
        case opened(SocketKey)
        case online(SocketKey)
        case openFailed(SocketKey, ConnectFailure)
        case transmit(SocketKey, ByteBuffer)
        case transmitEnd(SocketKey)
        case acknowledged(SocketKey, Int)
        case arrived(SocketKey, ByteBuffer)
        case arrivedEnd(SocketKey)
        case arrivedReset(SocketKey)
        case closeTimedOut(SocketKey)
        case lineChanges(baud: Int)
        case fault(Fault.Effect)
        /// Packets of a PPP call at the end of their way over the carrier.
        case packetUp(ByteBuffer)
        case packetDown(ByteBuffer)
        /// The call is over, with these words for the ledger.
        case hangUp(String)
        case wake
    }

    let options: FakeModemOptions
    let start: NIODeadline
    var now: NIODeadline
    var random: SplitMix64
    var agenda = Agenda<Due>()
    var actions: [Action] = []
    var ledger: Ledger
    var faults: FaultState

    var power = Power.on
    var hosts = 0
    var serial: SerialLine
    var settings: Settings
    var reader = CommandLineReader()
    var activity = Activity.idle
    /// URCs that wait until the line is free for them.
    var unsolicited: [String] = []
    var prelude: ArraySlice<String>
    var lastToken = 0

    var sim: SIMCard
    var radio: Radio
    var contexts: [Int: PDPContext] = [:]
    var slots: [Int: SocketSlot] = [:]
    /// The PPP call, also while the line is in command mode.
    var call: DataCall?
    let farNet: FarNet
    var lastKey = 0
    /// The family of socket commands, with its state.
    var stack: any EmbeddedStack
    /// The network's words for what it refused last (`+CEER`).
    var lastCause = "No cause information available"
    var carrier: Carrier

    init(_ options: FakeModemOptions, now: NIODeadline) {
        self.options = options
        self.now = now
        start = now
        random = SplitMix64(seed: options.seed)
        ledger = Ledger(start: now)
        faults = FaultState(options.faults)
        serial = SerialLine(baud: options.baud, now: now)
        prelude = options.prelude[...]
        sim = SIMCard(options.sim)
        radio = Radio()
        settings = options.profile.settings
        stack = options.profile.stack.init()
        carrier = Carrier(options, now: now)
        farNet = FarNet(options)
    }

    /// When the driver owes `.deadlinePassed`; to be read again after every `handle`.
    var deadline: NIODeadline? {
        let inputNext = takesInput ? serial.inputDeadline(now: now) : nil
        return [agenda.next, inputNext, serial.outputDeadline(now: now), linkDeadline].compactMap { $0 }.min()
    }

    /// Octets that may be given to `.line` now.
    var lineRoom: Int { carrier.isUnplugged ? 0 : serial.inputRoom }

    /// Octets that may be given to `.received` for that socket now: what its window has left.
    func window(of key: SocketKey) -> Int {
        if call?.isForeign(key) == true { return max(0, Self.onlineBacklog - serial.output.readableBytes) }
        guard let slot = slots.values.first(where: { $0.key == key }), slot.state == .connected else { return 0 }
        return max(0, options.receiveBuffer - slot.received.readableBytes - slot.inTransit)
    }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        self.now = max(now, self.now)
        settle()
        take(event)
        settle()
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .started: begin()
        case .hostOpened: hostOpened()
        case .hostClosed: hostClosed()
        case .line(let octets): serial.receive(octets, now: now, random: &random)
        case .hostSpeed(let speed): serial.hostSpeed = speed
        case .writable(let isWritable): serial.isWritable = isWritable
        case .connected(let key) where call?.isForeign(key) == true: networkReady()
        case .connectFailed(let key) where call?.isForeign(key) == true: networkFailed("the PPP server is not there")
        case .received(let key, let octets) where call?.isForeign(key) == true: receiveFromServer(octets)
        case .ended(let key) where call?.isForeign(key) == true, .reset(let key) where call?.isForeign(key) == true:
            hangUp("the PPP server has closed")
        case .connected(let key): agenda.add(.opened(key), at: now + carrier.oneWay)
        case .connectFailed(let key): agenda.add(.openFailed(key, .refused), at: now + carrier.oneWay)
        case .received(let key, let octets): carryDown(key, octets)
        case .delivered(let key, let count): agenda.add(.acknowledged(key, count), at: now + carrier.oneWay)
        case .ended(let key): agenda.add(.arrivedEnd(key), at: carrier.arrivalOfEnd(now: now))
        case .reset(let key): agenda.add(.arrivedReset(key), at: carrier.arrivalOfEnd(now: now))
        case .inflict(let effect): suffer(effect)
        case .networkReady: networkReady()
        case .networkFailed(let words): networkFailed(words)
        case .packet(let packet): carryDown(packet)
        case .deadlinePassed: break
        case .stopped: ledger.end(now: now)
        }
    }

    /// Everything that can happen now, until nothing more can.
    private mutating func settle() {
        var progressed = true
        while progressed {
            progressed = false
            while let due = agenda.pop(now: now) {
                perform(due)
                progressed = true
            }
            if let due = linkDeadline, due <= now {
                feed(link: .deadlinePassed)
                progressed = true
            }
            if consumeInput() { progressed = true }
            feedOnline()
            feedPush()
            releaseUnsolicited()
            typePrelude()
            if flush() { progressed = true }
        }
    }

    private mutating func perform(_ due: Due) {
        switch due {
        case .execute(let token): execute(token)
        case .conclude(let token, let reply): conclude(token, reply)
        case .promptTimedOut(let token): promptTimedOut(token)
        case .confirm(let prompt): confirm(prompt)
        case .escapeGuard:
            completeEscape()
            escapeCall()
        case .transparentWait: forwardTransparent()
        case .unsolicited(let text): announce(text)
        case .simBecomes(let condition): simBecomes(condition)
        case .simSettled: sim.isSettling = false
        case .register: register()
        case .boot(let step): boot(step)
        case .restart: restart()
        case .powerOff(let words): shutDown(words)
        case .connect(let key): connectNow(key)
        case .opened(let key): opened(key)
        case .online(let key): goOnline(key)
        case .openFailed(let key, let error): openFailed(key, error)
        case .transmit(let key, let octets): transmit(key, octets)
        case .transmitEnd(let key): transmitEnd(key)
        case .acknowledged(let key, let count): acknowledged(key, count)
        case .arrived(let key, let octets): arrived(key, octets)
        case .arrivedEnd(let key): arrivedEnd(key, wasReset: false)
        case .arrivedReset(let key): arrivedEnd(key, wasReset: true)
        case .closeTimedOut(let key): closeTimedOut(key)
        case .lineChanges(let baud): serial.changeBaud(baud, now: now)
        case .fault(let effect): suffer(effect)
        case .packetUp(let packet): packetUp(packet)
        case .packetDown(let packet): packetDown(packet)
        case .hangUp(let words): hangUp(words)
        case .wake: break
        }
    }

    mutating func nextToken() -> Int {
        lastToken += 1
        return lastToken
    }
}

/// A connection to the far side, never used twice.
struct SocketKey: Hashable {
    let number: Int
}
