import ByteStreams
import Glibc
import NIOCore
import SystemPackage

/// The loop's side of a `SocketStream`: reads only when asked, hands on one write at a time, and knows how each direction
/// ended. Confined to the channel's event loop.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Inbound {
        case open
        case ended
        case failed(StreamFailure)
    }

    enum Outbound {
        case idle
        case busy
        case failed(StreamFailure)
    }

    /// Who may wait, at most one of each.
    enum Slot: CaseIterable {
        case reader
        case writer
        case flusher
        case closer
    }

    enum Taken {
        case octets(ByteBuffer)
        case end
        case failed(StreamFailure)
        case nothingYet
    }

    private(set) var inbound = Inbound.open
    private(set) var outbound = Outbound.idle
    private var received = ByteBuffer()
    private var isReadRequested = false
    private var isDiscarding = false
    /// Whether this side's end was sent: then the peer's ends the connection.
    private var hasEndedWriting = false
    private var context: ChannelHandlerContext?
    private var parked: [Slot: CheckedContinuation<Void, Never>] = [:]

    // MARK: The stream's calls

    /// What was received, and how the peer ended it behind that; asks the kernel for more when there is nothing.
    func take(atMost: Int) -> Taken {
        if received.readableBytes > 0, let slice = received.readSlice(length: min(atMost, received.readableBytes)) {
            if received.readableBytes == 0 { received = ByteBuffer() }
            return .octets(slice)
        }
        switch inbound {
        case .open:
            requestRead()
            return .nothingYet
        case .ended: return .end
        case .failed(let failure): return .failed(failure)
        }
    }

    /// One write(2) when the kernel takes all; what it does not take waits here, and nothing else is taken meanwhile.
    func write(_ octets: ByteBuffer) {
        guard let context else { return }
        outbound = .busy
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            switch (result, self.outbound) {
            case (.success, .busy): self.outbound = .idle
            case (.failure(let error), .busy): self.outbound = .failed(Self.failure(of: error))
            case (_, .idle), (_, .failed): break
            }
            self.wake(.writer)
        }
        context.writeAndFlush(wrapOutboundOut(octets), promise: written)
    }

    /// Sends this side's end; nothing may be under way.
    func endWriting() {
        hasEndedWriting = true
        context?.close(mode: .output, promise: nil)
    }

    /// From now on everything fails with `.closed`, and what still comes is thrown away, so that the peer's end is seen.
    func endHere() {
        received = ByteBuffer()
        isDiscarding = true
        switch inbound {
        case .open: requestRead()
        case .ended, .failed: break
        }
        for slot in [Slot.reader, .writer, .flusher] { wake(slot) }
    }

    func park(_ continuation: CheckedContinuation<Void, Never>, in slot: Slot) {
        precondition(parked[slot] == nil, "a stream has one reader and one writer at a time")
        parked[slot] = continuation
    }

    func wake(_ slot: Slot) {
        parked.removeValue(forKey: slot)?.resume()
    }

    private func requestRead() {
        guard !isReadRequested, let context else { return }
        isReadRequested = true
        context.read()
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end(.reset("the socket was closed"))
    }

    /// A channel that is not registered yet forgets a read: a connection that was just accepted may be read before it is.
    func channelActive(context: ChannelHandlerContext) {
        if isReadRequested { context.read() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var octets = unwrapInboundIn(data)
        isReadRequested = false
        guard !isDiscarding else { return }
        received.writeBuffer(&octets)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReadRequested = false
        if isDiscarding {
            guard case .open = inbound else { return }
            requestRead()
        } else {
            wake(.reader)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        switch inbound {
        case .open: inbound = .ended
        case .ended, .failed: break
        }
        wake(.reader)
        wake(.closer)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(Self.failure(of: error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if hasEndedWriting, case .open = inbound { inbound = .ended }
        end(.reset("the peer closed the connection"))
        context.fireChannelInactive()
    }

    /// The first reason counts; a direction that has ended stays as it ended.
    private func end(_ failure: StreamFailure) {
        switch inbound {
        case .open: inbound = .failed(failure)
        case .ended, .failed: break
        }
        switch outbound {
        case .idle, .busy: outbound = .failed(failure)
        case .failed: break
        }
        for slot in Slot.allCases { wake(slot) }
    }

    static func failure(of error: any Error) -> StreamFailure {
        guard let error = error as? IOError else {
            return .reset("the connection ended")
        }
        let words = String(describing: Errno(rawValue: error.errnoCode))
        switch error.errnoCode {
        case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: return .reset(words)
        case ETIMEDOUT: return .timedOut(words)
        case ENETDOWN, ENETUNREACH, EHOSTUNREACH, EHOSTDOWN, ENODEV, ENONET, EPERM, EACCES: return .linkLost(words)
        default: return .reset(words)
        }
    }
}
