import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Synchronization

/// Drives `SocketMachine` over a `CommandPort`: the machine decides, this performs.
///
/// State stands behind one lock, not in an actor: a write for which there is room, and a read of what is held, then cost no
/// hop, and a cancelled caller is released from where it was cancelled. `run` performs the exchanges, one at a time, with
/// nothing but the machine between an answer and the next command.
final class ModemSockets: Sendable {
    typealias SocketID = SocketMachine.SocketID

    private let port: any CommandPort
    private let clock: BearerClock
    private let state: Mutex<SocketsState>
    private let alarms: AsyncStream<NIODeadline>
    private let alarm: AsyncStream<NIODeadline>.Continuation

    init(port: any CommandPort, dialect: any Dialect, cid: Int, tuning: SocketMachine.Tuning, clock: BearerClock) {
        self.port = port
        self.clock = clock
        state = Mutex(SocketsState(SocketMachine(dialect: dialect, cid: cid, tuning: tuning)))
        (alarms, alarm) = AsyncStream.makeStream()
    }

    // MARK: Running

    /// Performs until `stop`; `lines` are the port's unsolicited ones from before the first exchange on.
    func run(lines: AsyncStream<ATLine>) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.performExchanges() }
            group.addTask { await self.pass(lines) }
            for await time in self.alarms {
                group.addTask { await self.wait(until: time) }
            }
            group.cancelAll()
        }
    }

    /// Ends everything that still waits, and `run`.
    func stop() {
        handle(.lost(words: "the bearer was closed"))
        let waiters = state.withLock { state in
            state.isStopped = true
            return [state.performer.take(), state.lineGate.take()]
        }
        for waiter in waiters { waiter?.resume() }
        alarm.finish()
    }

    private func performExchanges() async {
        while let exchange = await nextExchange() {
            let result: Result<Exchange.Answer, ATError>
            do throws(ATError) {
                result = .success(try await port.perform(exchange))
            } catch {
                result = .failure(error)
            }
            handle(.answered(result))
        }
    }

    private func nextExchange() async -> Exchange? {
        while true {
            let (exchange, isStopped) = state.withLock { ($0.pending.take(), $0.isStopped) }
            if isStopped { return nil }
            if let exchange { return exchange }
            await withCheckedContinuation { waiter in
                let isReady = state.withLock { state in
                    guard state.pending == nil, !state.isStopped else { return true }
                    state.performer = waiter
                    return false
                }
                if isReady { waiter.resume() }
            }
        }
    }

    private func pass(_ lines: AsyncStream<ATLine>) async {
        for await line in lines {
            handle(.line(line))
            await catchUp()
        }
        handle(.lost(words: "the modem is gone"))
    }

    /// Waits while a reader has too much to read already: the port then stops reading the line.
    private func catchUp() async {
        await withCheckedContinuation { waiter in
            let isReady = state.withLock { state in
                guard state.machine.isSaturated, !state.isStopped else { return true }
                state.lineGate = waiter
                return false
            }
            if isReady { waiter.resume() }
        }
    }

    private func wait(until time: NIODeadline) async {
        await clock.sleep(time)
        guard !Task.isCancelled else { return }
        _ = state.withLock { $0.armed.remove(time) }
        handle(.deadlinePassed)
    }

    /// One event through the machine, then its effects, outside the lock.
    func handle(_ event: SocketMachine.Event) {
        perform(state.withLock { $0.handle(event, now: clock.now()) })
    }

    private func perform(_ effects: [SocketsState.Effect]) {
        for effect in effects {
            switch effect {
            case .wake(let waiter): waiter.resume()
            case .opened(let waiter, let result): waiter.resume(returning: result)
            case .read(let waiter, let result): waiter.resume(returning: result)
            case .wrote(let waiter, let result): waiter.resume(returning: result)
            case .flushed(let waiter, let failure): waiter.resume(returning: failure)
            case .closed(let waiter, let outcome): waiter.resume(returning: outcome)
            case .arm(let time): alarm.yield(time)
            }
        }
    }

    // MARK: Calls

    func connect(to endpoint: SocketEndpoint) async -> Result<SocketID, SocketFault> {
        let id = state.withLock { $0.machine.makeID() }
        let fault = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                start(.open(id, endpoint), orElse: { waiter.resume(returning: SocketFault(.closedHere)) }) { state in
                    state.opens[id] = waiter
                }
            }
        } onCancel: {
            handle(.close(id))
        }
        return fault.map { .failure($0) } ?? .success(id)
    }

    func read(_ id: SocketID, atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                start(.read(id, atMost: atMost), orElse: { waiter.resume(returning: .failure(.cancelled)) }) { state in
                    state.reads[id] = waiter
                }
            }
        } onCancel: {
            handle(.cancelRead(id))
        }.get()
    }

    /// Answers how many octets were taken.
    func write(_ id: SocketID, _ octets: ByteBuffer) async throws(StreamFailure) -> Int {
        try await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                start(.write(id, octets), orElse: { waiter.resume(returning: .failure(.cancelled)) }) { state in
                    state.writes[id] = waiter
                }
            }
        } onCancel: {
            handle(.cancelWrite(id))
        }.get()
    }

    func flush(_ id: SocketID) async throws(StreamFailure) {
        let failure = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                start(.flush(id), orElse: { waiter.resume(returning: .cancelled) }) { state in
                    state.flushes[id] = waiter
                }
            }
        } onCancel: {
            handle(.cancelFlush(id))
        }
        if let failure { throw failure }
    }

    /// Closes, and waits until the slot is free; a cancelled caller is told `.cut`, and the closing goes on.
    func close(_ id: SocketID) async -> TeardownStep.Outcome {
        let key = state.withLock { $0.makeCloseKey() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let effects = state.withLock { state -> [SocketsState.Effect] in
                    guard !Task.isCancelled else {
                        return state.handle(.close(id), now: clock.now()) + [.closed(waiter, .cut)]
                    }
                    state.closes[id, default: [:]][key] = waiter
                    return state.handle(.close(id), now: clock.now())
                }
                perform(effects)
            }
        } onCancel: {
            state.withLock { $0.closes[id]?.removeValue(forKey: key) }?.resume(returning: .cut)
        }
    }

    /// Sockets that are open, opening or closing.
    var openIDs: [SocketID] { state.withLock { $0.machine.openIDs } }

    func counts(of id: SocketID) -> SocketCounts? { state.withLock { $0.machine.counts(of: id) } }

    /// Why every socket is dead; nil: none was lost since the bearer came up.
    var lossWords: String? { state.withLock { $0.machine.lossWords } }

    /// Registers who waits and hands the event to the machine, unless the task is cancelled.
    private func start(
        _ event: SocketMachine.Event, orElse cancelled: () -> Void, _ register: (inout sending SocketsState) -> Void
    ) {
        let effects = state.withLock { state -> [SocketsState.Effect]? in
            guard !Task.isCancelled else { return nil }
            register(&state)
            return state.handle(event, now: clock.now())
        }
        if let effects { perform(effects) } else { cancelled() }
    }
}
