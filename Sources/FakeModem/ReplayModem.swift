import Synchronization

/// A modem that is a transcript: it says what was recorded, as long as the host does.
///
///     let modem = try ReplayModem(try Transcript(parsing: text), options)     // usable from here on, at modem.path
///     …
///     let outcome = await modem.outcome()                                     // .played, or where the host left it
///
/// When the host left it, or came to the end and closed the port, the pty vanishes.
public final class ReplayModem: Sendable {
    /// The pty's slave (`/dev/pts/7`), or the symbolic link where one was asked for.
    public let path: String

    private let loop: ModemLoop
    private let end: ReplayEnd

    /// Opens the pty and starts.
    /// - Parameters:
    ///   - options: of which link, time scale and ledger file count.
    ///   - isPaced: whether lines come when they were recorded (faster by the time scale), or at once.
    ///   - whenEnded: is told on a thread of the modem's.
    public init(
        _ transcript: Transcript, _ options: FakeModemOptions = FakeModemOptions(), isPaced: Bool = true,
        whenEnded: @escaping @Sendable () -> Void = {}
    ) throws(FakeModemError) {
        let end = ReplayEnd()
        self.end = end
        loop = try ModemLoop.start(options) { outcome in
            end.end(outcome)
            whenEnded()
        } makeMachine: { now in
            ReplayMachine(transcript, isPaced: isPaced, now: now)
        }
        path = options.link ?? loop.device
    }

    /// Ends it where it is, and says where that was; the same when it has ended by itself.
    public func stopAndWait() -> ReplayOutcome {
        loop.order(.stop)
        _ = loop.record.waitForEnd()
        return end.outcome ?? .stopped(line: 0, expected: "nothing")
    }

    /// Waits until it has ended by itself.
    public func outcome() async -> ReplayOutcome {
        _ = await loop.record.end()
        return end.outcome ?? .stopped(line: 0, expected: "nothing")
    }
}

/// What the loop's thread leaves behind.
private final class ReplayEnd: Sendable {
    private let state = Mutex(ReplayOutcome?.none)

    var outcome: ReplayOutcome? { state.withLock { $0 } }

    func end(_ outcome: ReplayOutcome?) {
        state.withLock { $0 = outcome }
    }
}
