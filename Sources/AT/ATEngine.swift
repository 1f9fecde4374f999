public import NIOCore

/// The AT line's conversation, sans-IO: octets, wishes and time in, actions out (V.250, 3GPP TS 27.007).
///
/// It owns the framer, so that what the next octet is may change between two octets of one read. It is no driver: it writes
/// nothing, waits for nothing and knows no clock. Every submitted exchange is finished exactly once.
///
///     idle ──submit──▶ running ──final result code──▶ idle ──▶ …
///      ▲                 │ │
///      │   timeout,      │ └─CONNECT──▶ data ──leave──▶ leaving
///      │   reboot        ▼                                 │ OK
///      └──answered── resyncing (drain, probe) ◀────────────┘
///                        │ no probe answered
///                        ▼
///                    outOfStep ──synchronise──▶ starting ──▶ idle
///
/// After a timeout the line is tainted: late answers are let pass for `LineProfile.drainTime`, then `Probe`s are written, and
/// only an answer that no other command has makes the line trusted again. Until then no exchange is written; without one, all
/// that wait fail with `.outOfStep`, and the line stays unusable until `.synchronise`.
public struct ATEngine: Sendable {
    /// Names an exchange across the border.
    public struct ID: Hashable, Sendable {
        let number: UInt64

        public init(_ number: UInt64) {
            self.number = number
        }
    }

    public enum Event: Sendable, Equatable {
        /// Queues the exchange.
        case submit(ID, Exchange)
        /// Its caller has gone. It is finished at once; when it runs, its command keeps the line.
        case cancel(ID)
        case received(ByteBuffer)
        /// `deadline` is reached. Too early does no harm.
        case deadlinePassed
        /// Brings the line to command mode, whatever it is in; answered by `.synchronised`.
        case synchronise(limit: TimeAmount)
        /// Wants a proof that the line is in command mode and in step, before what waits; answered by `.proven`.
        case prove
        /// Leaves data mode with a guarded escape; answered by `.leftDataMode`.
        case leave
        /// The modem left data mode by itself: the line is tainted; answered by `.leftDataMode`.
        case markLeft
        /// The port is gone or closed; everything ends with this error.
        case lost(ATError)
    }

    public enum Action: Sendable, Equatable {
        /// One write(2).
        case write(ByteBuffer)
        case finish(ID, Result<Exchange.Answer, ATError>)
        /// An unsolicited line.
        case publish(ATLine)
        /// Octets of data mode.
        case deliver(ByteBuffer)
        case synchronised(Result<StartUpReport, ATError>)
        /// nil: the line is in command mode and in step.
        case proven(ATError?)
        /// nil: command mode is proven.
        case leftDataMode(ATError?)
        case record(LineRecord.Direction, LineRecord.Content)
    }

    enum State: Sendable {
        /// Command mode, trusted. No command is written before the time.
        case idle(notBefore: NIODeadline)
        /// A bare `AT` wakes a modem that may sleep.
        case waking(until: NIODeadline)
        case running(Flight)
        case resyncing(Resync)
        case data
        case leaving(Escape, escapes: Int)
        case starting(StartUp)
        case outOfStep(ATError)
        case closed(ATError)
    }

    struct Waiting: Sendable {
        var id: ID
        var exchange: Exchange
    }

    /// Whether records are made.
    public var isRecording = false
    let profile: LineProfile
    var framer: LineFramer
    var rules = LineRules()
    var state = State.idle(notBefore: .uptimeNanoseconds(0))
    var queue: [Waiting] = []
    /// Flights whose final result code came, and whose line is awaited.
    var awaiting: [Flight] = []
    var wantsProof = false
    var lastWrite: NIODeadline?
    /// Of the last commands, for echoes that came back garbled.
    var secrets: [String] = []
    var questions: RegisterQuestions
    /// Whether probes were written in vain: their late answers could pass for those of the same probes.
    var owesProbes = false
    var actions: [Action] = []

    /// - Parameter seed: a random number. What is asked at start-up follows from it, so that the late answer to a question of
    ///   another run does not pass.
    public init(profile: LineProfile = .standard, seed: UInt64 = 0) {
        self.profile = profile
        questions = RegisterQuestions(seed: seed)
        framer = LineFramer(lineLimit: profile.lineLimit, payloadLimit: profile.payloadLimit)
        rules.unsolicitedPrefixes = profile.unsolicitedPrefixes
        rules.rebootLines = profile.rebootLines
        rules.answerLineLimit = profile.answerLineLimit
        rules.answerOctetLimit = profile.answerOctetLimit
    }

    /// Adds a dialect's introducers and unsolicited prefixes.
    public mutating func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) {
        framer.introducers += introducers
        rules.unsolicitedPrefixes += unsolicitedPrefixes.map(\.squeezed)
    }

    public var isInDataMode: Bool {
        if case .data = state { true } else { false }
    }

    /// Whether `.leftDataMode` is still owed.
    public var isLeavingDataMode: Bool {
        switch state {
        case .leaving: true
        case .resyncing(let resync): if case .departure = resync.purpose { true } else { false }
        case .idle, .waking, .running, .data, .starting, .outOfStep, .closed: false
        }
    }

    /// What closed the port, nil while it is open.
    public var closedBy: ATError? {
        if case .closed(let error) = state { error } else { nil }
    }

    /// When `.deadlinePassed` is due; to be read again after every `handle`.
    public var deadline: NIODeadline? {
        let own: NIODeadline? =
            switch state {
            case .idle(let notBefore): queue.isEmpty ? nil : notBefore
            case .waking(let until): until
            case .running(let flight): flight.nextDeadline
            case .resyncing(let resync): resync.deadline
            case .leaving(let escape, _): escape.deadline
            case .starting(let startUp): startUp.deadline
            case .data, .outOfStep, .closed: nil
            }
        let awaited = awaiting.map(\.deadline).min()
        guard let own, let awaited else { return own ?? awaited }
        return min(own, awaited)
    }

    public mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        switch event {
        case .submit(let id, let exchange): submit(id, exchange)
        case .cancel(let id): cancel(id, now)
        case .received(let octets): receive(octets, now)
        case .deadlinePassed: passDeadline(now)
        case .synchronise(let limit): synchronise(limit, now)
        case .prove: prove()
        case .leave: leave(now)
        case .markLeft: markLeft(now)
        case .lost(let error): close(error)
        }
        startNext(now)
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }
}

extension ATEngine {
    private mutating func submit(_ id: ID, _ exchange: Exchange) {
        switch state {
        case .closed(let error), .outOfStep(let error): actions.append(.finish(id, .failure(error)))
        case .data: actions.append(.finish(id, .failure(.inDataMode)))
        case .idle, .waking, .running, .resyncing, .leaving, .starting:
            guard queue.count < profile.queueLimit else {
                actions.append(.finish(id, .failure(.queueFull)))
                return
            }
            queue.append(Waiting(id: id, exchange: exchange))
        }
    }

    private mutating func cancel(_ id: ID, _ now: NIODeadline) {
        if let index = queue.firstIndex(where: { $0.id == id }) {
            queue.remove(at: index)
        } else if let index = awaiting.firstIndex(where: { $0.id == id }) {
            awaiting.remove(at: index)
        } else {
            guard case .running(var flight) = state, flight.id == id, !flight.isOrphan else { return }
            flight.isOrphan = true
            if flight.exchange.isAbortable, flight.stage == .awaitingEnd {
                write("\r", as: "<CR>", now)
                flight.deadline = min(flight.deadline, now + Self.abortTime)
            }
            state = .running(flight)
        }
        actions.append(.finish(id, .failure(.cancelled)))
    }

    private mutating func synchronise(_ limit: TimeAmount, _ now: NIODeadline) {
        if case .closed(let error) = state {
            actions.append(.synchronised(.failure(error)))
            return
        }
        fail(.outOfStep)
        framer.abandon()
        framer.forgetEchoes()
        framer.expectation = .prompt(UInt8(ascii: ">"))
        var startUp = StartUp(profile: profile, limit: limit, questions: questions, now: now)
        let steps = startUp.begin(now)
        state = .starting(startUp)
        perform(steps, now)
    }

    private mutating func prove() {
        switch state {
        case .closed(let error), .outOfStep(let error): actions.append(.proven(error))
        case .data: actions.append(.proven(.inDataMode))
        case .idle, .waking, .running, .resyncing, .leaving, .starting: wantsProof = true
        }
    }

    private mutating func close(_ error: ATError) {
        if case .closed = state { return }
        fail(error)
        state = .closed(error)
        framer.abandon()
    }

    /// Ends all that waits, whatever for.
    mutating func fail(_ error: ATError) {
        if case .running(let flight) = state, !flight.isOrphan { actions.append(.finish(flight.id, .failure(error))) }
        switch state {
        case .leaving: actions.append(.leftDataMode(error))
        case .resyncing(let resync):
            if case .departure = resync.purpose { actions.append(.leftDataMode(error)) }
            if resync.purpose == .proof { wantsProof = true }
        case .starting: actions.append(.synchronised(.failure(error)))
        case .idle, .waking, .running, .data, .outOfStep, .closed: break
        }
        for flight in awaiting { actions.append(.finish(flight.id, .failure(error))) }
        for waiting in queue { actions.append(.finish(waiting.id, .failure(error))) }
        awaiting = []
        queue = []
        if wantsProof { actions.append(.proven(error)) }
        wantsProof = false
    }

    /// How long an aborted command may take to say so.
    private static let abortTime = TimeAmount.seconds(5)
}
