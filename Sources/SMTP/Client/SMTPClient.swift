public import ByteStreams
import Scopes

/// Makes a verified TLS stream of a clear one. It returns only after certificate and name were verified.
public typealias StreamUpgrade = @Sendable (any ByteStream) async throws -> any ByteStream

/// What an SMTP session runs on. That AUTH needs verified TLS is a matter of this type: `.clear` never carries it.
public enum SMTPTransport: Sendable {
    /// TLS from the first octet (RFC 8314 §3), the certificate verified.
    case verifiedTLS(any ByteStream)
    /// Clear at first; STARTTLS is required (RFC 3207).
    case startTLS(any ByteStream, upgrade: StreamUpgrade)
    /// Clear to the end, for a relay on this machine. Credentials are never sent on it.
    case clear(any ByteStream)
}

/// The client's side of one SMTP session (RFC 5321, 2920, 3030, 4954, 3207, 1870, 6152).
///
/// It is a dialogue in straight-line code over pure codecs; it neither opens nor closes a stream, and it knows no modem, no
/// TLS and no message format. One call at a time: `open`, `deliver` as often as wanted, `quit`.
public actor SMTPClient {
    public struct Configuration: Sendable {
        /// What we call ourselves.
        public var name: ClientName
        /// Nil: no AUTH at all. Otherwise AUTH is required.
        public var credentials: LoginCredentials?
        /// What SCRAM, CRAM-MD5 and OAUTHBEARER need besides; without it they are not used.
        public var sasl: SASLMeans?
        public var timeouts = SMTPTimeouts()
        /// Recipients of one transaction; the standard guarantees 100 (RFC 5321 §4.5.3.1.8). `RCPTMAX` of LIMITS counts in
        /// its place, up to `recipientsAtMost`.
        public var recipientsPerTransaction = 100
        /// Bounds a flight, whatever a server offers.
        public var recipientsAtMost = 1000
        /// Whether commands go in groups where PIPELINING is offered; false for a server that could not bear it before.
        public var usesPipelining = true
        /// A message that was refused while it is being sent is still sent to its end when no more than this is left, in
        /// octets; else the session ends there.
        public var finishWhenLeft = 16_384

        public init(name: ClientName, credentials: LoginCredentials? = nil) {
            self.name = name
            self.credentials = credentials
        }
    }

    enum State {
        case new(SMTPTransport)
        /// Greeted, not ready for mail.
        case connected(SMTPWire)
        case ready(SMTPWire, Capabilities)
        /// QUIT went with the message; its reply is out.
        case leaving(SMTPWire)
        case over
    }

    let configuration: Configuration
    let clock: any Clock<Duration>
    let observe: @Sendable (SMTPEvent) -> Void
    var state: State
    /// The server may hold a part of a transaction: RSET goes before the next one.
    var isTransactionOpen = false
    /// What the server takes in the rest of this session.
    var room: SessionRoom
    /// The server could not bear a group of commands.
    public internal(set) var pipeliningFailed = false

    /// - Parameter observe: called from any task, and while a message goes out from two at once; promptly to return.
    public init(
        transport: SMTPTransport, configuration: Configuration, clock: any Clock<Duration> = ContinuousClock(),
        observe: @escaping @Sendable (SMTPEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.clock = clock
        self.observe = observe
        state = .new(transport)
        room = SessionRoom(configuration)
    }

    /// What the server offers, once the session is open.
    public var capabilities: Capabilities? {
        if case .ready(_, let capabilities) = state { capabilities } else { nil }
    }

    /// Sends QUIT if the session still stands, and waits a second at most for the reply, which decides nothing.
    public func quit() async {
        switch state {
        case .connected(let wire), .ready(let wire, _):
            state = .over
            _ = await wire.run(Flight([.quit], timeouts: configuration.timeouts))
        case .leaving(let wire):
            state = .over
            await wire.awaitFarewell(configuration.timeouts.quit)
        case .new, .over:
            state = .over
        }
    }

    func phase<Value>(_ phase: Phase, _ body: () async throws(SMTPError) -> Value) async throws(SMTPError) -> Value {
        observe(.phaseStarted(phase))
        defer { observe(.phaseEnded(phase)) }
        return try await body()
    }
}
