import NIOCore
import Scopes
import Sockets
import Tunnel

/// Connections from a network namespace: names by the bearer's own servers, addresses in turn (RFC 8305).
struct NamespaceConnector: Sendable {
    let namespace: NetworkNamespace
    let memory: (any AddressMemory)?
    let clock: BearerClock
    /// Of the streams.
    let loop: any EventLoop

    /// What can be reached now. An IPv6 link has no more than a link-local address until a router was heard: on a link of IPv6
    /// alone that is waited for.
    func families(hasIPv4: Bool, hasIPv6: Bool) async throws(TunnelError) -> Set<IPAddress.Family> {
        guard hasIPv6 else { return [.v4] }
        let limit = clock.now() + Self.routerTime
        while true {
            let hasRouter = try await namespace.addresses().contains { $0.family == .v6 && !$0.isLinkLocal }
            if hasRouter { return hasIPv4 ? [.v4, .v6] : [.v6] }
            if hasIPv4 { return [.v4] }
            guard clock.now() < limit, !Task.isCancelled else {
                throw .unreachable("the internet", words: "no router of this IPv6 link was heard")
            }
            await clock.sleep(clock.now() + Self.routerStep)
        }
    }

    /// A remembered address is tried alone first; where it fails, the name is looked up once.
    func connect(to host: String, port: UInt16, families: Set<IPAddress.Family>) async throws -> SocketStream {
        guard let memory, IPAddress(host) == nil else {
            return try await connectAnew(to: host, port: port, families: families)
        }
        if let address = await memory.address(of: host).flatMap(IPAddress.init), families.contains(address.family) {
            do throws(TunnelError) {
                guard let target = try await namespace.resolve(address.description, port: port).addresses.first else {
                    throw .noAddress(host: host)
                }
                return try await adopted(try await namespace.connect(to: target, limit: Self.connectRemembered))
            } catch {
                guard error != .cancelled, !Task.isCancelled else { throw error }
                await memory.forget(host)
            }
        }
        let stream = try await connectAnew(to: host, port: port, families: families)
        if let address = stream.remoteAddress?.ipAddress { await memory.remember(address, of: host) }
        return stream
    }

    private func connectAnew(
        to host: String, port: UInt16, families: Set<IPAddress.Family>
    ) async throws -> SocketStream {
        let found = try await namespace.resolve(host, port: port, families: families)
        guard !found.addresses.isEmpty else { throw TunnelError.noAddress(host: host) }
        return try await adopted(try await race(Array(found.addresses.prefix(Self.mostAddresses))))
    }

    private func adopted(_ descriptor: OwnedDescriptor) async throws(TunnelError) -> SocketStream {
        guard let number = descriptor.take() else { throw .helperLost(words: "the connection was taken") }
        do throws(SocketError) {
            return try await SocketStream.adopting(number, on: loop)
        } catch {
            throw .failed(step: "taking the connection over", words: error.summary)
        }
    }

    private enum Step: Sendable {
        case ended(Int, Result<OwnedDescriptor, TunnelError>)
        case tick
    }

    /// A connection that stands too late is closed with its descriptor.
    private func race(_ addresses: [SocketAddress]) async throws(TunnelError) -> OwnedDescriptor {
        let result = await withTaskGroup(of: Step.self) { group -> Result<OwnedDescriptor, TunnelError> in
            var race = ConnectionRace(addresses: addresses.count)
            var standing: [Int: OwnedDescriptor] = [:]
            var worst: TunnelError?
            var event = ConnectionRace.Event.begin
            defer { group.cancelAll() }
            while true {
                for action in race.handle(event, now: clock.now()) {
                    switch action {
                    case .attempt(let index): group.addTask { await attempt(index, addresses[index]) }
                    case .won(let index): if let descriptor = standing[index] { return .success(descriptor) }
                    case .lost: return .failure(worst ?? .cancelled)
                    }
                }
                if let deadline = race.deadline {
                    group.addTask {
                        await clock.sleep(deadline)
                        return .tick
                    }
                }
                switch await group.next() {
                case .ended(let index, .success(let descriptor)):
                    standing[index] = descriptor
                    event = .connected(index)
                case .ended(_, .failure(.cancelled)) where Task.isCancelled: return .failure(.cancelled)
                case .ended(let index, .failure(let error)):
                    if worst.map({ error.tells > $0.tells }) ?? true { worst = error }
                    event = .failed(index)
                case .tick: event = .deadlinePassed
                case nil: return .failure(worst ?? .cancelled)
                }
            }
        }
        return try result.get()
    }

    private func attempt(_ index: Int, _ address: SocketAddress) async -> Step {
        do throws(TunnelError) {
            return .ended(index, .success(try await namespace.connect(to: address, limit: Self.connectEach)))
        } catch {
            return .ended(index, .failure(error))
        }
    }

    private static let mostAddresses = 6
    private static let connectRemembered = Duration.seconds(20)
    private static let connectEach = Duration.seconds(40)
    /// A router answers a solicitation within half a second, and solicitations go out 4 s apart (RFC 4861 §10).
    private static let routerTime = TimeAmount.seconds(9)
    private static let routerStep = TimeAmount.milliseconds(100)
}

extension TunnelError {
    /// Of several failures the most telling counts: an answer of the far end, then silence, then no way.
    fileprivate var tells: Int {
        switch self {
        case .refused: 3
        case .timedOut: 2
        case .unreachable: 1
        case .namespacesNotAllowed, .deviceAbsent, .deviceNotAllowed, .notStarted, .helperLost, .failed, .unusable,
            .nameNotFound, .noAddress, .lookupFailed, .addressInUse, .cancelled:
            0
        }
    }
}
