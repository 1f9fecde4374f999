import ByteStreams
import NIOCore

/// What passed over one socket.
public struct SocketCounts: Sendable, Equatable {
    /// Octets taken from the writer.
    public var taken = 0
    /// Octets that the modem took.
    public var accepted = 0
    /// Octets that the far TCP has acknowledged, as far as was asked.
    public var acknowledged = 0
    /// Octets that came from the modem.
    public var received = 0
    /// Sends put on the line, those that were to be repeated included.
    public var sends = 0
    /// Fetches put on the line.
    public var fetches = 0

    public init() {}
}

/// One socket as `SocketMachine` sees it.
struct Socket: Sendable {
    enum Phase: Sendable, Equatable {
        /// The exchange of this step is due or under way.
        case opening(step: Int)
        /// The modem makes the connection.
        case connecting(until: NIODeadline)
        /// Opening failed; the slot is freed before that is reported.
        case failing(SocketFault, Release)
        case established
        /// Closed by its owner: what was taken from the writer still goes out.
        case lingering(until: NIODeadline)
        case closing(step: Int)
        /// Its bearer is gone.
        case dead(StreamFailure)
    }

    /// What a failed opening still does.
    enum Release: Sendable, Equatable {
        case explain
        case close(step: Int)
        /// Frees a slot that was in use, and opens once more.
        case reclaim(step: Int)
    }

    let endpoint: SocketEndpoint
    var slot: Int?
    var phase = Phase.opening(step: 0)
    /// Whether this slot was in use and freed once already.
    var isReclaimed = false
    /// What a line said of the connection before the exchange of opening was answered.
    var earlyVerdict: Verdict?
    var isCloseAsked = false
    /// The first failure of closing.
    var closeFailure: String?
    /// The modem freed the slot by itself.
    var slotIsFree = false
    /// When its state is asked; nil: not at all.
    var stateAt: NIODeadline?
    var sending = Sending()
    var receiving = Receiving()
    var flushing: Flushing?
    var counts = SocketCounts()

    enum Verdict: Sendable, Equatable {
        case connected
        case failed(SocketFault)
    }

    init(endpoint: SocketEndpoint, slot: Int?) {
        self.endpoint = endpoint
        self.slot = slot
    }

    /// Whether reads and writes are its business.
    var isEstablished: Bool { phase == .established }
}

/// The way out.
struct Sending: Sendable {
    /// Taken from the writer, not yet accepted by the modem.
    var octets = ByteBuffer()
    /// Of a writer that waits for room.
    var waiting: ByteBuffer?
    /// Not before.
    var pausedUntil: NIODeadline?
    var pause: TimeAmount?
    var stalledSince: NIODeadline?
    /// Whether a pause ends with a line that says so.
    var isBlocked = false
    var failure: StreamFailure?
    /// What one send may have at most; nil: the dialect's limit.
    var limit: Int?
    /// Sends that kept to that limit; after some it is tried without.
    var limitedSends = 0
    /// The last send was refused: because it was too long, perhaps.
    var refusal: Refusal?

    struct Refusal: Sendable {
        let octets: Int
        let fault: SocketFault
        /// Whether the limit was asked for since the last octet that was taken.
        var isAsked = false
    }

    /// A send was taken. What a network's window held back once may pass later: a limit is forgotten after some sends.
    mutating func keptToLimit() {
        refusal = nil
        guard limit != nil else { return }
        limitedSends += 1
        if limitedSends >= Self.sendsPerLimit { limit = nil }
    }

    private static let sendsPerLimit = 32

    mutating func becomeWritable() {
        guard isBlocked else { return }
        isBlocked = false
        pausedUntil = nil
    }

    mutating func block(until limit: NIODeadline) {
        isBlocked = true
        pausedUntil = limit
    }

    func isDue(_ now: NIODeadline) -> Bool {
        guard failure == nil, octets.readableBytes > 0 else { return false }
        return pausedUntil.map { $0 <= now } ?? true
    }
}

/// The way in.
struct Receiving: Sendable {
    /// Received and not yet read.
    var octets = ByteBuffer()
    /// What a waiting reader takes at most.
    var wanted: Int?
    /// Whether the modem may hold octets.
    var mayHold = false
    /// A notice came while a fetch was under way.
    var isNoticed = false
    /// When a fetch is due without notice.
    var pollAt: NIODeadline?
    /// When the fetch is due that shows whether a short one emptied the modem.
    var confirmAt: NIODeadline?
    /// What comes behind the last octet.
    var ending: Ending?
    /// Whether nothing more will come from the modem.
    var isDrained = false
    /// When a failure that was only concluded is told: the line that says "closed by the peer" may be on its way.
    var settleAt: NIODeadline?

    enum Ending: Sendable, Equatable {
        case peerClosed
        case failed(StreamFailure)
    }

    mutating func notice() {
        mayHold = true
        isNoticed = true
    }

    /// The modem holds nothing more behind the known ending.
    mutating func drain(settlingAt time: NIODeadline) {
        mayHold = false
        switch ending {
        case .peerClosed: isDrained = true
        case .failed: settleAt = settleAt ?? time
        case nil: return
        }
    }
}

/// A flush that waits for the far TCP.
struct Flushing: Sendable {
    var pollAt: NIODeadline
    var pause: TimeAmount
    /// The fewest unacknowledged octets so far, and since when.
    var fewest = Int.max
    var since: NIODeadline
}
