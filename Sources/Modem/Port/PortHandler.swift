import AT
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

    private(set) var engine: ATEngine
    private let eventLoop: any EventLoop
    private let observer: (@Sendable (LineRecord) -> Void)?
    private let opened: NIODeadline
    private var context: ChannelHandlerContext?
    private var lastError: (any Error)?

    private var nextID: UInt64 = 0
    private var answers: [ATEngine.ID: Answered] = [:]
    private var synchronisations: [Synchronised] = []
    private var proofs: [Concluded] = []
    private var departures: [Concluded] = []
    private var subscribers: [Subscriber] = []
    /// The line in data mode, from `CONNECT` on; kept until the next one, for what was not read yet.
    private(set) var data: DataBuffer?
    /// Whether data goes to the next handler.
    private var forwards = false

    private var events: [ATEngine.Event] = []
    private var isRunning = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?
    private var isPaused = false
    private var owesRead = false

    private struct Subscriber {
        weak var lines: LineQueue?
    }

    init(eventLoop: any EventLoop, profile: LineProfile, observer: (@Sendable (LineRecord) -> Void)?) {
        self.eventLoop = eventLoop
        self.observer = observer
        engine = ATEngine(profile: profile)
        engine.isRecording = observer != nil
        opened = eventLoop.now
    }

    var now: NIODeadline { eventLoop.now }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
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
        run(.lost(.portGone(words(of: error))))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
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
        context.write(data, promise: promise)
    }

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
        if case .lost? = events.last, engine.deadline == nil { endSubscribers() }
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
