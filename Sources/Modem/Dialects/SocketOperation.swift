public import NIOCore

/// Where a socket connects to.
public struct SocketEndpoint: Sendable, Hashable {
    public var host: String
    public var port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }
}

/// What `SocketMachine` asks a dialect to put as one turn on the line.
public enum SocketOperation: Sendable, Equatable {
    /// One step of opening, counted from 0. `slot` is nil until a modem that numbers sockets itself has answered.
    case open(slot: Int?, SocketEndpoint, cid: Int, step: Int)
    /// Opens a socket that becomes the line itself (`Carriage.online`).
    case openOnline(slot: Int, SocketEndpoint, cid: Int)
    /// Makes the line that socket again, after it was taken back to command mode.
    case resumeOnline(slot: Int)
    /// Asks how a socket stands: while it opens, where no line tells, or after a close without a number.
    case state(slot: Int)
    case send(slot: Int, ByteBuffer)
    case receive(slot: Int, atMost: Int)
    /// Asks how many octets one send may have now: behind a refused one, before it is taken for the connection's end.
    case sendLimit(slot: Int)
    /// Asks how many octets the far TCP has not acknowledged.
    case unacknowledged(slot: Int)
    /// Asks why the last operation failed: opening, or the activation of the context.
    case explain
    /// One step of closing, counted from 0.
    case close(slot: Int, step: Int)
}

/// What an answer means for the operation.
public enum SocketResult: Sendable, Equatable {
    /// The step is done.
    case done
    /// The modem numbered the socket.
    case allocated(slot: Int)
    /// The connection stands.
    case opened
    /// The connection is being made; a line or a further question tells.
    case opening
    /// So many octets of the send were taken, from its first on; 0 when the modem's buffer is full.
    case accepted(Int)
    /// `left` is what the modem still holds, where it says so.
    case received(ByteBuffer, left: Int?)
    /// Nothing to receive now.
    case empty
    /// Nothing to receive any more: the peer has ended the connection.
    case ended
    case unacknowledged(Int)
    /// So many octets may be sent at once; 0 while the modem's buffer is full.
    case limit(Int)
    /// The socket was closed before; its slot is free.
    case alreadyClosed
    case failed(SocketFault)
}

/// What a line between the turns tells of a socket or of the bearer.
public enum SocketEvent: Sendable, Equatable {
    case opened(slot: Int)
    case openFailed(slot: Int, SocketFault)
    /// Octets wait in the modem; not said again before they were fetched.
    case dataWaiting(slot: Int)
    case dataPushed(slot: Int, ByteBuffer)
    /// The peer has ended the connection. Without a slot: of one socket, it is not said which. A slot that is free needs no
    /// closing, and holds nothing any more.
    case peerClosed(slot: Int?, slotIsFree: Bool)
    /// The connection broke.
    case broken(slot: Int, SocketFault)
    /// A send will be taken. Of a socket that opens: its connection stands.
    case writable(slot: Int)
    case blocked(slot: Int)
    /// The far TCP has acknowledged everything.
    case allAcknowledged(slot: Int)
    /// The context is gone, and every socket with it. Nil: of every context.
    case bearerLost(cid: Int?, words: String)
    /// The modem started anew.
    case rebooted(words: String)
}

/// Why a socket could not be opened, or broke: in kind, and in the modem's words.
public struct SocketFault: Error, Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable, CaseIterable {
        case nameNotResolved
        /// The peer refused, or cannot be reached: not every modem tells the two apart.
        case connectFailed
        case timedOut
        case slotBusy
        case noFreeSlot
        /// The context is down.
        case bearerDown
        /// The access point is not set, or the network does not take it.
        case accessPoint
        case busy
        /// The peer reset the connection, or ended it under a write.
        case reset
        /// Closed here before it stood.
        case closedHere
        /// The bearer was lost meanwhile.
        case lost
        /// A value that the modem or its line cannot take.
        case parameter
        /// The modem did not answer as it should.
        case modem
        case other
    }

    public var kind: Kind
    /// The modem's number and words; empty where it gave none. May hold anything: made printable where shown.
    public var words: String

    public init(_ kind: Kind, words: String = "") {
        self.kind = kind
        self.words = words
    }
}
