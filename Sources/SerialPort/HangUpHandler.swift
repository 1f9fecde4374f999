import NIOCore

/// First in the pipeline of a line: says "unplugged" in one way, whatever the kernel said.
///
/// End of file, EIO and hang-up become `SerialPortError.unplugged` by `errorCaught`, once, and then `channelInactive`.
/// A channel that this side closes just becomes inactive.
final class HangUpHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private enum State {
        case open
        case closing
        case reported
    }

    private let path: String
    private let onHangUp: @Sendable () -> Void
    private var state = State.open

    /// - Parameter onHangUp: called on the loop before the handlers hear of it.
    init(path: String, onHangUp: @escaping @Sendable () -> Void) {
        self.path = path
        self.onHangUp = onHangUp
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch state {
        case .open: state = .closing
        case .closing, .reported: break
        }
        context.close(mode: mode, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError || error is ChannelError else {
            context.fireErrorCaught(error)
            return
        }
        report(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        report(context)
        context.fireChannelInactive()
    }

    private func report(_ context: ChannelHandlerContext) {
        switch state {
        case .open:
            state = .reported
            onHangUp()
            context.fireErrorCaught(SerialPortError.unplugged(path: path))
        case .closing, .reported: break
        }
    }
}
