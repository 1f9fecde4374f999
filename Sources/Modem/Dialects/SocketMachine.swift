public import AT
public import ByteStreams
public import NIOCore
public import Scopes

/// TCP over a modem's socket commands, sans-IO: which turn is next on the one AT line, and what every answer and line means
/// for the streams above. It knows no dialect by name.
///
/// It is not a driver: whoever owns it performs one exchange at a time (`.perform`), hands the answer back (`.answered`),
/// passes every unsolicited line on (`.line`), and calls `.deadlinePassed` when `deadline` has come.
///
///     opening → connecting → established → (lingering) → closing → gone
///         ↘          ↘ failing: ask why, free the slot, report
///
/// What it keeps:
/// - One exchange at a time; turns go round over sockets and over reading, sending and asking, so that none starves another.
/// - Octets taken from a writer are owned here (at most two sends' worth), go out in order in the largest chunks, and what the
///   modem did not take is offered again after a pause. An octet that the modem took is never sent again.
/// - Received octets are fetched until the modem says that it has none, also after the peer's close, which the reader sees
///   only behind the last octet. A line that says "data" while a fetch is under way leads to one more fetch.
/// - Taken, accepted and acknowledged octets are counted apart.
/// - A failed open frees its slot before it is reported. A lost bearer ends everything pending at once.
public struct SocketMachine: Sendable {
    /// One socket, for its life; slots are used again, these are not.
    public struct SocketID: Hashable, Sendable {
        let number: UInt64
    }

    /// The machine's own limits, apart from the dialect's.
    public struct Tuning: Sendable, Equatable {
        /// Before octets that the modem's full buffer did not take are offered again; doubled up to the ceiling.
        public var retryPause: TimeAmount = .milliseconds(100)
        public var retryCeiling: TimeAmount = .seconds(2)
        /// Without any octet accepted, or acknowledged in a flush, for so long, the stream has failed.
        public var stallLimit: TimeAmount = .seconds(120)
        /// A reader that waits for so long without any notice leads to a fetch.
        public var receivePoll: TimeAmount = .seconds(15)
        /// Before the fetch that shows whether one that gave less than it asked for emptied the modem: what answers those
        /// octets goes out first.
        public var confirmPause: TimeAmount = .milliseconds(5)
        /// Between questions for unacknowledged octets; doubled up to the ceiling.
        public var flushPoll: TimeAmount = .milliseconds(100)
        public var flushCeiling: TimeAmount = .seconds(1)
        /// Between questions for the state of a socket that opens without a line to say so.
        public var statePoll: TimeAmount = .seconds(1)
        /// A modem that does not say `.writable` is tried after so long.
        public var writableLimit: TimeAmount = .seconds(5)
        /// A refused turn is told as a failure after so long, unless a line says that the peer has closed.
        public var settleTime: TimeAmount = .milliseconds(500)
        /// A close first sends what was taken from the writer, for so long at most.
        public var lingerLimit: TimeAmount = .seconds(3)
        /// Pushed octets that may wait for the reader of a socket; with more, `isSaturated` holds.
        public var pushLimit = 262_144

        public init() {}
    }

    public enum Event: Sendable, Equatable {
        case open(SocketID, SocketEndpoint)
        /// At most one at a time per socket, of at least one octet; likewise each of the next two.
        case read(SocketID, atMost: Int)
        case write(SocketID, ByteBuffer)
        case flush(SocketID)
        case cancelRead(SocketID)
        case cancelWrite(SocketID)
        case cancelFlush(SocketID)
        case close(SocketID)
        case answered(Result<Exchange.Answer, ATError>)
        case line(ATLine)
        case deadlinePassed
        /// The bearer or the line is gone, as its owner knows.
        case lost(words: String)
    }

    public enum Action: Sendable, Equatable {
        /// The one exchange that is to run now; `.answered` is due.
        case perform(Exchange)
        case opened(SocketID)
        case openFailed(SocketID, SocketFault)
        /// Nil: the peer's end.
        case readFinished(SocketID, Result<ByteBuffer?, StreamFailure>)
        /// So many octets from the first one on were taken: at least one.
        case writeFinished(SocketID, Result<Int, StreamFailure>)
        case flushFinished(SocketID, StreamFailure?)
        /// The socket is gone and its slot may be used again.
        case closed(SocketID, TeardownStep.Outcome)
        /// Every socket is dead. The dialect's deactivation is due before the bearer is used again.
        case bearerLost(words: String)
    }

    /// The exchange under way, and for whom.
    struct Turn: Sendable {
        var socket: SocketID
        var operation: SocketOperation
    }

    let dialect: any Dialect
    let cid: Int
    let tuning: Tuning

    var sockets: [SocketID: Socket] = [:]
    /// In the order of their opening: the round goes over these.
    var order: [SocketID] = []
    var running: Turn?
    var cursor = 0
    var lostWords: String?
    /// Slots that answered "in use" twice: somebody else's.
    var foreignSlots: Set<Int> = []
    private var nextNumber: UInt64 = 0
    var actions: [Action] = []

    /// - Parameter cid: the PDP context that the sockets use.
    public init(dialect: any Dialect, cid: Int, tuning: Tuning = Tuning()) {
        self.dialect = dialect
        self.cid = cid
        self.tuning = tuning
    }

    /// A name for a socket that `.open` is about to open.
    public mutating func makeID() -> SocketID {
        nextNumber += 1
        return SocketID(number: nextNumber)
    }

    /// What passed over a socket; nil once it was closed.
    public func counts(of id: SocketID) -> SocketCounts? { sockets[id]?.counts }

    /// Whether a reader has to catch up before more lines are passed on: only pushed octets can bring that about.
    public var isSaturated: Bool {
        sockets.values.contains { $0.isEstablished && $0.receiving.octets.readableBytes >= tuning.pushLimit }
    }

    /// What is open, opening or closing, in the order of opening.
    public var openIDs: [SocketID] { order }

    /// Why every socket died, and no other is opened; nil: the bearer was not lost.
    public var lossWords: String? { lostWords }

    /// When `.deadlinePassed` is due; to be read again after every `handle`.
    public var deadline: NIODeadline? { sockets.compactMap { nextDeadline(of: $0.key, $0.value) }.min() }

    public mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        actions = []
        switch event {
        case .open(let id, let endpoint): open(id, endpoint)
        case .read(let id, let most): read(id, most, now)
        case .write(let id, let octets): write(id, octets, now)
        case .flush(let id): flush(id, now)
        case .cancelRead(let id): finishRead(id, .failure(.cancelled))
        case .cancelWrite(let id): finishWrite(id, .failure(.cancelled))
        case .cancelFlush(let id): finishFlush(id, .cancelled)
        case .close(let id): close(id, now)
        case .answered(let result): answered(result, now)
        case .line(let line): received(line, now)
        case .deadlinePassed: passDeadlines(now)
        case .lost(let words): lose(words)
        }
        startNext(now)
        defer { actions = [] }
        return actions
    }

    // MARK: Lines and answers

    private mutating func received(_ line: ATLine, _ now: NIODeadline) {
        guard let event = dialect.event(of: line) else { return }
        switch event {
        case .opened(let slot): connected(slot, now)
        case .openFailed(let slot, let fault): notConnected(slot, fault)
        case .dataWaiting(let slot): update(slot) { $0.receiving.notice() }
        case .dataPushed(let slot, let octets): pushed(slot, octets)
        case .peerClosed(let slot?, let isFree): peerClosed(slot, isFree)
        case .peerClosed(nil, _): askEveryState(now)
        case .broken(let slot, let fault): broken(slot, fault)
        case .writable(let slot):
            connected(slot, now)
            update(slot) { $0.sending.becomeWritable() }
        case .blocked(let slot):
            let limit = now + tuning.writableLimit
            update(slot) { $0.sending.block(until: limit) }
        case .allAcknowledged(let slot): acknowledgedAll(slot)
        case .bearerLost(let cid, let words): if cid == nil || cid == self.cid { lose(words) }
        case .rebooted(let words): lose("the modem restarted (\(words.printable(limit: 40)))")
        }
    }

    private mutating func answered(_ result: Result<Exchange.Answer, ATError>, _ now: NIODeadline) {
        guard let turn = running else { return }
        running = nil
        switch result {
        case .success(let answer):
            conclude(turn, dialect.result(of: answer, to: turn.operation), answer, now)
        case .failure(let error):
            if error.endsEverySocket { lose(error.summary) }
            abandon(turn, error, now)
        }
    }

    /// The sockets of a slot, by number: none when a line names one that is not ours.
    func id(ofSlot slot: Int) -> SocketID? {
        order.first { sockets[$0]?.slot == slot }
    }

    mutating func update(_ slot: Int, _ change: (inout Socket) -> Void) {
        guard let id = id(ofSlot: slot) else { return }
        update(id, change)
    }

    mutating func update(_ id: SocketID, _ change: (inout Socket) -> Void) {
        guard var socket = sockets[id] else { return }
        change(&socket)
        sockets[id] = socket
    }

    mutating func remove(_ id: SocketID) {
        sockets[id] = nil
        order.removeAll { $0 == id }
    }

    // MARK: Loss

    /// Ends everything that waits, on every socket, at once. What was received before can still be read.
    mutating func lose(_ words: String) {
        let isFirst = lostWords == nil
        lostWords = lostWords ?? words
        for id in order {
            guard let socket = sockets[id] else { continue }
            switch socket.phase {
            case .opening, .connecting, .failing:
                if !socket.isCloseAsked { actions.append(.openFailed(id, SocketFault(.lost, words: words))) }
                forget(id)
            case .established, .lingering, .closing:
                finishRead(id, .failure(.linkLost(words)))
                finishWrite(id, .failure(.linkLost(words)))
                finishFlush(id, .linkLost(words))
                guard !socket.isCloseAsked else {
                    forget(id)
                    continue
                }
                update(id) { $0.phase = .dead(.linkLost(words)) }
            case .dead: continue
            }
        }
        if isFirst { actions.append(.bearerLost(words: words)) }
    }

    /// A socket that the loss ended before its close was done.
    private mutating func forget(_ id: SocketID) {
        let isCloseAsked = sockets[id]?.isCloseAsked == true
        remove(id)
        if isCloseAsked { actions.append(.closed(id, .notNeeded)) }
    }
}

extension ATError {
    /// Whether no socket can live on: the line, the modem or its state is gone.
    var endsEverySocket: Bool {
        switch self {
        case .outOfStep, .silent, .babbling, .rebooted, .portGone: true
        case .refused, .timedOut, .malformed, .unquotable, .queueFull, .inDataMode, .cancelled: false
        }
    }
}
