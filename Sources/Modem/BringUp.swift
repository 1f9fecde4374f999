import AT
public import Credentials
import Scopes

/// Brings a modem in command mode to where a bearer can be activated: identify, SIM, registration, attach, context.
///
/// Each step has its limit, its own errors and its progress. It asks no more than it needs: a Quectel that is registered with
/// the wanted context defined costs seven commands. While it waits, unsolicited lines wake it before the next poll is due.
/// It leaves sleep modes (`+CPSMS`, `+CEDRXS`, `+QSCLK`) as they are: waking the modem is the line's part.
///
/// What it changes is remembered by `keeper`, whose `restore()` the scope of the modem calls on every way out:
///
///     withScope(open: { bringUp }, close: { teardown.record(await $0.keeper.restore()) }) { try await $0.run() }
public struct BringUp: Sendable {
    let port: any CommandPort
    let configuration: ModemConfiguration
    let guardStore: (any PINGuardStore)?
    let digests: Digests
    let clock: any Clock<Duration>
    let progress: @Sendable (ModemProgress) -> Void
    /// Defines the context, and puts back what was found.
    public let keeper: ContextKeeper

    /// - Parameters:
    ///   - guardStore: where PIN records are kept; nil without a state directory, and then no PIN is sent unless the
    ///     configuration allows it.
    ///   - use: what the context is to carry.
    ///   - progress: called on the caller's task, in order.
    public init(
        port: any CommandPort, configuration: ModemConfiguration, guardStore: (any PINGuardStore)?, digests: Digests,
        use: ContextUse = .sockets, clock: any Clock<Duration> = ContinuousClock(),
        progress: @escaping @Sendable (ModemProgress) -> Void = { _ in }
    ) {
        self.port = port
        self.configuration = configuration
        self.guardStore = guardStore
        self.digests = digests
        self.clock = clock
        self.progress = progress
        keeper = ContextKeeper(port: port, configuration: configuration, use: use, clock: clock)
    }

    public func run() async throws(ModemError) -> ReadyModem {
        let watch = UnsolicitedWatch()
        let lines = await port.unsolicited()
        async let _ = watch.observe(lines)

        let (identity, profile) = try await inPhase(.identify) { log throws(ModemError) in
            try await identify(log)
        }
        keeper.adopt(profile)
        try await inPhase(.sim) { log throws(ModemError) in
            try await readySIM(log, profile: profile, imei: identity.imei, watch: watch)
        }
        let found = try await inPhase(.registration) { log throws(ModemError) in
            try await register(log, watch: watch)
        }
        let registration = try await inPhase(.attach) { log throws(ModemError) in
            try await attach(log, found: found, watch: watch)
        }
        let context = try await inPhase(.context) { log throws(ModemError) in
            try await keeper.prepared(log)
        }
        return ReadyModem(identity: identity, profile: profile, registration: registration, context: context)
    }

    private func inPhase<Result>(
        _ phase: Phase, _ body: (PhaseLog) async throws(ModemError) -> Result
    ) async throws(ModemError) -> Result {
        let log = PhaseLog(phase: phase, port: port, clock: clock, progress: progress)
        log.report(.began)
        do {
            let result = try await body(log)
            log.report(.ended)
            return result
        } catch {
            log.report(.failed)
            throw error
        }
    }

    /// Waits for a change or the next poll. Throws when the task was cancelled.
    func pause(_ log: PhaseLog, atMost limit: Duration, watch: UnsolicitedWatch) async throws(ModemError) {
        await watch.wait(atMost: limit, clock: clock)
        guard !Task.isCancelled else { throw .line(phase: log.phase, .cancelled) }
        log.beginAttempt()
    }
}
