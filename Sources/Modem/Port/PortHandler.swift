import AT
import ByteStreams
import NIOCore
import Scopes

/// Drives the engine on one channel: octets and timers in, writes and answers out. Confined to the channel's event loop.
///
/// It decides nothing: `run` asks the engine, `perform` does what it says. In data mode octets go to the stream of the port, or
/// to the next handler of the pipeline when one was put there before the dial.
final class PortHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    typealias Answered = CheckedContinuation<Result<Exchange.Answer, ATError>, Never>
    typealias Synchronised = CheckedContinuation<Result<StartUpReport, ATError>, Never>
    typealias Concluded = CheckedContinuation<ATError?, Never>

    private var engine: ATEngine
    private let eventLoop: any EventLoop
    private let observer: (@Sendable (LineRecord) -> Void)?
    private let opened: NIODeadline
    private var context: ChannelHandlerContext?
    private var lastError: (any Error)?

    private var nextID: UInt64 = 0
    private var answers: [ATEngine.ID: Answered] = [:]
    private var synchronisations: [Synchronised] = []
    private var proofs: [Concluded] = []
    private var departures: [UInt64: Concluded] = [:]
    private var lastDeparture: UInt64 = 0
    private var subscribers: [Subscriber] = []
    /// The line in data mode, from `CONNECT` on; kept until the next one, for what was not read yet.
    private(set) var data: DataBuffer?
    /// The next handler's writes that the line did not take yet, while data goes to it.
    private var forwarded: DataBuffer?
    private var forwards: Bool { forwarded != nil }

    private var events: [ATEngine.Event] = []
    private var isRunning = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?
    private var isPaused = false
    private var owesRead = false
    /// Whether the next handler knows that the port has ended.
    private var hasToldEnd = false

    private struct Subscriber {
        weak var lines: LineQueue?
    }

    init(
        eventLoop: any EventLoop, profile: LineProfile, seed: UInt64, observer: (@Sendable (LineRecord) -> Void)?
    ) {
        self.eventLoop = eventLoop
        self.observer = observer
        engine = ATEngine(profile: profile, seed: seed)
        engine.isRecording = observer != nil
        opened = eventLoop.now
    }

    var now: NIODeadline { eventLoop.now }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        record(.sent, .opened)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        run(.lost(.portGone("its channel has no port any more")))
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        run(.received(unwrapInboundIn(data)))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if forwards { context.fireChannelReadComplete() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lastError = lastError ?? error
        if !isClosed { record(.received, .lost) }
        run(.lost(.portGone(words(of: error))))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isClosed { record(.received, .lost) }
        run(.lost(.portGone(lastError.map(words) ?? "end of file")))
        context.fireChannelInactive()
    }

    /// Of the next handler, while the line is its.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard forwards, engine.isInDataMode else {
            promise?.fail(ATError.portGone("the line is not in data mode"))
            return
        }
        record(.sent, .octets(unwrapOutboundIn(data).readableBytes))
        let promise = promise ?? eventLoop.makePromise(of: Void.self)
        if let forwarded {
            forwarded.writeBegan()
            promise.futureResult.assumeIsolated().whenComplete { _ in forwarded.writeEnded(nil) }
        }
        context.write(data, promise: promise)
    }

    /// Nothing is read while a reader has all that it may hold.
    func read(context: ChannelHandlerContext) {
        owesRead = isPaused
        if !isPaused { context.read() }
    }

    private func words(of error: any Error) -> String {
        (error as? any Failure)?.summary ?? String(describing: error).printable(limit: 120)
    }
}

/// The only way in and out of the engine.
extension PortHandler {
    private func run(_ event: ATEngine.Event) {
        events.append(event)
        guard !isRunning else { return }
        isRunning = true
        while !events.isEmpty {
            for action in engine.handle(events.removeFirst(), now: now) { perform(action) }
        }
        isRunning = false
        if let error = engine.closedBy { endReaders(error) }
        rearm()
    }

    private func perform(_ action: ATEngine.Action) {
        switch action {
        case .write(let octets): context?.writeAndFlush(wrapOutboundOut(octets), promise: nil)
        case .finish(let id, let result): finish(id, result)
        case .publish(let line): publish(line)
        case .deliver(let octets): deliver(octets)
        case .synchronised(let result): resume(&synchronisations, returning: result)
        case .proven(let error): resume(&proofs, returning: error)
        case .leftDataMode(let error): left(error)
        case .record(let direction, let content): record(direction, content)
        }
    }

    private func rearm() {
        let deadline = engine.deadline
        guard deadline != timerDeadline else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = deadline.map { deadline in
            eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
                self.timerDeadline = nil
                self.run(.deadlinePassed)
            }
        }
    }

    private func resume<Value: Sendable>(
        _ waiters: inout [CheckedContinuation<Value, Never>], returning value: Value
    ) {
        let all = waiters
        waiters = []
        for waiter in all { waiter.resume(returning: value) }
    }

    private func record(_ direction: LineRecord.Direction, _ content: LineRecord.Content) {
        observer?(LineRecord(time: now - opened, direction: direction, content: content))
    }
}

/// What the port's face asks for.
extension PortHandler {
    func makeID() -> ATEngine.ID {
        nextID += 1
        return ATEngine.ID(nextID)
    }

    func submit(_ exchange: Exchange, _ id: ATEngine.ID, _ waiter: Answered) {
        answers[id] = waiter
        run(.submit(id, exchange))
    }

    func cancel(_ id: ATEngine.ID) {
        run(.cancel(id))
    }

    func synchronise(limit: TimeAmount, _ waiter: Synchronised) {
        synchronisations.append(waiter)
        run(.synchronise(limit: limit))
    }

    func prove(_ waiter: Concluded) {
        proofs.append(waiter)
        run(.prove)
    }

    func makeDeparture() -> UInt64 {
        lastDeparture += 1
        return lastDeparture
    }

    /// Who waits no longer is told so; the leaving goes on.
    func endDeparture(_ id: UInt64) {
        departures.removeValue(forKey: id)?.resume(returning: .cancelled)
    }

    func leave(byModem: Bool, _ id: UInt64, _ waiter: Concluded) {
        departures[id] = waiter
        data?.endWriting()
        setPaused()
        guard !byModem, let data = forwarded ?? data, data.pendingWrites > 0 else {
            return run(byModem ? .markLeft : .leave)
        }
        var isWaiting = true
        let begin = {
            guard isWaiting else { return }
            isWaiting = false
            self.run(.leave)
        }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: Self.writingLimit, begin)
        data.whenWritten {
            timer.cancel()
            begin()
        }
    }

    /// The silence ahead of the escape begins when the line has taken what was written before, which a slow one does in 17 s
    /// (16 kB at 9600 baud); one whose flow control holds everything back is left without.
    private static let writingLimit = TimeAmount.seconds(20)

    func cancelAll() {
        for id in answers.keys { run(.cancel(id)) }
    }

    func close() {
        if !isClosed { record(.sent, .closed) }
        run(.lost(.portGone("the port was closed")))
    }

    var isInDataMode: Bool { engine.isInDataMode || engine.isLeavingDataMode || isLeaving }

    var isLeaving: Bool { !departures.isEmpty }

    var isClosed: Bool { engine.closedBy != nil }

    /// When the engine has to be asked again.
    var deadline: NIODeadline? { engine.deadline }

    func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) {
        engine.adopt(introducers: introducers, unsolicitedPrefixes: unsolicitedPrefixes)
    }

    /// From the next `CONNECT` on data goes to these handlers, behind this one in the pipeline.
    func forwardData(to handlers: [any ChannelHandler]) throws {
        guard let context else { throw ATError.portGone("its channel has no port any more") }
        try context.pipeline.syncOperations.addHandlers(handlers, position: .after(self))
        forwarded = DataBuffer()
    }

    func stopForwarding(_ handlers: [any ChannelHandler]) {
        forwarded = nil
        for handler in handlers {
            guard let handler = handler as? any RemovableChannelHandler else { continue }
            context?.pipeline.syncOperations.removeHandler(handler, promise: nil)
        }
    }

    /// Writes data behind what was written before; `promise` is kept when the line took it.
    func writeData(_ octets: ByteBuffer) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        guard let context else {
            promise.fail(ATError.portGone("its channel has no port any more"))
            return promise.futureResult
        }
        record(.sent, .octets(octets.readableBytes))
        context.writeAndFlush(wrapOutboundOut(octets), promise: promise)
        return promise.futureResult
    }
}

/// What the engine's actions do to those who wait.
extension PortHandler {
    private func finish(_ id: ATEngine.ID, _ result: Result<Exchange.Answer, ATError>) {
        if case .success(let answer) = result, case .connect = answer.result {
            data = forwards ? nil : DataBuffer()
            if forwards { context?.fireUserInboundEventTriggered(DataModeEvent.began) }
        }
        answers.removeValue(forKey: id)?.resume(returning: result)
    }

    private func deliver(_ octets: ByteBuffer) {
        if forwards {
            context?.fireChannelRead(wrapInboundOut(octets))
        } else {
            data?.append(octets)
            setPaused()
        }
    }

    private func left(_ error: ATError?) {
        data?.end(error.map { .linkLost($0.summary) } ?? .closed)
        setPaused()
        if forwards { context?.fireUserInboundEventTriggered(DataModeEvent.left(error)) }
        let waiters = departures.values
        departures = [:]
        for waiter in waiters { waiter.resume(returning: error) }
    }

    private func endReaders(_ error: ATError) {
        data?.end(.linkLost(error.summary))
        if forwards, !hasToldEnd {
            hasToldEnd = true
            context?.fireUserInboundEventTriggered(DataModeEvent.left(error))
        }
        for subscriber in subscribers { subscriber.lines?.end() }
        subscribers = []
    }
}

/// Lines for subscribers, and the pause of reading when one of them, or the reader of data, has all it may hold.
extension PortHandler {
    func subscribe() -> LineQueue {
        let loop = eventLoop
        let handler = NIOLoopBound(WeakHandler(handler: self), eventLoop: loop)
        let lines = LineQueue { loop.execute { handler.value.handler?.setPaused() } }
        if engine.closedBy != nil { lines.end() } else { subscribers.append(Subscriber(lines: lines)) }
        return lines
    }

    private struct WeakHandler {
        weak var handler: PortHandler?
    }

    private func publish(_ line: ATLine) {
        for subscriber in subscribers { subscriber.lines?.append(line) }
        setPaused()
    }

    /// Looks again whether reading has to pause.
    func setPaused() {
        subscribers.removeAll { $0.lines == nil }
        let wasPaused = isPaused
        isPaused = data?.isFull == true || subscribers.contains { $0.lines?.isFull == true }
        guard wasPaused, !isPaused, owesRead else { return }
        owesRead = false
        context?.read()
    }

    /// Takes up to `limit` octets of data mode, and reads on when there is room again.
    func takeData(atMost limit: Int) -> DataBuffer.Look {
        let look = data?.take(atMost: limit) ?? .ended(.closed)
        setPaused()
        return look
    }
}
