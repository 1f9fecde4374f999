public import AT
import ByteStreams
public import NIOCore
public import Scopes

/// The AT port of a modem: the async face of one line, pinned to the event loop of its channel.
///
/// Below it one channel handler drives `ATEngine`; between a wish and its write nothing is awaited. Everything ends when the
/// channel does: what waits fails with `.portGone`.
public actor ATPort: DialPort {
    private let channel: any Channel
    private let bound: NIOLoopBound<PortHandler>

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The executor outlives every job of the actor: the actor holds the channel, which holds its loop.
        unsafe channel.eventLoop.executor.asUnownedSerialExecutor()
    }

    var handler: PortHandler { bound.value }

    private init(channel: any Channel, bound: NIOLoopBound<PortHandler>) {
        self.channel = channel
        self.bound = bound
    }

    /// Puts the port at the end of the channel's pipeline, on the channel's event loop: in the channel's initializer, so that
    /// no octet of the line is lost.
    /// - Parameters:
    ///   - seed: what is asked at start-up follows from it: another number in each run, so that the late answer to a question
    ///     of an earlier run does not pass for this run's.
    ///   - observer: is told of each line, prompt and payload, redacted, on the event loop.
    public static func install(
        on channel: any Channel, profile: LineProfile = .standard,
        seed: UInt64 = .random(in: .min ... .max), observer: (@Sendable (LineRecord) -> Void)? = nil
    ) throws -> ATPort {
        let loop = channel.eventLoop
        let handler = PortHandler(eventLoop: loop, profile: profile, seed: seed, observer: observer)
        try channel.pipeline.syncOperations.addHandler(handler)
        return ATPort(channel: channel, bound: NIOLoopBound(handler, eventLoop: loop))
    }

    /// The same from any thread, for a channel that is open already.
    public static func open(
        on channel: any Channel, profile: LineProfile = .standard,
        seed: UInt64 = .random(in: .min ... .max), observer: (@Sendable (LineRecord) -> Void)? = nil
    ) async throws -> ATPort {
        try await channel.eventLoop.submit {
            try ATPort.install(on: channel, profile: profile, seed: seed, observer: observer)
        }.get()
    }

    /// Brings the line to command mode, whatever it is in, and says what was found. Costs one command when the modem is ready.
    /// It is also the way back after `.outOfStep`; what waits meanwhile fails with that.
    /// - Parameter limit: for all of it; a modem that is starting needs up to 30 s.
    public func synchronise(limit: TimeAmount = .seconds(15)) async throws(ATError) -> StartUpReport {
        let result = await withCheckedContinuation { handler.synchronise(limit: limit, $0) }
        return try result.get()
    }

    public func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        if Task.isCancelled { throw .cancelled }
        let id = handler.makeID()
        let (loop, bound) = (channel.eventLoop, bound)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                handler.submit(exchange, id, continuation)
                // A cancellation that came before found nothing to cancel.
                if Task.isCancelled { handler.cancel(id) }
            }
        } onCancel: {
            loop.execute { bound.value.cancel(id) }
        }
        return try result.get()
    }

    public func unsolicited() async -> AsyncStream<ATLine> {
        let lines = handler.subscribe()
        return AsyncStream { await lines.next() }
    }

    public func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {
        handler.adopt(introducers: introducers, unsolicitedPrefixes: unsolicitedPrefixes)
    }

    public func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        let answer = try await perform(exchange)
        guard case .connect = answer.result else {
            throw .refused(command: exchange.text.redacted, code: answer.result)
        }
        return DataModeStream(port: self)
    }

    public func dial(
        _ exchange: Exchange, makeHandlers: @Sendable () -> [any ChannelHandler]
    ) async throws(ATError) -> any DataModeLine {
        let handlers = makeHandlers()
        do {
            try handler.forwardData(to: handlers)
        } catch let error as ATError {
            throw error
        } catch {
            throw .portGone(String(describing: error).printable())
        }
        forwarding = handlers
        do {
            return try await connect(exchange)
        } catch {
            stopForwarding()
            throw error
        }
    }

    private var forwarding: [any ChannelHandler] = []

    private func stopForwarding() {
        handler.stopForwarding(forwarding)
        forwarding = []
    }
}

/// The line in data mode.
extension ATPort {
    func readData(atMost limit: Int) async throws(StreamFailure) -> ByteBuffer? {
        while true {
            switch handler.takeData(atMost: limit) {
            case .octets(let octets): return octets
            case .ended(let failure): throw failure
            case .empty: try await dataChange()
            }
        }
    }

    /// Takes all of `octets` as soon as the line took what was written before.
    func writeData(_ octets: ByteBuffer) async throws(StreamFailure) {
        try await flushData()
        guard let data = handler.data, data.mayWrite else { throw handler.data?.writeFailure ?? .closed }
        data.writeBegan()
        let written = NIOLoopBound(data, eventLoop: channel.eventLoop)
        handler.writeData(octets).whenComplete { result in
            switch result {
            case .success: written.value.writeEnded(nil)
            case .failure(let error): written.value.writeEnded(.linkLost(String(describing: error).printable()))
            }
        }
    }

    func flushData() async throws(StreamFailure) {
        while let data = handler.data, data.mayWrite, data.pendingWrites > 0 { try await dataChange() }
        guard let data = handler.data else { throw .closed }
        if let failure = data.writeFailure { throw failure }
    }

    func leaveDataMode(byModem: Bool) async -> TeardownStep {
        let name = "data mode left"
        let begun = handler.now
        guard handler.isInDataMode else { return TeardownStep(name: name, outcome: .notNeeded, duration: .zero) }
        let error = await departure(byModem: byModem)
        stopForwarding()
        let outcome: TeardownStep.Outcome =
            switch error {
            case nil: .done
            case .cancelled: .cut
            case let error?: .failed(error.summary)
            }
        return TeardownStep(name: name, outcome: outcome, duration: Duration(handler.now - begun))
    }

    /// A caller that is cancelled waits no longer; the leaving goes on.
    private func departure(byModem: Bool) async -> ATError? {
        let id = handler.makeDeparture()
        let (loop, bound) = (channel.eventLoop, bound)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                handler.leave(byModem: byModem, id, waiter)
                if Task.isCancelled { handler.endDeparture(id) }
            }
        } onCancel: {
            loop.execute { bound.value.endDeparture(id) }
        }
    }

    /// Back to command mode behind a `CONNECT` that nobody wanted; nil: it is proven.
    public func leaveDataMode() async -> TeardownStep { await leaveDataMode(byModem: false) }

    private func beginWait(_ id: UInt64, _ continuation: CheckedContinuation<Void, Never>) {
        guard let data = handler.data else { return continuation.resume() }
        data.wait(id, continuation)
    }

    /// Waits until the state of the stream changed; throws `.cancelled` when the caller is cancelled.
    private func dataChange() async throws(StreamFailure) {
        guard let data = handler.data else { throw .closed }
        if Task.isCancelled { throw .cancelled }
        let id = data.makeWaiter()
        let loop = channel.eventLoop
        let waiting = NIOLoopBound(data, eventLoop: loop)
        await withTaskCancellationHandler {
            // Naming the actor keeps the closure on its loop: one that captures nothing of it would run elsewhere.
            await withCheckedContinuation { self.beginWait(id, $0) }
        } onCancel: {
            loop.execute { waiting.value.endWait(id) }
        }
        if Task.isCancelled { throw .cancelled }
    }
}

/// The end.
extension ATPort {
    /// Ends the port: cancels what waits, leaves data mode when the line is in it, or proves by a probe that it is in command
    /// mode. Everything after it fails with `.portGone`. The channel is left open: it belongs to whoever made it.
    /// - Parameters:
    ///   - proving: whether the line has to be proven to be in command mode.
    ///   - limit: for all steps together; a step that it cuts is reported as such.
    public func close(proving: Bool = true, limit: TimeAmount = .seconds(12)) async -> [TeardownStep] {
        let begun = handler.now
        let bound = bound
        let isCut = NIOLoopBoundBox(false, eventLoop: channel.eventLoop)
        let timer = channel.eventLoop.scheduleTask(in: limit) {
            isCut.value = true
            bound.value.close()
        }
        handler.cancelAll()
        let step: TeardownStep?
        if handler.isInDataMode {
            step = await leaveDataMode(byModem: false)
        } else if proving, !handler.isClosed {
            let error = await withCheckedContinuation { handler.prove($0) }
            step = TeardownStep(
                name: "command mode proven", outcome: error.map { .failed($0.summary) } ?? .done,
                duration: Duration(handler.now - begun))
        } else {
            step = nil
        }
        timer.cancel()
        handler.close()
        guard let step, isCut.value else { return step.map { [$0] } ?? [] }
        return [TeardownStep(name: step.name, outcome: .cut, duration: step.duration)]
    }
}

extension Duration {
    fileprivate init(_ amount: TimeAmount) {
        self = .nanoseconds(amount.nanoseconds)
    }
}
