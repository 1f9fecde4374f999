import CLinux
import Glibc
import NIOCore

/// The main process's end of the helper's stream: pairs replies with requests, and takes their descriptors. Confined to the
/// channel's event loop.
final class HelperHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    struct Answer: Sendable {
        let reply: HelperReply
        let descriptor: OwnedDescriptor?
    }

    private enum State {
        case connected(ChannelHandlerContext)
        case lost(TunnelError)
        case fresh
    }

    /// Requests at once; the helper has the same bound for those that take time.
    static let mostRequests = 64

    private let descriptors: Int32
    private let owner: OwnedDescriptor
    private var state = State.fresh
    private var input = ByteBuffer()
    private var pending: [UInt32: EventLoopPromise<Answer>] = [:]

    init?(_ descriptors: OwnedDescriptor) {
        guard let number = descriptors.take() else { return nil }
        self.descriptors = number
        owner = OwnedDescriptor(number)
    }

    // MARK: Requests

    /// Completes `promise` exactly once.
    func send(_ request: HelperRequest, number: UInt32, promise: EventLoopPromise<Answer>) {
        switch state {
        case .lost(let error): promise.fail(error)
        case .fresh: promise.fail(TunnelError.helperLost(words: "not yet started"))
        case .connected(let context):
            guard pending.count < Self.mostRequests else {
                promise.fail(TunnelError.unusable("more than \(Self.mostRequests) requests at once"))
                return
            }
            pending[number] = promise
            write(request, number, context)
        }
    }

    /// The reply to number 0, which nobody asks for.
    func expectStart(promise: EventLoopPromise<Answer>) {
        switch state {
        case .lost(let error): promise.fail(error)
        case .fresh, .connected: pending[0] = promise
        }
    }

    /// What comes for it all the same is closed.
    func cancel(_ number: UInt32) {
        guard let promise = pending.removeValue(forKey: number) else { return }
        promise.fail(TunnelError.cancelled)
        if case .connected(let context) = state { write(.cancel, number, context) }
    }

    /// Everything that is pending fails with `error`, and so does what comes later.
    func lose(_ error: TunnelError) {
        if case .lost = state { return }
        let context: ChannelHandlerContext? = if case .connected(let context) = state { context } else { nil }
        state = .lost(error)
        let promises = pending.values
        pending = [:]
        for promise in promises { promise.fail(error) }
        context?.close(promise: nil)
    }

    private func write(_ request: HelperRequest, _ number: UInt32, _ context: ChannelHandlerContext) {
        var frame = context.channel.allocator.buffer(capacity: 64)
        HelperFrame.write(number, into: &frame) { request.encode(into: &$0) }
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        if case .fresh = state { state = .connected(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        lose(.helperLost(words: "it ended"))
    }

    func channelInactive(context: ChannelHandlerContext) {
        lose(.helperLost(words: "it ended"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A helper that is killed with a request unread resets the stream.
        let isEnd = (error as? IOError).map { [ECONNRESET, EPIPE].contains($0.errnoCode) } ?? false
        lose(.helperLost(words: isEnd ? "it ended" : String(describing: error)))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = unwrapInboundIn(data)
        input.writeBuffer(&octets)
        do throws(HelperFrame.Malformed) {
            while let frame = try HelperFrame.read(from: &input) {
                var message = frame.message
                guard let reply = HelperReply(decoding: &message) else { throw HelperFrame.Malformed() }
                let descriptor = try descriptor(for: reply, frame.number)
                pending.removeValue(forKey: frame.number)?.succeed(Answer(reply: reply, descriptor: descriptor))
            }
        } catch {
            lose(.helperLost(words: "it does not speak this program's language"))
        }
        input.discardReadBytes()
    }

    /// It was sent before its reply, so it is there.
    private func descriptor(
        for reply: HelperReply, _ number: UInt32
    ) throws(HelperFrame.Malformed) -> OwnedDescriptor? {
        switch reply {
        case .ready, .descriptor:
            let received = clinux_descriptor_receive(descriptors)
            guard received.error == 0, received.descriptor >= 0 else { throw HelperFrame.Malformed() }
            let owned = OwnedDescriptor(received.descriptor)
            guard received.number == number else { throw HelperFrame.Malformed() }
            return owned
        case .done, .failed, .addresses, .resolved, .notResolved, .counters: return nil
        }
    }
}
