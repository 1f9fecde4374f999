import AT
import Modem
import NIOCore
import PPP

/// Drives `PPPLink` on a line in data mode: octets, packets and timers in; octets and packets out. Confined to the event loop of
/// the line, on which the device is, too.
///
/// Nothing queues here beyond `lineLimit`: while the line has not taken so much, the device is not read, so that packets wait in
/// the device's queue, which the kernel's TCP sees, and acknowledgements do not stand behind seconds of data.
final class PPPHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Report: Sendable {
        case phase(PPPPhase)
        case network(PPPNetwork)
        /// The link is over; the line may still be in data mode.
        case ended(PPPEnd)
        /// The modem left data mode by itself, with these words of command mode.
        case hungUp(String)
        /// The line is no longer ours.
        case left(ATError?)
    }

    private var link: PPPLink
    private let eventLoop: any EventLoop
    private let report: @Sendable (Report) -> Void
    private var context: ChannelHandlerContext?
    private var device: PacketDevice?
    private var hasBegun = false
    private var hasLine = false
    /// Octets that the line did not take yet.
    private var waiting = 0
    private var awaitsPacket = false
    private var events: [PPPLink.Event] = []
    private var isRunning = false
    private var timer: Scheduled<Void>?
    private var timerDeadline: NIODeadline?

    init(_ link: PPPLink, on eventLoop: any EventLoop, report: @escaping @Sendable (Report) -> Void) {
        self.link = link
        self.eventLoop = eventLoop
        self.report = report
    }

    var counters: PPPCounters { link.counters }

    // MARK: The line

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        leave(nil)
        self.context = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event as? DataModeEvent {
        case .began:
            hasBegun = true
            hasLine = true
            run(.open)
        case .left(let error): leave(error)
        case nil: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave(.portGone("end of file"))
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        run(.received(unwrapInboundIn(data)))
    }

    private func hangUp(_ words: String) {
        guard hasLine else { return }
        hasLine = false
        report(.hungUp(words))
        run(.lineLost)
    }

    private func leave(_ error: ATError?) {
        timer?.cancel()
        timer = nil
        // One of a dial that was refused has nothing to tell.
        guard hasBegun, context != nil else { return }
        report(.left(error))
        guard hasLine else { return }
        hasLine = false
        run(.lineLost)
    }

    // MARK: The device

    func attach(_ device: PacketDevice) {
        self.device = device
        readDevice()
    }

    func take(packet: ByteBuffer) {
        awaitsPacket = false
        run(.packet(packet))
        readDevice()
    }

    private func readDevice() {
        guard let device, !awaitsPacket, hasLine, waiting < Self.lineLimit else { return }
        awaitsPacket = true
        device.read()
    }

    // MARK: The machine

    /// Asks the peer to end the link.
    func close() {
        run(.close)
    }

    private func run(_ event: PPPLink.Event) {
        events.append(event)
        guard !isRunning else { return }
        isRunning = true
        var hasWritten = false
        while !events.isEmpty {
            for action in link.handle(events.removeFirst(), now: eventLoop.now) {
                hasWritten = perform(action) || hasWritten
            }
        }
        isRunning = false
        if hasWritten { context?.flush() }
        rearm()
    }

    /// Whether something was written that has to be flushed.
    private func perform(_ action: PPPLink.Action) -> Bool {
        switch action {
        case .write(let octets): return write(octets)
        case .deliver(let packet): device?.write(packet)
        case .phase(let phase): report(.phase(phase))
        case .network(let network): report(.network(network))
        case .text(let text):
            if let words = HangUpWords.final(in: text) { hangUp(words) }
        case .ended(let end):
            if end == .noCarrier { hangUp(HangUpWords.noCarrier) }
            report(.ended(end))
        }
        return false
    }

    private func write(_ octets: ByteBuffer) -> Bool {
        guard hasLine, let context else { return false }
        let count = octets.readableBytes
        let taken = eventLoop.makePromise(of: Void.self)
        waiting += count
        taken.futureResult.assumeIsolated().whenComplete { _ in
            self.waiting -= count
            self.readDevice()
        }
        context.write(wrapOutboundOut(octets), promise: taken)
        return true
    }

    private func rearm() {
        let deadline = hasLine ? link.deadline : nil
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

    /// About two packets: one that the line is sending, and the next.
    private static let lineLimit = 3_000
}
