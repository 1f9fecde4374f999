import Glibc
import NIOCore
import NIOPosix
import Scopes
import Synchronization
import Tunnel

/// The kernel's part of the network behind a PPP call: a namespace with listeners, whose connections lead to this host.
///
/// It is made at the first call, and stays until the modem ends; each call tells it where the host at the line is.
final class FarNetwork: Sendable {
    enum News: Sendable {
        /// The device's descriptor: each read and write is one packet. Whoever is told closes it.
        case ready(Int32)
        /// Again, with the same device.
        case configured
        case failed(String)
    }

    private let plans: AsyncStream<FarNet.Plan>.Continuation
    private let work: Task<Void, Never>

    /// - Parameter told: on any thread.
    init(_ options: TunnelOptions, told: @escaping @Sendable (News) -> Void) {
        let (stream, continuation) = AsyncStream.makeStream(of: FarNet.Plan.self)
        plans = continuation
        // Ended by `end`, which every loop calls as its last act.
        work = Task { await Self.run(options, stream, told) }
    }

    func take(_ plan: FarNet.Plan) { plans.yield(plan) }

    /// Returns at once; the namespace goes with its helper, and with the device's descriptor.
    func end() {
        plans.finish()
        work.cancel()
    }

    private static func run(
        _ options: TunnelOptions, _ plans: AsyncStream<FarNet.Plan>, _ told: @escaping @Sendable (News) -> Void
    ) async {
        let group = MultiThreadedEventLoopGroup.singleton
        do {
            try await withNetworkNamespace(options, on: group.any(), threads: .singleton) { namespace in
                var listeners: [any Channel] = []
                var device = namespace.takeDevice()
                defer { for listener in listeners { listener.close(promise: nil) } }
                for await plan in plans {
                    try await namespace.configure(plan.addresses)
                    guard let taken = device else {
                        told(.configured)
                        continue
                    }
                    for listener in plan.listeners {
                        listeners.append(try await listen(listener, in: namespace, group))
                    }
                    device = nil
                    told(.ready(taken))
                }
                if let device { close(device) }
            }
        } catch let error as TunnelError {
            told(.failed(error.line))
        } catch {
            told(.failed(String(describing: error).printable()))
        }
    }

    private static func listen(
        _ listener: FarNet.Plan.Listener, in namespace: NetworkNamespace, _ group: any EventLoopGroup
    ) async throws -> any Channel {
        let address = try SocketAddress(ipAddress: "\(listener.address)", port: Int(listener.port))
        guard let descriptor = try await namespace.listen(at: address).take() else {
            throw ChannelError.inappropriateOperationForState
        }
        return try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { near in lead(near, to: listener) }
            .withBoundSocket(descriptor).get()
    }

    /// Connects to the target, and joins the two; who comes is sent away when that fails.
    private static func lead(_ near: any Channel, to listener: FarNet.Plan.Listener) -> EventLoopFuture<Void> {
        ClientBootstrap(group: near.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { far in
                far.eventLoop.makeCompletedFuture {
                    let (one, other) = BridgeHandler.pair()
                    try near.pipeline.syncOperations.addHandler(one)
                    try far.pipeline.syncOperations.addHandler(other)
                }
            }
            .connect(host: listener.target, port: listener.targetPort)
            .map { _ in }
    }
}
