public import AT
public import NIOCore

/// A vendor's set of embedded-TCP commands: data and pure functions, nothing that waits or remembers.
///
/// A dialect says how each turn on the AT line looks (`Exchange`), what its answer means, and what the lines between the
/// turns tell. `SocketMachine` decides which turn is next; it knows no dialect by name. The next dialect is a file with a
/// type like `Quectel`, checked against the matrix of go-aheads, confirmations and completions that `Exchange` covers.
public protocol Dialect: Sendable {
    /// As `--dialect` takes it: `quectel`, `quectel/push`.
    var name: String { get }
    var limits: DialectLimits { get }
    var carriage: Carriage { get }
    var slots: SlotChoice { get }
    /// Its eyes for counted octets within lines.
    var introducers: [Introducer] { get }
    /// Beginnings of its unsolicited lines.
    var unsolicitedPrefixes: [String] { get }

    // MARK: The bearer

    /// Asks whether the context carries the embedded stack, and under which address: the question behind these answers; nil:
    /// no further one. A dialect without a first question cannot tell.
    func query(_ context: PDPContext, after answers: [Exchange.Answer]) -> Exchange?
    /// What the answers to these questions say, or those to the steps of activation.
    func status(in answers: [Exchange.Answer], of context: PDPContext) -> ContextStatus
    /// Values that the sockets rely on and that firmware may keep otherwise; sent once, behind the first query.
    /// - Parameter found: what the query said; nil where the dialect cannot tell.
    func settings(found: ContextStatus?) -> [BearerStep]
    /// Brings the context up. Throws `.unquotable` for a value that cannot go on the line.
    func activation(of context: PDPContext) throws(ATError) -> [BearerStep]
    /// Takes the context down; also what a lost bearer or a failed activation demands before the next one.
    func deactivation(of context: PDPContext) -> [BearerStep]
    /// What the refusal of a step of activation says, or else the answer to `.explain`, with its number where it has one;
    /// nil: nothing of use.
    func explanation(in answer: Exchange.Answer) -> SocketFault?

    // MARK: Sockets

    /// The turn for an operation; nil: this dialect has none (no such step, nothing to ask).
    /// Throws `.unquotable` for a host that cannot go on the line.
    func exchange(for operation: SocketOperation) throws(ATError) -> Exchange?
    func result(of answer: Exchange.Answer, to operation: SocketOperation) -> SocketResult
    /// What a line between the turns tells; nil: not of this dialect.
    func event(of line: ATLine) -> SocketEvent?
}

/// How octets travel between the host and a socket.
public enum Carriage: Sendable, Equatable {
    /// The host fetches received octets; what it does not fetch stays behind the window of the modem's TCP.
    case pull
    /// The modem pushes received octets; nothing but the line's flow control holds them back.
    case push
    /// The AT line itself becomes the stream.
    case online(OnlineCarriage)
}

/// Who numbers sockets.
public enum SlotChoice: Sendable, Equatable {
    case host(ClosedRange<Int>)
    /// The first step of opening answers with the number.
    case modem
}

/// What a dialect's sockets can take, by its maker's manual.
public struct DialectLimits: Sendable, Equatable {
    /// Octets of one send.
    public var sendOctets: Int
    /// Octets of one receive.
    public var receiveOctets: Int
    /// From the last step of opening until the connection stands.
    public var openLimit: TimeAmount
    /// Whether each send waits for `.writable` once the one before was accepted.
    public var waitsForWritable: Bool
    /// Whether no line says that a connection stands: the state is asked for.
    public var opensSilently: Bool

    public init(
        sendOctets: Int, receiveOctets: Int, openLimit: TimeAmount = .seconds(150), waitsForWritable: Bool = false,
        opensSilently: Bool = false
    ) {
        precondition(sendOctets > 0 && receiveOctets > 0, "a chunk holds at least one octet")
        self.sendOctets = sendOctets
        self.receiveOctets = receiveOctets
        self.openLimit = openLimit
        self.waitsForWritable = waitsForWritable
        self.opensSilently = opensSilently
    }
}

/// One turn of taking the bearer up or down.
public struct BearerStep: Sendable, Equatable {
    public var exchange: Exchange
    public var tolerance: Tolerance
    /// What it brings up or takes down, where the modem has the bearer in layers of their own (stack, device, session):
    /// a layer that was found up is left up. nil: the bearer as a whole.
    public var layer: String?
    /// For a modem that may not be ready for this step yet; nil: it is made once.
    public var patience: Patience?

    /// How long a step is repeated, each second, while the modem is not ready for it.
    public struct Patience: Sendable, Equatable {
        /// The number of the `+CME ERROR` that means "not yet".
        public var number: Int
        /// From the first answer on. Behind it the refusal counts.
        public var limit: TimeAmount

        public init(number: Int, limit: TimeAmount) {
            self.number = number
            self.limit = limit
        }
    }

    public enum Tolerance: Sendable, Equatable {
        /// It must end with success.
        case none
        /// A refusal is ignored: the value is the default, or there is nothing to do.
        case refusal
        /// The number of a `+CME ERROR` that means "up already", where the confirmation says so too.
        case already(Int, Confirmation)
    }

    /// What tells that a layer is up.
    public enum Confirmation: Sendable, Equatable {
        /// Success, with a line like this where one is named.
        case answer(Exchange, line: LinePattern?)
        /// The context has an address (`Dialect.query`).
        case address
    }

    public init(
        _ exchange: Exchange, tolerance: Tolerance = .none, layer: String? = nil, patience: Patience? = nil
    ) {
        self.exchange = exchange
        self.tolerance = tolerance
        self.layer = layer
        self.patience = patience
    }
}

/// Whether a context carries the embedded stack.
public enum ContextStatus: Sendable, Equatable {
    case inactive
    /// With its address where the answer named one.
    case active(address: String?)
    /// It does, but set in a way that our sockets cannot use: `settings` take it down, it is activated anew, and stays up.
    case activeOtherwise
}
