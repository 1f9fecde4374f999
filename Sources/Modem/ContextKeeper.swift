public import AT
public import Scopes
import Synchronization

/// Looks at the contexts, defines the wanted one where it is missing, tries another PDP type where the network wants one, and
/// puts back what it found.
///
/// It does not activate anything: that is the bearer's, in its dialect's way.
public final class ContextKeeper: Sendable {
    private struct State {
        /// As the modem is, whatever the use.
        var profile = ModemProfile.generic
        var use: ContextUse
        var prepared: PDPContext?
        /// The definition that was there under the prepared context's cid.
        var found: ContextDefinition?
    }

    private let port: any CommandPort
    private let configuration: ModemConfiguration
    private let clock: any Clock<Duration>
    private let state: Mutex<State>

    init(port: any CommandPort, configuration: ModemConfiguration, use: ContextUse, clock: any Clock<Duration>) {
        self.port = port
        self.configuration = configuration
        self.clock = clock
        state = Mutex(State(use: use))
    }

    func adopt(_ profile: ModemProfile) {
        state.withLock { $0.profile = profile }
    }

    /// The context that bring-up prepared, as it is now.
    public var context: PDPContext? { state.withLock { $0.prepared } }

    /// The context for another use than bring-up prepared it for; the same one where the modem makes no difference. What was
    /// changed for the use before is put back first.
    public func prepare(for use: ContextUse) async throws(ModemError) -> PDPContext {
        let (before, after) = state.withLock { state in (state.profile.using(state.use), state.profile.using(use)) }
        if before.accountForm != after.accountForm || before.greatestCID != after.greatestCID {
            let step = await restore()
            if case .failed(let words) = step.outcome {
                throw .contextRefused(apn: configuration.apn, cause: nil, words: "it cannot be put back: \(words)")
            }
            state.withLock { state in
                state.prepared = nil
                state.found = nil
            }
        }
        state.withLock { $0.use = use }
        return try await prepared(log())
    }

    /// Why the activation of the context was refused, with the network's words. Asks `+CEER`.
    /// - Parameters:
    ///   - code: the answer to the command that was refused; nil: none was.
    ///   - words: what else is known of it, such as the dialect's own error; may be empty.
    public func refusal(of context: PDPContext, code: FinalResultCode?, words: String = "") async -> ModemError {
        let log = log()
        let report = (try? await log.ask(ErrorReportQuery()).response) ?? ErrorReport(words: "")
        let cause = code.flatMap(NetworkCause.init) ?? NetworkCause(report, kind: .session)
        let parts = [code?.words ?? "", words, report.isEmpty ? "" : report.words].filter { !$0.isEmpty }
        return .contextRefused(apn: context.apn, cause: cause, words: parts.joined(separator: ", "))
    }

    /// Defines the context anew with the PDP type that the cause asks for; nil when the cause asks for none, or the owner
    /// chose the type. The caller activates the answer and gives up after the second refusal.
    public func adapted(_ context: PDPContext, after refusal: ModemError) async throws(ModemError) -> PDPContext? {
        guard configuration.pdpType == nil, profile.accountForm != .dialect,
            case .contextRefused(_, let cause?, _) = refusal,
            let type = context.type.fallback(after: cause)
        else { return nil }
        var changed = context
        if context.restoration == .nothing, let found = state.withLock({ $0.found }) {
            changed.restoration = .redefine(type: found.type, apn: found.apn)
        }
        changed.type = type
        return try await write(changed, log())
    }

    /// Undefines what was defined and writes again what was found. Idempotent; it never throws.
    public func restore() async -> TeardownStep {
        let name = "context definition"
        guard let context = state.withLock({ $0.prepared.take() }), context.restoration != .nothing else {
            return TeardownStep(name: name, outcome: .notNeeded, duration: .zero)
        }
        let log = log()
        do {
            if context.account != nil, let clearing = try accountCommand(context, account: nil) {
                _ = try await log.ask(clearing)
            }
            let asked = try await log.ask(try Self.restoring(context))
            let outcome: TeardownStep.Outcome = asked.response == nil ? .failed(asked.words) : .done
            return TeardownStep(name: name, outcome: outcome, duration: log.elapsed)
        } catch {
            return TeardownStep(name: name, outcome: .failed(error.summary), duration: log.elapsed)
        }
    }
}

extension ContextKeeper {
    /// Finds or defines the context, once: later calls answer with the same.
    func prepared(_ log: PhaseLog) async throws(ModemError) -> PDPContext {
        if let prepared = state.withLock({ $0.prepared }) { return prepared }
        if profile.accountForm == .dialect { return ownedByDialect() }
        let plan = try await plan(log)
        state.withLock { $0.found = plan.found }
        let apn = configuration.apn ?? (configuration.account == nil ? nil : plan.found?.apn)
        var context = PDPContext(
            cid: plan.cid, type: plan.found.flatMap(PDPType.init) ?? .ipv4v6, apn: apn, account: configuration.account,
            wasDefined: plan.found != nil, wasActive: plan.isActive)
        guard let written = plan.written else {
            if let account = context.account, try await !isActive(context, log) {
                try await write(account, of: context, log)
            }
            remember(context)
            return context
        }
        context.type = written.type
        context.restoration = plan.found.map { .redefine(type: $0.type, apn: $0.apn) } ?? .undefine
        log.report(
            .noted("defining context \(context.cid) for \(written.apn.map { "APN \($0)" } ?? "the default APN")"))
        return try await write(context, log)
    }

    /// The dialect names access point and account when it activates; nothing is defined, and nothing has to be put back.
    private func ownedByDialect() -> PDPContext {
        let context = PDPContext(
            cid: 1, type: configuration.pdpType ?? .ipv4, apn: configuration.apn, account: configuration.account)
        remember(context)
        return context
    }

    private func plan(_ log: PhaseLog) async throws(ModemError) -> ContextPlan {
        let asked = try await log.ask(ContextDefinitionsQuery())
        let found = asked.response ?? []
        let limit = profile.greatestCID
        let (apn, type) = (configuration.apn, configuration.pdpType)
        if let plan = ContextPlan.fitting(found, apn: apn, type: type, greatestCID: limit, active: nil) { return plan }
        let active = try await log.ask(ContextStatesQuery()).response ?? []
        let plan =
            ContextPlan.fitting(found, apn: apn, type: type, greatestCID: limit, active: active)
            ?? ContextPlan.writing(found, apn: apn, type: type, greatestCID: limit, active: active)
        guard let plan else {
            throw .contextRefused(apn: apn, cause: nil, words: "every context of the modem is in use")
        }
        return plan
    }

    /// Writes definition and account; a modem that does not know `IPV4V6` is given `IP`.
    private func write(_ context: PDPContext, _ log: PhaseLog) async throws(ModemError) -> PDPContext {
        var context = context
        // What may have been written has to be put back, whatever becomes of the rest.
        remember(context)
        var asked = try await log.ask(try definition(context))
        if asked.response == nil, context.type == .ipv4v6, configuration.pdpType == nil {
            context.type = .ipv4
            remember(context)
            asked = try await log.ask(try definition(context))
        }
        guard asked.response != nil else {
            throw .contextRefused(apn: context.apn, cause: nil, words: "it cannot be defined: \(asked.words)")
        }
        if let account = context.account { try await write(account, of: context, log) }
        return context
    }

    private func write(_ account: PDPAccount, of context: PDPContext, _ log: PhaseLog) async throws(ModemError) {
        guard let command = try accountCommand(context, account: account) else { return }
        let asked = try await log.ask(command)
        // A link proves the account by itself: PAP or CHAP may do where the command is not known.
        guard asked.response != nil || state.withLock({ $0.use }) == .ppp else {
            throw .contextRefused(apn: context.apn, cause: nil, words: "its account cannot be set: \(asked.words)")
        }
    }

    private var profile: ModemProfile { state.withLock { $0.profile.using($0.use) } }

    private func log() -> PhaseLog {
        PhaseLog(phase: .context, port: port, clock: clock, progress: { _ in })
    }

    /// Nil where the dialect's bearer has the account.
    private func accountCommand(_ context: PDPContext, account: PDPAccount?) throws(ModemError) -> ContextAccount? {
        try Self.onLine { () throws(ATError) in
            try ContextAccount(context, account: account, form: profile.accountForm)
        }
    }

    /// An active context has been accepted with the account that it has, and a modem refuses to change it.
    private func isActive(_ context: PDPContext, _ log: PhaseLog) async throws(ModemError) -> Bool {
        if let isActive = context.wasActive { return isActive }
        return try await log.ask(ContextStatesQuery()).response?.contains(context.cid) == true
    }

    private func remember(_ context: PDPContext) {
        state.withLock { $0.prepared = context }
    }

    /// Without a wanted APN the one that was found stays.
    private func definition(_ context: PDPContext) throws(ModemError) -> ContextDefinitionCommand {
        let apn = context.apn ?? state.withLock { $0.found?.apn }
        return try Self.onLine { () throws(ATError) in
            try ContextDefinitionCommand(cid: context.cid, type: context.type.rawValue, apn: apn)
        }
    }

    private static func restoring(_ context: PDPContext) throws(ModemError) -> ContextRestoration {
        try onLine { () throws(ATError) in try ContextRestoration(context) }
    }

    private static func onLine<Value>(_ make: () throws(ATError) -> Value) throws(ModemError) -> Value {
        do {
            return try make()
        } catch {
            throw .line(phase: .context, error)
        }
    }
}
