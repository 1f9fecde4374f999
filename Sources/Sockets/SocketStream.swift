public import ByteStreams
import CLinux
import Glibc
public import NIOCore
public import Scopes

/// A connection of the kernel's TCP as a `ByteStream`.
///
/// Memory is constant: nothing is read before a reader asks (16 KiB at a time), and at most one write waits for the
/// kernel's buffer. Only at the peer's end what the kernel still holds is taken over at once (its receive buffer, 256 KiB
/// at most). A write returns when the octets are handed on; that they did not arrive is told by the next call. It runs on the
/// socket's event loop.
public actor SocketStream: ByteStream {
    private enum Life {
        case open
        case closing([CheckedContinuation<TeardownStep, Never>])
        case closed(TeardownStep)
    }

    /// Both are nil once the socket is closed.
    public nonisolated var remoteAddress: SocketAddress? { channel.remoteAddress }
    public nonisolated var localAddress: SocketAddress? { channel.localAddress }

    private nonisolated let channel: any Channel
    private nonisolated let handler: NIOLoopBound<SocketHandler>
    private let linger: TimeAmount
    private var life = Life.open
    private var lastInfo: TCPInfo?
    private var hasEndedWriting = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The channel keeps its loop, and this actor keeps the channel.
        unsafe channel.eventLoop.executor.asUnownedSerialExecutor()
    }

    /// - Parameter linger: how long a close waits for the peer's own end after this side's, so that octets under way do not
    ///   turn into a reset; 1 s by default.
    static func wrap(_ channel: any Channel, linger: TimeAmount = defaultLinger) throws -> SocketStream {
        let handler = SocketHandler()
        try channel.pipeline.syncOperations.addHandler(handler)
        return SocketStream(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop), linger: linger)
    }

    static let defaultLinger = TimeAmount.seconds(1)

    private init(_ channel: any Channel, _ handler: NIOLoopBound<SocketHandler>, linger: TimeAmount) {
        self.channel = channel
        self.handler = handler
        self.linger = linger
    }

    deinit {
        channel.close(promise: nil)
    }

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        precondition(atMost > 0, "a read asks for at least one octet")
        while true {
            guard case .open = life else { throw .closed }
            switch handler.value.take(atMost: atMost) {
            case .octets(let octets): return octets
            case .end: return nil
            case .failed(let failure): throw failure
            case .nothingYet: try await wait(as: .reader)
            }
        }
    }

    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        while true {
            guard case .open = life else { throw .closed }
            switch handler.value.outbound {
            case .failed(let failure): throw hasEndedWriting ? .closed : failure
            case .busy: try await wait(as: .writer)
            case .idle where hasEndedWriting: throw .closed
            case .idle:
                guard let chunk = octets.readSlice(length: min(octets.readableBytes, Self.largestWrite)) else { return }
                handler.value.write(chunk)
                guard case .failed(let failure) = handler.value.outbound else { return }
                throw failure
            }
        }
    }

    static let largestWrite = 65_536
    static let receiveAllocator = FixedSizeRecvByteBufferAllocator(capacity: 16_384)
    /// The kernel doubles it for its own accounts.
    static let receiveBufferOctets: ChannelOptions.Types.SocketOption.Value = 131_072

    /// Returns when the far TCP has acknowledged all. It asks the kernel again and again, in steps of an eighth of the round
    /// trip time (2 to 50 ms), since no event tells; the caller's cancellation bounds it.
    public func flush() async throws(StreamFailure) {
        while true {
            guard case .open = life else { throw .closed }
            switch handler.value.outbound {
            case .failed(let failure): throw failure
            case .busy: try await wait(as: .writer)
            case .idle:
                guard let info = await tcpInfo() else { return }
                if info.isAcknowledged { return }
                let step = min(max(info.roundTripTime.nanoseconds / 8, 2_000_000), 50_000_000)
                try await wait(as: .flusher, atMost: .nanoseconds(step))
            }
        }
    }

    /// The kernel's account of the connection; after the end the last one, taken when this side closed. Nil when there is none.
    public func tcpInfo() async -> TCPInfo? {
        guard channel.isActive, let provider = channel as? any SocketOptionProvider else { return lastInfo }
        let answer: EventLoopFuture<clinux_tcp_info> = provider.unsafeGetSocketOption(
            level: SocketOptionLevel(clinux_level_tcp()), name: SocketOptionName(clinux_option_tcp_info()))
        guard let raw = try? await answer.get() else { return lastInfo }
        lastInfo = TCPInfo(raw, isIPv6: channel.remoteAddress?.protocol == .inet6)
        return lastInfo
    }

    /// Sends the TCP's end behind what was written (RFC 9293 §3.6); true, unless it failed before.
    public func endWriting() async throws(StreamFailure) -> Bool {
        while true {
            guard case .open = life else { throw .closed }
            if hasEndedWriting { return true }
            switch handler.value.outbound {
            case .failed(let failure): throw failure
            case .busy: try await wait(as: .writer)
            case .idle:
                hasEndedWriting = true
                handler.value.endWriting()
                return true
            }
        }
    }

    /// Ends the stream with a reset (RFC 9293 §3.10.7): the peer learns that octets may be missing. Otherwise as `close`.
    public func reset() async -> TeardownStep {
        if case .open = life, channel.isActive, let provider = channel as? any SocketOptionProvider {
            try? await provider.setSoLinger(Glibc.linger(l_onoff: 1, l_linger: 0)).get()
        }
        guard case .open = life else { return await close() }
        let clock = ContinuousClock()
        let start = clock.now
        handler.value.endHere()
        try? await channel.close()
        let step = TeardownStep(name: "tcp", outcome: .done, duration: clock.now - start)
        life = .closed(step)
        return step
    }

    /// Sends what is written, then this side's end, waits for the peer's (not longer than the linger time), and closes the
    /// descriptor. A pending read, write or flush ends with `.closed` at once.
    public func close() async -> TeardownStep {
        switch life {
        case .closed(let step): return step
        case .closing(let waiting):
            return await withCheckedContinuation { life = .closing(waiting + [$0]) }
        case .open: break
        }
        life = .closing([])
        let clock = ContinuousClock()
        let start = clock.now
        let outcome = await end()
        let step = TeardownStep(name: "tcp", outcome: outcome, duration: clock.now - start)
        if case .closing(let waiting) = life {
            for continuation in waiting { continuation.resume(returning: step) }
        }
        life = .closed(step)
        return step
    }

    private func end() async -> TeardownStep.Outcome {
        handler.value.endHere()
        guard channel.isActive else { return .notNeeded }
        channel.close(mode: .output, promise: nil)
        if case .open = handler.value.inbound {
            let wakeUp = wake(.closer, in: linger)
            await withCheckedContinuation { self.handler.value.park($0, in: .closer) }
            wakeUp.cancel()
        }
        _ = await tcpInfo()
        let isUnsent =
            if case .busy = handler.value.outbound { true } else { false }
        try? await channel.close()
        return isUnsent ? .failed("the peer did not take all octets that were written") : .done
    }

    private func wait(as slot: SocketHandler.Slot, atMost limit: TimeAmount? = nil) async throws(StreamFailure) {
        let timer = limit.map { wake(slot, in: $0) }
        let handler = handler
        let loop = channel.eventLoop
        await withTaskCancellationHandler {
            await withCheckedContinuation { park($0, as: slot) }
        } onCancel: {
            loop.execute { handler.value.wake(slot) }
        }
        timer?.cancel()
        guard !Task.isCancelled else { throw .cancelled }
    }

    /// A method of the actor, since a closure that does not capture the actor does not run on its loop.
    private func park(_ continuation: CheckedContinuation<Void, Never>, as slot: SocketHandler.Slot) {
        guard !Task.isCancelled else {
            continuation.resume()
            return
        }
        handler.value.park(continuation, in: slot)
    }

    private func wake(_ slot: SocketHandler.Slot, in time: TimeAmount) -> Scheduled<Void> {
        let handler = handler
        return channel.eventLoop.scheduleTask(in: time) { handler.value.wake(slot) }
    }
}
