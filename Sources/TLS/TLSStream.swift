public import ByteStreams
import Credentials
public import NIOCore
public import Scopes
import Synchronization

/// TLS over any stream of octets.
///
/// One reader and one writer may be at work at the same time. A session's step and the queueing of what it made are one
/// stretch under one lock, so records leave in the order in which they were made; the lock is held for arithmetic and never
/// over an `await`. The reader never waits for the writer: what a read makes (the answer to a KeyUpdate) leaves with the next
/// write, which RFC 8446 §4.6.3 allows.
public final class TLSStream: ByteStream {
    /// How the peer's octets ended.
    enum Ending {
        case closeNotify
        /// The stream below ended, and no close_notify had come.
        case cut
    }

    private struct State {
        var session: TLSSession
        /// Records that the stream below has not taken.
        var outbox = ByteBuffer()
        /// Received since the last octet of text.
        var octetsWithoutText = 0
        var isDraining = false
        var ending: Ending?
        var failure: StreamFailure?
        var isClosed = false
        var isCloseNotifySent = false
    }

    public let info: TLSInfo
    private let base: any ByteStream
    private let state: Mutex<State>
    private let keeper: SessionKeeper?

    /// Handshakes as a client. The time limit is the caller's: cancel the task, and `.stream(.cancelled)` is thrown.
    ///
    /// `base` stays the caller's until this returns a stream; from then on closing the stream closes `base`.
    /// - Parameters:
    ///   - serverName: a DNS name or an address, as the operator wrote it. It is checked, and sent as SNI if it is a name.
    ///   - port: goes into the session's key, nothing else.
    ///   - sessions: where a session is looked for and a new one is kept; nil for none.
    public static func connect(
        over base: any ByteStream, context: TLSClientContext, serverName: String, port: Int,
        sessions: (any SessionStore)? = nil
    ) async throws(TLSError) -> TLSStream {
        let name = try ServerName(serverName)
        let clock = context.configuration.clock
        let now = clock.now()
        let part = TLSSession.ClientPart(name: name, trust: context.trust, clock: clock, startedAt: now)
        var keeper: SessionKeeper?
        if let sessions {
            let key = context.sessionKey(host: name, port: port)
            keeper = SessionKeeper(
                store: sessions, key: key, clock: clock, startedAt: now,
                offered: await sessions.session(for: key, now: now))
        }
        let session = try TLSSession(context.handle, role: .client(part), resuming: keeper?.offered?.octets.reveal())
        do {
            try await handshake(session, over: base, peer: .server)
        } catch {
            await keeper?.handshakeFailed(error)
            throw error
        }
        keeper?.isResumed = session.info().isResumed
        keeper?.chainNotAfter = session.chainNotAfter
        return TLSStream(session: session, base: base, keeper: keeper)
    }

    /// Handshakes as a server. The time limit is the caller's; `base` stays the caller's until this returns a stream.
    public static func accept(over base: any ByteStream, context: TLSServerContext) async throws(TLSError) -> TLSStream
    {
        let session = try TLSSession(context.handle, role: .server)
        try await handshake(session, over: base, peer: .client)
        return TLSStream(session: session, base: base, keeper: nil)
    }

    private init(session: sending TLSSession, base: any ByteStream, keeper: SessionKeeper?) {
        info = session.info()
        self.base = base
        self.keeper = keeper
        state = Mutex(State(session: session))
    }

    /// Whether the peer's end came with close_notify; nil as long as it has not ended. False may be an attacker's cut: what
    /// was read is whole only if the protocol above says so.
    public var endedCleanly: Bool? {
        state.withLock { state in state.ending.map { $0 == .closeNotify } }
    }

    /// Octets that name this connection, for SCRAM-PLUS: the exporter's (RFC 9266) with TLS 1.3, the digest of the server's
    /// certificate (RFC 5929 §4) with TLS 1.2.
    public func channelBinding() throws(TLSError) -> ChannelBinding {
        try state.withLock { (state) throws(TLSError) in try state.session.channelBinding() }
    }

    // Reading

    /// What the stream below is asked for at once: two full records and a little.
    static let ciphertextChunk = 36_864
    /// A read gives no more at once, however much is asked for: one record (RFC 8446 §5.1).
    static let recordLimit = 16_384
    /// What reads may leave for the next write; a peer that makes us owe more (KeyUpdates by the hundred) is refused.
    static let owedLimit = 16_384
    /// What may come without an octet of text: room for two tickets of the largest size. A peer that sends tickets or other
    /// messages of TLS without end would use up a data plan.
    static let octetsWithoutTextLimit = 131_072

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        precondition(atMost > 0, "a read asks for at least one octet")
        while true {
            switch look(atMost: atMost) {
            case .octets(let plaintext): return plaintext
            case .end: return nil
            case .failed(let failure): throw failure
            case .wait: break
            }
            // Cancelled here, nothing is lost: what comes stays below, or is taken in before anything else is awaited.
            guard let ciphertext = try await base.read(atMost: TLSStream.ciphertextChunk) else {
                state.withLock { state in state.ending = state.ending ?? .cut }
                return nil
            }
            state.withLock { state in
                state.octetsWithoutText += ciphertext.readableBytes
                state.session.receive(ciphertext)
            }
        }
    }

    private enum Look {
        case octets(ByteBuffer)
        case end
        case failed(StreamFailure)
        case wait
    }

    private func look(atMost: Int) -> Look {
        state.withLock { state in
            if state.isClosed { return .failed(.closed) }
            if let failure = state.failure { return .failed(failure) }
            guard state.ending == nil else { return .end }
            var plaintext = ByteBuffer()
            switch state.session.read(atMost: min(atMost, TLSStream.recordLimit), into: &plaintext) {
            case .done:
                state.octetsWithoutText = 0
                return .octets(plaintext)
            case .needsInput:
                guard state.octetsWithoutText <= TLSStream.octetsWithoutTextLimit else {
                    return fail(&state, .corrupt("the peer sends TLS records without end, and no text in them"))
                }
                guard state.session.ciphertextCount > TLSStream.owedLimit else { return .wait }
                return fail(&state, .corrupt("the peer asks for answers without end"))
            case .ended:
                state.ending = .closeNotify
                return .end
            case .failed(let failure): return fail(&state, failure.asStreamFailure)
            }
        }
    }

    private func fail(_ state: inout State, _ failure: StreamFailure) -> Look {
        state.failure = failure
        return .failed(failure)
    }

    // Writing

    /// Plaintext of one flight below: four full records, so that a link which sends chunks gets full ones.
    static let flightLimit = 4 * recordLimit

    /// What a cancelled write has moved the reader index past was made a record, and leaves with the next write or `flush`.
    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        // What a cancelled write left goes first: no more than one flight is ever held.
        try await drain()
        let failure: StreamFailure? = state.withLock { state in
            if state.isClosed { return .closed }
            if let failure = state.failure { return failure }
            let progress = state.session.write(&octets, atMost: TLSStream.flightLimit)
            state.session.takeCiphertext(into: &state.outbox)
            switch progress {
            case .done: return nil
            case .failed(let failure):
                state.failure = failure.asStreamFailure
                return state.failure
            case .needsInput, .ended: return .corrupt("TLS takes no more octets")
            }
        }
        if let failure { throw failure }
        try await drain()
    }

    public func flush() async throws(StreamFailure) {
        try await drain()
        try await base.flush()
    }

    /// Hands the outbox down until it is empty. One caller drains at a time; a second finds nothing to do.
    private func drain() async throws(StreamFailure) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        while var records = state.withLock({ state in takeOutbox(&state) }) {
            do {
                while records.readableBytes > 0 { try await base.write(&records) }
            } catch {
                state.withLock { state in putBack(records, &state) }
                throw error
            }
            state.withLock { state in state.isDraining = false }
        }
    }

    private func takeOutbox(_ state: inout State) -> ByteBuffer? {
        guard !state.isDraining, state.failure == nil else { return nil }
        state.session.takeCiphertext(into: &state.outbox)
        guard state.outbox.readableBytes > 0 else { return nil }
        state.isDraining = true
        defer { state.outbox = ByteBuffer() }
        return state.outbox
    }

    private func putBack(_ records: ByteBuffer, _ state: inout State) {
        var whole = records
        whole.writeImmutableBuffer(state.outbox)
        state.outbox = whole
        state.isDraining = false
    }

    // Ending

    /// With TLS 1.3 close_notify ends one direction (RFC 8446 §6.1); TLS 1.2 answers it with the end of both (RFC 5246 §7.2.1),
    /// so there is none.
    public func endWriting() async throws(StreamFailure) -> Bool {
        guard info.version == .tls13 else { return false }
        try await drain()
        let step = await shutdown(limit: .seconds(60))
        guard step.isClean else { throw .timedOut("close_notify was not taken") }
        return true
    }

    /// Sends close_notify within `limit`, and keeps the newest session; the stream below stays open and is the caller's
    /// again. The peer's close_notify is not waited for. Idempotent, never throws.
    public func shutdown(limit: Duration = .seconds(1)) async -> TeardownStep {
        let clock = ContinuousClock()
        let start = clock.now
        let isFirst = state.withLock { state in
            defer { state.isCloseNotifySent = true }
            guard !state.isCloseNotifySent else { return false }
            if state.failure == nil { state.session.closeNotify() }
            return true
        }
        guard isFirst else { return TeardownStep(name: "tls", outcome: .notNeeded, duration: .zero) }
        var outcome = TeardownStep.Outcome.done
        do {
            try await withDeadline(limit, clock: clock) { try await self.drainFarewell() }
        } catch is DeadlineExceeded {
            outcome = .cut
        } catch {
            // The link is gone, or the peer was first to close it: there is no one to say it to.
            outcome = .notNeeded
        }
        await keepSession()
        return TeardownStep(name: "tls", outcome: outcome, duration: clock.now - start)
    }

    /// The last records, or the alert that says why there are none.
    private func drainFarewell() async throws {
        state.withLock { state in
            guard state.failure != nil else { return }
            state.outbox = ByteBuffer()
            state.session.takeCiphertext(into: &state.outbox)
        }
        let alert = state.withLock { state in state.failure == nil ? nil : state.outbox }
        if let alert { try await base.writeAll(alert) } else { try await drain() }
    }

    private func keepSession() async {
        guard let keeper else { return }
        let offered = state.withLock { state in
            defer { state.session.offeredSession = nil }
            return state.session.offeredSession
        }
        await keeper.keep(offered)
    }

    /// `shutdown`, then closes the stream below. A pending read or write ends with `.closed`.
    public func close() async -> TeardownStep {
        let own = await shutdown()
        state.withLock { state in state.isClosed = true }
        let below = await base.close()
        return TeardownStep(
            name: "tls", outcome: below.isClean ? own.outcome : below.outcome, duration: own.duration + below.duration)
    }
}

extension SessionFailure {
    /// As the reader and the writer of a stream see it.
    var asStreamFailure: StreamFailure {
        switch self {
        case .certificate(let failure): .corrupt(failure.summary)
        case .alert(let code, let name):
            .refused(
                "the peer ended TLS: \(name) (alert \(code))", advice: HandshakeFailure.advice(alert: code))
        case .version: .corrupt("the peer changed the version of TLS")
        case .violation(let words): .corrupt("TLS: \(words)")
        }
    }
}
