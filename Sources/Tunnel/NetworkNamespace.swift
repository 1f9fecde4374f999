import Glibc
public import NIOCore
public import NIOPosix
public import Scopes
import Synchronization

/// A network namespace of its own with a TUN device, and the kernel's TCP and UDP in it.
///
/// No route, address or resolver of the host changes, and no other process can use it. It lives as long as its helper process
/// or any descriptor of it: the device's, or a socket's. `withNetworkNamespace` closes it; several at once do not meet.
///
/// All calls may be cancelled, and answer at once then. When the helper dies, what is pending fails at once; sockets that were
/// given out go on, as the device does.
public final class NetworkNamespace: Sendable {
    /// Kernel settings for slow links that this kernel did not take; for a report, nothing fails by them.
    public let unsettled: [String]

    private let device: OwnedDescriptor
    private let channel: any Channel
    private let handler: NIOLoopBound<HelperHandler>
    private let ended: EventLoopFuture<String>
    private let process: HelperProcess
    private let lastNumber = Atomic<UInt32>(0)

    private init(
        _ started: Opening, device: OwnedDescriptor, unsettled: [String]
    ) {
        self.unsettled = unsettled
        self.device = device
        channel = started.channel
        handler = started.handler
        ended = started.ended
        process = started.process
    }

    deinit {
        channel.close(promise: nil)
    }

    // MARK: Opening and closing

    private struct Opening: Sendable {
        let channel: any Channel
        let handler: NIOLoopBound<HelperHandler>
        let ended: EventLoopFuture<String>
        let process: HelperProcess
    }

    /// Starts the helper, which makes the namespace and the device.
    /// - Parameter threads: a started pool; a thread of it waits for the helper's end, from when that is near.
    public static func open(
        _ options: TunnelOptions = TunnelOptions(), on loop: any EventLoop, threads: NIOThreadPool
    ) async throws(TunnelError) -> NetworkNamespace {
        let promise = loop.makePromise(of: Result<HelperProcess.Started, TunnelError>.self)
        threads.submit { _ in promise.succeed(HelperProcess.start(options)) }
        guard let result = try? await promise.futureResult.get() else { throw .cancelled }
        let ready = loop.makePromise(of: HelperHandler.Answer.self)
        let opening: Opening
        do {
            opening = try await connect(try result.get(), options, ready: ready, on: loop, threads: threads)
        } catch let error as TunnelError {
            ready.fail(error)
            throw error
        } catch {
            ready.fail(error)
            throw .notStarted(words: String(describing: error))
        }
        do throws(TunnelError) {
            return try await finishOpening(opening, options, ready.futureResult)
        } catch {
            opening.channel.close(promise: nil)
            _ = try? await opening.ended.get()
            throw error
        }
    }

    private static func connect(
        _ started: HelperProcess.Started, _ options: TunnelOptions, ready: EventLoopPromise<HelperHandler.Answer>,
        on loop: any EventLoop, threads: NIOThreadPool
    ) async throws -> Opening {
        let ended = loop.makePromise(of: String.self)
        let process = started.process
        let limit = TimeAmount(options.endLimit)
        // From when the stream is gone: the helper ends by itself, or is killed.
        let reap: @Sendable () -> Void = {
            let killing = loop.scheduleTask(in: limit) { process.kill() }
            threads.submit { _ in
                let words = process.wait()
                killing.cancel()
                ended.succeed(words)
            }
        }
        let made = loop.makePromise(of: NIOLoopBound<HelperHandler>.self)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard let handler = HelperHandler(started.descriptors) else {
                            throw ChannelError.inappropriateOperationForState
                        }
                        handler.expectStart(promise: ready)
                        try channel.pipeline.syncOperations.addHandler(handler)
                        made.succeed(NIOLoopBound(handler, eventLoop: loop))
                    }
                }
                .withConnectedSocket(started.control).get()
            channel.closeFuture.whenComplete { _ in reap() }
            return Opening(
                channel: channel, handler: try await made.futureResult.get(), ended: ended.futureResult,
                process: process)
        } catch {
            made.fail(error)
            reap()
            _ = try? await ended.futureResult.get()
            throw error
        }
    }

    private static func finishOpening(
        _ opening: Opening, _ options: TunnelOptions, _ ready: EventLoopFuture<HelperHandler.Answer>
    ) async throws(TunnelError) -> NetworkNamespace {
        let handler = opening.handler
        let loop = opening.channel.eventLoop
        let alarm = loop.scheduleTask(in: TimeAmount(options.startLimit)) {
            opening.process.kill()
            handler.value.lose(.helperLost(words: "no namespace within \(options.startLimit)"))
        }
        defer { alarm.cancel() }
        let answer = try await answer(ready, cancelling: 0, handler, loop)
        switch answer.reply {
        case .ready(HelperReply.version, let unsettled):
            guard let device = answer.descriptor else { throw .helperLost(words: "no device came") }
            return NetworkNamespace(opening, device: device, unsettled: unsettled)
        case .failed(let fault): throw TunnelError(fault)
        case .ready, .done, .descriptor, .addresses, .resolved, .notResolved, .counters:
            throw .helperLost(words: "it is of another version")
        }
    }

    /// The helper ends, and is waited for; killed when it does not. What is pending fails. Idempotent. The device's descriptor and
    /// the sockets that were given out stay with their owners, and the namespace with them.
    public func close() async -> TeardownStep {
        let clock = ContinuousClock()
        let start = clock.now
        let wasRunning = channel.isActive
        let handler = handler
        channel.eventLoop.execute { handler.value.lose(.cancelled) }
        let words = (try? await ended.get()) ?? ""
        if let device = device.take() { _ = Glibc.close(device) }
        let outcome: TeardownStep.Outcome =
            words == "status 0" ? (wasRunning ? .done : .notNeeded) : .failed("the helper ended with \(words)")
        return TeardownStep(name: "namespace", outcome: outcome, duration: clock.now - start)
    }

    /// The helper's process, for a report.
    public var helperProcess: Int32 { process.id }

    // MARK: The device

    /// The device's descriptor, non-blocking: each read and write is one IP packet, so no writev(2). Nil from the second time on.
    public func takeDevice() -> Int32? { device.take() }

    /// Gives the device what PPP has negotiated. Once more with all that is known when more is known.
    public func configure(_ addresses: TunnelAddresses) async throws(TunnelError) {
        if let fault = addresses.fault { throw .unusable(fault) }
        _ = try await ask(.configure(addresses))
    }

    /// The global addresses of the device: those of `configure`, and those that the kernel made from a Router Advertisement.
    public func addresses() async throws(TunnelError) -> [IPAddress] {
        guard case .addresses(let addresses) = try await ask(.addresses).reply else { throw Self.nonsense }
        return addresses
    }

    public func counters() async throws(TunnelError) -> DeviceCounters {
        guard case .counters(let counters) = try await ask(.counters).reply else { throw Self.nonsense }
        return counters
    }

    // MARK: Sockets

    /// A connected TCP socket.
    /// - Parameter limit: for the handshake.
    public func connect(to address: SocketAddress, limit: Duration) async throws(TunnelError) -> OwnedDescriptor {
        let endpoint = try endpoint(address)
        return try await descriptor(.connect(endpoint, limit: TimeAmount(limit)), for: endpoint)
    }

    /// A listening TCP socket.
    public func listen(at address: SocketAddress) async throws(TunnelError) -> OwnedDescriptor {
        let endpoint = try endpoint(address)
        return try await descriptor(.listen(endpoint), for: endpoint)
    }

    /// A bound UDP socket.
    public func bindUDP(at address: SocketAddress) async throws(TunnelError) -> OwnedDescriptor {
        let endpoint = try endpoint(address)
        return try await descriptor(.bindUDP(endpoint), for: endpoint)
    }

    private func endpoint(_ address: SocketAddress) throws(TunnelError) -> Endpoint {
        guard let endpoint = Endpoint(address) else { throw .unusable("the address \(address)") }
        return endpoint
    }

    private func descriptor(
        _ request: HelperRequest, for endpoint: Endpoint
    ) async throws(TunnelError) -> OwnedDescriptor {
        guard let descriptor = try await ask(request, target: endpoint.description).descriptor else {
            throw Self.nonsense
        }
        return descriptor
    }

    // MARK: Names

    /// A name's addresses, from the name servers that `configure` was given.
    public struct Resolved: Sendable, Equatable {
        /// Each once: those of IPv6 first, within a family in the order of the server.
        public let addresses: [SocketAddress]
        /// How often the servers were asked; 0 for an address in text.
        public let roundTrips: Int

        public init(addresses: [SocketAddress], roundTrips: Int) {
            self.addresses = addresses
            self.roundTrips = roundTrips
        }
    }

    /// Looks up A and AAAA, at once; an address in text, also in brackets, is its own answer.
    /// - Parameters:
    ///   - families: those that the link can carry; at least one.
    ///   - limit: for all tries; 20 s by default.
    public func resolve(
        _ host: String, port: UInt16, families: Set<IPAddress.Family> = [.v4, .v6], limit: Duration = .seconds(20)
    ) async throws(TunnelError) -> Resolved {
        let literal = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        if let address = IPAddress(literal)?.socketAddress(port: port) {
            return Resolved(addresses: [address], roundTrips: 0)
        }
        guard DNSName(host) != nil else { throw .nameNotFound(host: host) }
        let question = LookupQuestion(name: host, families: families, limit: TimeAmount(limit))
        switch try await ask(.resolve(question)).reply {
        case .resolved(let answer):
            return Resolved(
                addresses: answer.addresses.compactMap { $0.socketAddress(port: port) }, roundTrips: answer.roundTrips)
        case .notResolved(let failure): throw TunnelError(failure, host: host)
        case .ready, .done, .descriptor, .failed, .addresses, .counters: throw Self.nonsense
        }
    }

    // MARK: Asking the helper

    private static let nonsense = TunnelError.helperLost(words: "its reply does not fit the request")

    private func ask(_ request: HelperRequest, target: String = "") async throws(TunnelError) -> HelperHandler.Answer {
        var number: UInt32 = 0
        while number == 0 { number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue }
        let handler = handler
        let loop = channel.eventLoop
        let promise = loop.makePromise(of: HelperHandler.Answer.self)
        let own = number
        loop.execute { handler.value.send(request, number: own, promise: promise) }
        let answer = try await Self.answer(promise.futureResult, cancelling: number, handler, loop)
        if case .failed(let fault) = answer.reply { throw TunnelError(fault, target: target) }
        return answer
    }

    private static func answer(
        _ future: EventLoopFuture<HelperHandler.Answer>, cancelling number: UInt32,
        _ handler: NIOLoopBound<HelperHandler>, _ loop: any EventLoop
    ) async throws(TunnelError) -> HelperHandler.Answer {
        do {
            return try await withTaskCancellationHandler {
                try await future.get()
            } onCancel: {
                loop.execute { handler.value.cancel(number) }
            }
        } catch let error as TunnelError {
            throw error
        } catch {
            throw .helperLost(words: String(describing: error))
        }
    }
}

/// A namespace for `body`, closed behind it on every way out.
public func withNetworkNamespace<Result>(
    _ options: TunnelOptions = TunnelOptions(), on loop: any EventLoop, threads: NIOThreadPool,
    closed: @escaping @Sendable (TeardownStep) -> Void = { _ in },
    _ body: (NetworkNamespace) async throws -> Result
) async throws -> Result {
    try await withScope {
        try await NetworkNamespace.open(options, on: loop, threads: threads)
    } close: { namespace in
        closed(await namespace.close())
    } body: { namespace in
        try await body(namespace)
    }
}
