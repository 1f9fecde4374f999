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
        let start = clock.now()
        let found = try await namespace.resolve(host, port: port, families: families)
        let usable = found.addresses.filter { IPAddress($0).map { families.contains($0.family) } ?? false }
        guard !usable.isEmpty else { throw TunnelError.noAddress(host: host) }
        // A handshake takes as long as the name server took; each further SYN costs octets.
        let answer = Duration.nanoseconds((clock.now() - start).nanoseconds)
        let delay = HappyEyeballs.delay(answer: found.roundTrips > 0 ? answer : nil)
        let addresses = HappyEyeballs.order(usable).prefix(Self.mostAddresses)
        return try await adopted(try await race(Array(addresses), delay))
    }

    private func adopted(_ descriptor: OwnedDescriptor) async throws(TunnelError) -> SocketStream {
        guard let number = descriptor.take() else { throw .helperLost(words: "the connection was taken") }
        do throws(SocketError) {
            return try await SocketStream.adopting(number, on: loop)
        } catch {
            throw .failed(step: "taking the connection over", words: error.summary)
        }
    }

    /// A connection that stands too late is closed with its descriptor.
    private func race(_ addresses: [SocketAddress], _ delay: Duration) async throws(TunnelError) -> OwnedDescriptor {
        let (clock, namespace) = (clock, namespace)
        let race = ConnectionRace(addresses, delay: delay) { await clock.sleep(clock.now() + TimeAmount($0)) }
        let outcome = await race.run { address async throws(TunnelError) in
            try await namespace.connect(to: address, limit: Self.connectEach)
        } discard: { _ in
        }
        switch outcome {
        case .won(let descriptor, _): return descriptor
        case .lost(let errors):
            if Task.isCancelled { throw .cancelled }
            throw errors.max { $0.tells < $1.tells } ?? .cancelled
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
