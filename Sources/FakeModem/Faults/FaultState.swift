import NIOCore

/// Which faults are still to come, and how far their counters are. Each happens once.
struct FaultState {
    private var pending: [Fault]
    private var commands: [String: Int] = [:]
    private var steps: [Fault.Step: Int] = [:]
    private var carried: [Fault.Direction: Int] = [:]
    private var line: [Fault.Direction: Int] = [:]
    /// Octets still to be damaged.
    private var corrupting: [Fault.Direction: Int] = [:]
    private var noise: [Fault.Direction: Int] = [:]
    /// Effects on a command or prompt that came when none was at work: the next one bears them.
    private var burdens: [Fault.Effect] = []

    init(_ script: FaultScript) {
        pending = script.faults.filter { if case .time = $0.trigger { false } else { true } }
    }

    /// The faults of a command that is about to run.
    mutating func take(command: String) -> [Fault.Effect] {
        let text = command.uppercased()
        let prefixes = pending.compactMap { fault in
            if case .command(let prefix, _) = fault.trigger, text.hasPrefix(prefix.uppercased()) { prefix } else { nil }
        }
        for prefix in Set(prefixes) { commands[prefix, default: 0] += 1 }
        let counts = commands
        return take { fault in
            guard case .command(let prefix, let nth) = fault.trigger, prefixes.contains(prefix) else { return false }
            return counts[prefix] == nth
        }
    }

    mutating func take(step: Fault.Step) -> [Fault.Effect] {
        steps[step, default: 0] += 1
        let count = steps[step]
        return take { if case .step(step, let nth) = $0.trigger { nth == count } else { false } }
    }

    /// How many octets of payload may pass before something happens.
    func octets(until direction: Fault.Direction) -> Int {
        distance(carried[direction] ?? 0) { if case .octet(let at, direction) = $0 { at } else { nil } }
    }

    func lineOctets(until direction: Fault.Direction) -> Int {
        distance(line[direction] ?? 0) { if case .lineOctet(let at, direction) = $0 { at } else { nil } }
    }

    mutating func passed(_ count: Int, _ direction: Fault.Direction) -> [Fault.Effect] {
        carried[direction, default: 0] += count
        let total = carried[direction] ?? 0
        return take { if case .octet(let at, direction) = $0.trigger { at <= total } else { false } }
    }

    mutating func linePassed(_ count: Int, _ direction: Fault.Direction) -> [Fault.Effect] {
        line[direction, default: 0] += count
        let total = line[direction] ?? 0
        return take { if case .lineOctet(let at, direction) = $0.trigger { at <= total } else { false } }
    }

    mutating func corrupt(_ count: Int, _ direction: Fault.Direction) {
        corrupting[direction, default: 0] += count
    }

    mutating func addNoise(_ count: Int, _ direction: Fault.Direction) {
        noise[direction, default: 0] += count
    }

    /// Payload as the carrier delivers it.
    mutating func carried(_ octets: ByteBuffer, _ direction: Fault.Direction) -> ByteBuffer {
        Self.damaged(octets, &corrupting[direction, default: 0])
    }

    /// Octets as the serial line delivers them.
    mutating func transferred(_ octets: ByteBuffer, _ direction: Fault.Direction) -> ByteBuffer {
        Self.damaged(octets, &noise[direction, default: 0])
    }

    private static func damaged(_ octets: ByteBuffer, _ left: inout Int) -> ByteBuffer {
        guard left > 0 else { return octets }
        let count = min(left, octets.readableBytes)
        left -= count
        var result = octets
        for index in result.readerIndex..<(result.readerIndex + count) {
            result.setInteger((result.getInteger(at: index) ?? 0) ^ UInt8(1), at: index)
        }
        return result
    }

    mutating func postpone(_ effect: Fault.Effect) {
        burdens.append(effect)
    }

    /// A reset ends what was postponed.
    mutating func forgetBurdens() {
        burdens = []
    }

    /// What was postponed to the next prompt, or to the next command.
    mutating func takeBurdens(ofPrompt: Bool) -> [Fault.Effect] {
        let taken = burdens.filter { $0.concernsPrompt == ofPrompt }
        if !taken.isEmpty { burdens.removeAll { $0.concernsPrompt == ofPrompt } }
        return taken
    }

    private func distance(_ passed: Int, _ threshold: (Fault.Trigger) -> Int?) -> Int {
        pending.compactMap { threshold($0.trigger) }.map { max(1, $0 - passed) }.min() ?? .max
    }

    private mutating func take(where matches: (Fault) -> Bool) -> [Fault.Effect] {
        let effects = pending.filter(matches).map(\.effect)
        if !effects.isEmpty { pending.removeAll(where: matches) }
        return effects
    }
}

extension Fault.Effect {
    /// Whether it changes how one command is answered, instead of happening by itself.
    var concernsCommand: Bool {
        switch self {
        case .late, .error, .noPrompt, .promptThenError, .sendFail: true
        case .silence, .stopReading, .reboot, .unplug, .dropDTR, .dropCarrier, .deactivate, .terminatePPP, .hangUp,
            .babble, .halfURC, .urc,
            .reset,
            .close, .stall, .blackhole, .removeSIM, .corrupt, .noise, .chatter, .halfClose, .mute, .dribble:
            false
        }
    }

    /// Whether it changes how a prompt or its payload is answered.
    var concernsPrompt: Bool {
        switch self {
        case .noPrompt, .promptThenError, .sendFail: true
        case .late, .error, .silence, .stopReading, .reboot, .unplug, .dropDTR, .dropCarrier, .deactivate,
            .terminatePPP, .hangUp, .babble,
            .halfURC, .urc, .reset, .close, .stall, .blackhole, .removeSIM, .corrupt, .noise, .chatter, .halfClose,
            .mute,
            .dribble:
            false
        }
    }
}
