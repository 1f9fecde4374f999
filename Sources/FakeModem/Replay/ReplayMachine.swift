import NIOCore

/// Plays a transcript as a modem, step by step, as long as the host goes with it. No clock, no file, no thread.
///
///     waiting for the host ──its octets fit──▶ next step ──the modem's turn──▶ due ──time──▶ written ──▶ next step
///            │ they do not, or it closed the port
///            ▼
///          left
///
/// A modem's line comes as long behind the step before it as it was recorded, or at once. What the host wrote early is
/// looked at when its turn comes, so the order is always the recorded one.
struct ReplayMachine: LoopMachine {
    private let transcript: Transcript
    private let isPaced: Bool
    private let start: NIODeadline
    private var now: NIODeadline
    private var index = 0
    private var isOpen = false
    private var isWritable = true
    /// When the step before was done, and when it was recorded.
    private var before: (done: NIODeadline, recorded: TimeAmount)
    /// Where the transcript stood when the host opened the port, and whether it wrote anything since.
    private var opening = (index: 0, isSilent: true)
    private var input: [UInt8] = []
    private var actions: [ModemMachine.Action] = []
    private(set) var outcome: ReplayOutcome?
    var ledger: Ledger

    /// Octets of the host that are held until their turn.
    static let inputLimit = 65_536

    /// - Parameter isPaced: whether lines come when they were recorded; else at once.
    init(_ transcript: Transcript, isPaced: Bool, now: NIODeadline) {
        self.transcript = transcript
        self.isPaced = isPaced
        self.now = now
        start = now
        before = (now, .zero)
        ledger = Ledger(start: now)
    }

    var deadline: NIODeadline? {
        guard outcome == nil, isOpen, isWritable, let step, case .modem = step.event else { return nil }
        return due(step)
    }

    var lineRoom: Int { outcome == nil ? max(0, Self.inputLimit - input.count) : 0 }
    var isReady: Bool { true }

    private var step: Transcript.Step? {
        index < transcript.steps.count ? transcript.steps[index] : nil
    }

    mutating func handle(_ event: ModemMachine.Event, now: NIODeadline) -> [ModemMachine.Action] {
        self.now = max(now, self.now)
        switch event {
        case .hostOpened: opened()
        case .hostClosed: closed()
        case .line(let octets):
            if octets.readableBytes > 0 { opening.isSilent = false }
            input += octets.readableBytesView
        case .writable(let isWritable): self.isWritable = isWritable
        case .stopped: stop()
        case .started, .deadlinePassed, .hostSpeed, .inflict, .connected, .connectFailed, .received, .delivered, .ended,
            .reset, .networkReady, .networkFailed, .packet:
            break
        }
        advance()
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    // MARK: the port

    private mutating func opened() {
        guard !isOpen else { return }
        isOpen = true
        ledger.opened(.port, "", now: now)
        opening = (index, true)
        if case .opened = step?.event { return }
        before = (now, step?.time ?? .zero)
    }

    /// A host that only looked at the port has not begun; one that heard the rest has missed nothing.
    private mutating func closed() {
        guard isOpen else { return }
        advance()
        isOpen = false
        ledger.closed(.port, "", now: now)
        guard outcome == nil else { return }
        let isLooking = opening.isSilent && transcript.steps[opening.index...].contains { $0.event.isHosts }
        guard !isLooking else {
            index = opening.index
            return
        }
        input = []
        while case .modem = step?.event { index += 1 }
        guard let step else { return }
        switch step.event {
        case .closed, .lost: index += 1
        case .command, .octets, .modem, .opened: leave(step, got: "the port closed")
        }
    }

    private mutating func stop() {
        ledger.end(now: now)
        guard outcome == nil else { return }
        if let step {
            outcome = .stopped(line: step.line, expected: ReplayWords.expected(step.event))
        } else {
            played()
        }
    }

    private mutating func leave(_ step: Transcript.Step, got: String) {
        outcome = .left(line: step.line, expected: ReplayWords.expected(step.event), got: got)
    }

    private mutating func played() {
        outcome = .played(lines: transcript.steps.last?.line ?? 0)
    }

    // MARK: steps

    /// Goes on as far as it can.
    private mutating func advance() {
        while outcome == nil {
            guard let step else { return passEnd() }
            guard isOpen || step.event == .closed else { return }
            switch step.event {
            case .modem(let elements):
                guard isWritable, due(step) <= now else { return }
                actions.append(.write(ByteBuffer(bytes: ReplayFiller.octets(elements))))
                done(step)
            case .command, .octets:
                guard take(step) else { return }
            case .opened:
                done(step)
                opening.index = index
            case .closed:
                if let line = takeSurplus() { leave(step, got: ReplayWords.got(line)) }
                return
            case .lost:
                done(step)
                actions.append(.unplug)
                if self.step == nil { played() }
            }
        }
    }

    /// Behind the last step the host may only close the port.
    private mutating func passEnd() {
        if let line = takeSurplus() {
            outcome = .left(
                line: transcript.steps.last?.line ?? 0, expected: "nothing more", got: ReplayWords.got(line))
        } else if !isOpen {
            played()
        }
    }

    private func due(_ step: Transcript.Step) -> NIODeadline {
        guard isPaced, let time = step.time else { return before.done }
        return before.done + max(.zero, time - before.recorded)
    }

    private mutating func done(_ step: Transcript.Step) {
        var time = now
        if case .modem = step.event { time = due(step) }
        before = (time, step.event == .opened ? .zero : step.time ?? before.recorded)
        index += 1
    }

    /// Compares the host's octets with the step that is its; false when it needs more, or they differ.
    private mutating func take(_ step: Transcript.Step) -> Bool {
        if case .octets(let elements) = step.event {
            switch HostPattern.match(elements, input[...]) {
            case .needMore: return false
            case .whole(let count):
                input.removeFirst(count)
                done(step)
                return true
            case .different:
                leave(step, got: ReplayWords.got(Array(input.prefix { $0 != 0x0D })))
                return false
            }
        }
        guard case .command(let elements) = step.event else { return false }
        guard let line = takeLine(isEmptyWanted: elements.isEmpty) else { return false }
        guard !HostPattern.matches(elements, line[...]) else {
            done(step)
            return true
        }
        guard let question = RegisterRow(line) else {
            leave(step, got: ReplayWords.got(line))
            return false
        }
        if RegisterRow(step.event) != nil { done(step) } else { answer(question) }
        return true
    }

    /// A line where none is wanted. Questions for registers are answered as everywhere.
    private mutating func takeSurplus() -> [UInt8]? {
        while let line = takeLine() {
            guard let question = RegisterRow(line) else { return line }
            answer(question)
        }
        return nil
    }

    /// The host's next line without its CR. Line feeds in front of it mean nothing, nor do empty lines where none is wanted.
    private mutating func takeLine(isEmptyWanted: Bool = false) -> [UInt8]? {
        while true {
            let begin = input.prefix { $0 == 0x0A }.count
            input.removeFirst(begin)
            guard let end = input.firstIndex(of: 0x0D) else {
                // A line without end is no line of the transcript's.
                guard input.count > Transcript.lineLimit else { return nil }
                defer { input = [] }
                return input
            }
            let line = Array(input[..<end])
            input.removeFirst(end + 1)
            if !line.isEmpty || isEmptyWanted { return line }
        }
    }

    private mutating func answer(_ question: RegisterRow) {
        let values = question.registers.map { register in
            let digits = String(1_000 + (transcript.registers[register] ?? 0)).dropFirst()
            return "\r\n\(digits)\r\n"
        }
        actions.append(.write(ByteBuffer(string: values.joined() + "\r\nOK\r\n")))
    }
}

extension Transcript.Event {
    var isHosts: Bool {
        switch self {
        case .command, .octets: true
        case .modem, .opened, .closed, .lost: false
        }
    }
}

/// What stands for octets that a transcript does not hold.
enum ReplayFiller {
    static func octets(_ elements: [Transcript.Element]) -> [UInt8] {
        elements.flatMap { element -> [UInt8] in
            switch element {
            case .literal(let octets): octets
            case .counted(let count): [UInt8](repeating: UInt8(ascii: "U"), count: count)
            case .digits(let count): (0..<count).map { UInt8(ascii: "0") + UInt8(($0 + 1) % 10) }
            case .redacted: Array("redacted".utf8)
            }
        }
    }
}
