import AT
import ByteStreams
public import Modem
import NIOCore
public import Scopes
import Synchronization

/// Brings the context up for the modem's own sockets, and takes everything down behind `body`: open sockets are closed, then
/// the context is deactivated, unless it was found active. Each is a step of `teardown`; they run on every way out, shielded
/// from cancellation.
///
/// - Parameters:
///   - context: defined, as bring-up left it.
///   - keeper: knows the network's causes and other PDP types to try; without it a refusal is told in the modem's words.
///   - body: is given a bearer that connects. It must not outlive the call.
public func withSocketBearer<Result>(
    port: any CommandPort, dialect: any Dialect, context: PDPContext, keeper: ContextKeeper? = nil,
    teardown: Teardown, tuning: SocketMachine.Tuning = .init(), clock: BearerClock = .continuous,
    body: (any Bearer) async throws -> Result
) async throws -> Result {
    let sockets = ModemSockets(port: port, dialect: dialect, cid: context.cid, tuning: tuning, clock: clock)
    let bearer = SocketBearer(
        port: port, dialect: dialect, context: context, keeper: keeper, sockets: sockets, clock: clock)
    await port.adopt(introducers: dialect.introducers, unsolicitedPrefixes: dialect.unsolicitedPrefixes)
    let lines = await port.unsolicited()
    return try await withCompanion(
        { await sockets.run(lines: lines) }, stop: { sockets.stop() },
        body: {
            try await withScope(
                open: { bearer }, close: { await $0.takeDown(teardown) },
                body: { bearer in
                    try await bearer.start()
                    return try await body(bearer)
                })
        })
}

/// The `socket` adapter: a context of the modem's, and its sockets by one dialect.
final class SocketBearer: Bearer {
    private enum Life: Sendable {
        case down
        /// Activation was begun: the context may be up, whatever the modem answered.
        case activating
        /// `wasFound`: somebody else activated it, so it stays.
        case up(wasFound: Bool)
    }

    private struct State {
        var life = Life.down
        var context: PDPContext
        var address: String?
        /// Layers that were found up.
        var found: Set<String> = []
        /// Layers that were brought up, or of which nobody knows whether they were.
        var raised: Set<String> = []
    }

    private let port: any CommandPort
    private let dialect: any Dialect
    private let keeper: ContextKeeper?
    private let sockets: ModemSockets
    private let clock: BearerClock
    private let state: Mutex<State>
    private let online: OnlineSlot

    init(
        port: any CommandPort, dialect: any Dialect, context: PDPContext, keeper: ContextKeeper?,
        sockets: ModemSockets, clock: BearerClock
    ) {
        self.port = port
        self.dialect = dialect
        self.keeper = keeper
        self.sockets = sockets
        self.clock = clock
        state = Mutex(State(context: context))
        online = OnlineSlot()
    }

    var name: String { "socket (\(dialect.name))" }

    var localAddress: String? { state.withLock { $0.address } }

    /// The line itself carries one; else as many as the modem has sockets.
    var connectionLimit: Int? {
        switch (dialect.carriage, dialect.slots) {
        case (.online, _): 1
        case (.pull, .host(let range)), (.push, .host(let range)): range.count
        case (.pull, .modem), (.push, .modem): nil
        }
    }

    private var context: PDPContext { state.withLock { $0.context } }

    // MARK: Start

    /// The context as it is found, settings, then the context activated where it was not; and its address.
    func start() async throws(BearerError) {
        let found = try await status()
        for step in dialect.settings(found: found) { _ = try await require(step) }
        if case .active(let address)? = found {
            state.withLock { state in
                state.life = .up(wasFound: true)
                state.address = address
            }
            return
        }
        state.withLock { $0.life = .activating }
        let answers = try await activate()
        var status: ContextStatus? = dialect.status(in: answers, of: context)
        if status == .inactive { status = try await self.status() }
        state.withLock { state in
            state.life = .up(wasFound: found == .activeOtherwise)
            if case .active(let address)? = status { state.address = address }
        }
    }

    /// Nil where neither the dialect nor bring-up can tell.
    private func status() async throws(BearerError) -> ContextStatus? {
        let context = context
        do {
            if let status = try await dialect.status(of: context, on: port) { return status }
        } catch {
            throw error == .cancelled ? .interrupted : .modem(error)
        }
        return context.wasActive == true ? .active(address: nil) : nil
    }

    /// A refusal is followed by the dialect's deactivation, which alone makes another activation possible. A second one is
    /// made when the network asks for another PDP type, or when nothing says that it would be refused again. It answers with
    /// the answers of the steps.
    private func activate() async throws(BearerError) -> [Exchange.Answer] {
        let first: Refusal
        switch try await attempt() {
        case .success(let answers): return answers
        case .failure(let refusal): first = refusal
        }
        await deactivate(isWhole: first.isContradicted)
        if let adapted = try await adapted(after: first.error) {
            state.withLock { $0.context = adapted }
        } else if first.isFinal {
            throw .contextRefused(first.error)
        }
        switch try await attempt() {
        case .success(let answers): return answers
        case .failure(let second):
            await deactivate(isWhole: false)
            throw .contextRefused(second.error)
        }
    }

    private func adapted(after refusal: ModemError) async throws(BearerError) -> PDPContext? {
        guard let keeper else { return nil }
        do {
            return try await keeper.adapted(context, after: refusal)
        } catch {
            throw .contextRefused(error)
        }
    }

    private struct Refusal: Error {
        let error: ModemError
        /// The same attempt would be refused again.
        var isFinal: Bool
        /// "Up already", said of what is not: everything has to go down, also what was found up.
        var isContradicted = false
    }

    /// Runs the steps of activation.
    private func attempt() async throws(BearerError) -> Result<[Exchange.Answer], Refusal> {
        let steps: [BearerStep]
        do {
            steps = try dialect.activation(of: context)
        } catch {
            throw .unusable(words: error.summary)
        }
        var answers: [Exchange.Answer] = []
        for step in steps {
            if let layer = step.layer { note(layer, isUp: true) }
            let answer = try await performWhenReady(step)
            if let refusal = try await refusal(of: step, answer) { return .failure(refusal) }
            answers.append(answer)
        }
        return .success(answers)
    }

    /// Repeats a step while the modem answers that it is not ready for it, as long as the step's patience lasts.
    private func performWhenReady(_ step: BearerStep) async throws(BearerError) -> Exchange.Answer {
        var answer = try await perform(step.exchange)
        guard let patience = step.patience else { return answer }
        let limit = clock.now() + patience.limit
        while case .cme(patience.number, _) = answer.result, clock.now() < limit {
            await clock.sleep(min(limit, clock.now() + .seconds(1)))
            answer = try await perform(step.exchange)
        }
        return answer
    }

    /// What the answer to a step of activation means; nil: it is done.
    private func refusal(of step: BearerStep, _ answer: Exchange.Answer) async throws(BearerError) -> Refusal? {
        switch (answer.result, step.tolerance) {
        case (.ok, _), (_, .refusal): return nil
        case (.cme(let number, _), .already(let expected, let confirmation)) where number == expected:
            guard try await isConfirmed(confirmation) else { return await explained(answer, isContradicted: true) }
            if let layer = step.layer { noteFound(layer) }
            return nil
        case (_, .none), (_, .already):
            if let layer = step.layer { note(layer, isUp: false) }
            return await explained(answer)
        }
    }

    private func note(_ layer: String, isUp: Bool) {
        state.withLock { state in
            if isUp, !state.found.contains(layer) { state.raised.insert(layer) } else { state.raised.remove(layer) }
        }
    }

    private func noteFound(_ layer: String) {
        state.withLock { state in
            state.raised.remove(layer)
            state.found.insert(layer)
        }
    }

    private func isConfirmed(_ confirmation: BearerStep.Confirmation) async throws(BearerError) -> Bool {
        switch confirmation {
        case .answer(let exchange, let pattern):
            let answer = try await perform(exchange)
            guard answer.result == .ok, let pattern else { return answer.result == .ok }
            return answer.lines.contains { pattern.matches($0.text) }
        case .address:
            guard case .active? = try await status() else { return false }
            return true
        }
    }

    private func explained(_ answer: Exchange.Answer, isContradicted: Bool = false) async -> Refusal {
        var refusal = await explanation(of: answer)
        refusal.isContradicted = isContradicted
        return refusal
    }

    private func explanation(of answer: Exchange.Answer) async -> Refusal {
        var fault = dialect.explanation(in: answer)
        if fault == nil, let question = try? dialect.exchange(for: .explain),
            let explanation = try? await port.perform(question)
        {
            fault = dialect.explanation(in: explanation)
        }
        let words = fault?.words ?? ""
        guard let keeper else {
            let report = (try? await port.send(ErrorReportQuery()))?.words ?? ""
            let parts = [answer.result.description, words, report].filter { !$0.isEmpty }
            let error = ModemError.contextRefused(apn: context.apn, cause: nil, words: parts.joined(separator: ", "))
            return Refusal(error: error, isFinal: fault?.kind == .accessPoint)
        }
        let error = await keeper.refusal(of: context, code: answer.result, words: words)
        guard case .contextRefused(_, let cause?, _) = error else { return Refusal(error: error, isFinal: false) }
        return Refusal(error: error, isFinal: !Self.passingCauses.contains(cause.code))
    }

    /// Session causes that another attempt may well pass: congestion, "unspecified", out of order, network failure
    /// (3GPP TS 24.008 §10.5.6.6).
    private static let passingCauses: Set<Int> = [26, 30, 31, 34, 38, 39]

    /// Without a report: what a refused activation demands. What was found up stays, unless the whole bearer has to go.
    private func deactivate(isWhole: Bool) async {
        for step in dialect.deactivation(of: context) where isWhole || isOurs(step) {
            let answer = try? await port.perform(step.exchange)
            if answer?.result == .ok, let layer = step.layer { note(layer, isUp: false) }
        }
    }

    /// Whether a step takes down what was brought up here; one without a layer does.
    private func isOurs(_ step: BearerStep) -> Bool {
        step.layer.map { layer in state.withLock { $0.raised.contains(layer) } } ?? true
    }

    private func require(_ step: BearerStep) async throws(BearerError) -> Exchange.Answer {
        let answer = try await perform(step.exchange)
        guard answer.result == .ok || step.tolerance == .refusal else {
            throw .modem(.refused(command: step.exchange.text.redacted, code: answer.result))
        }
        return answer
    }

    private func perform(_ exchange: Exchange) async throws(BearerError) -> Exchange.Answer {
        do {
            return try await port.perform(exchange)
        } catch {
            throw error == .cancelled ? .interrupted : .modem(error)
        }
    }

    // MARK: Connect

    func connect(to host: String, port: UInt16) async throws -> any ByteStream {
        let endpoint = SocketEndpoint(host: host, port: port)
        if case .online = dialect.carriage { return try await connectOnline(endpoint) }
        switch await sockets.connect(to: endpoint) {
        case .success(let id): return ModemSocketStream(sockets, id, clock)
        case .failure(let fault): throw BearerError(fault, endpoint, context)
        }
    }

    /// One connection at a time: it is the line.
    private func connectOnline(_ endpoint: SocketEndpoint) async throws(BearerError) -> any ByteStream {
        if let words = sockets.lossWords { throw .linkLost(words: words) }
        return try await online.connect(
            OnlineDial(port: port, dialect: dialect, endpoint: endpoint, context: context, clock: clock))
    }

    // MARK: Stop

    /// Closes what is open and deactivates what was activated here. It never throws: each step is recorded.
    func takeDown(_ teardown: Teardown) async {
        await online.takeDown(teardown)
        for id in sockets.openIDs {
            await teardown.step("socket", limit: .seconds(10)) { [sockets] in await sockets.close(id) }
        }
        switch state.withLock({ $0.life }) {
        case .down: return
        case .up(wasFound: true) where sockets.lossWords == nil:
            teardown.record(TeardownStep(name: "bearer stop", outcome: .notNeeded, duration: .zero))
        case .activating, .up: await stop(teardown)
        }
        state.withLock { $0.life = .down }
    }

    /// As long as `+QIDEACT` may take; the teardown's own limit is usually less.
    private static let stopLimit = Duration.seconds(40)

    /// One step of the report for each layer; those without one are "bearer stop" together.
    private func stop(_ teardown: Teardown) async {
        let steps = dialect.deactivation(of: context)
        var names: [String] = []
        for name in steps.map({ $0.layer ?? Self.stopName }) where names.last != name { names.append(name) }
        for name in names {
            let own = steps.filter { ($0.layer ?? Self.stopName) == name }
            guard own.contains(where: isOurs) else {
                teardown.record(TeardownStep(name: name, outcome: .notNeeded, duration: .zero))
                continue
            }
            await teardown.step(name, limit: Self.stopLimit) { try await self.stop(own) }
        }
    }

    private static let stopName = "bearer stop"

    private func stop(_ steps: [BearerStep]) async throws -> TeardownStep.Outcome {
        var outcome = TeardownStep.Outcome.done
        for step in steps {
            let answer = try await port.perform(step.exchange)
            if answer.result != .ok {
                outcome = step.tolerance == .refusal ? .notNeeded : .failed("the modem answered \(answer.result)")
            }
        }
        return outcome
    }
}

extension Dialect {
    /// Asks how the context stands until the dialect knows; nil where it cannot tell.
    func status(of context: PDPContext, on port: any CommandPort) async throws(ATError) -> ContextStatus? {
        var answers: [Exchange.Answer] = []
        while let question = query(context, after: answers) {
            answers.append(try await port.perform(question))
        }
        return answers.isEmpty ? nil : status(in: answers, of: context)
    }
}
