import NIOCore

/// One end of two channels that are one connection: octets, their ends and their back pressure pass. Both are of one event loop.
final class BridgeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private weak var partner: BridgeHandler?
    private var strongPartner: BridgeHandler?
    private var context: ChannelHandlerContext?
    private var owesRead = false

    private init() {}

    static func pair() -> (BridgeHandler, BridgeHandler) {
        let (one, other) = (BridgeHandler(), BridgeHandler())
        // Each keeps the other until its own channel is gone.
        one.strongPartner = other
        other.strongPartner = one
        return (one, other)
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        strongPartner = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if strongPartner?.owesRead == true { strongPartner?.resume() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let target = strongPartner?.context else { return }
        target.write(NIOAny(Self.unwrapInboundIn(data)), promise: nil)
    }

    func channelReadComplete(context: ChannelHandlerContext) { strongPartner?.context?.flush() }

    func channelInactive(context: ChannelHandlerContext) { strongPartner?.context?.close(promise: nil) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event as? ChannelEvent == .inputClosed else { return }
        strongPartner?.context?.close(mode: .output, promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { strongPartner?.resume() }
    }

    /// Nothing is read while the other side has enough to write.
    func read(context: ChannelHandlerContext) {
        guard let target = strongPartner?.context, target.channel.isActive, target.channel.isWritable else {
            owesRead = true
            return
        }
        context.read()
    }

    private func resume() {
        guard owesRead, let context else { return }
        owesRead = false
        read(context: context)
    }
}
