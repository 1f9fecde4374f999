import Glibc
public import NIOCore
public import NIOPosix
import Scopes
import SystemPackage

/// Connections of the kernel's TCP through an interface that somebody else brought up (wwan0, usb0, ppp0), or through
/// whatever the kernel routes by.
///
/// Sockets are bound to the interface (SO_BINDTODEVICE). Where the kernel does not allow that (before Linux 5.7 it takes
/// CAP_NET_RAW), they are bound to the interface's own address, which steers the choice of route only where rules for that
/// address exist; the errors then say so. Names are resolved by the system's resolver, on a thread of `threads`.
public struct InterfaceConnector: Sendable {
    public struct Limits: Sendable, Equatable {
        /// For the resolver; 20 s by default.
        public var resolve: Duration
        /// For the TCP handshake with each address; 15 s by default.
        public var connectEach: Duration
        /// How many addresses of a name are tried; 6 by default.
        public var addresses: Int
        /// How long a close waits for the peer's end; 1 s by default.
        public var linger: TimeAmount

        public init(
            resolve: Duration = .seconds(20), connectEach: Duration = .seconds(15), addresses: Int = 6,
            linger: TimeAmount = .seconds(1)
        ) {
            self.resolve = resolve
            self.connectEach = connectEach
            self.addresses = addresses
            self.linger = linger
        }
    }

    /// Nil: the kernel chooses.
    public let interface: String?
    public let limits: Limits
    private let loop: any EventLoop
    private let threads: NIOThreadPool
    private let clock: any Clock<Duration>

    /// - Parameters:
    ///   - threads: a started pool; a look-up that was given up keeps its thread until the resolver's own limit.
    ///   - clock: measures the limits.
    public init(
        interface: String? = nil, limits: Limits = Limits(), on loop: any EventLoop, threads: NIOThreadPool,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.interface = interface
        self.limits = limits
        self.loop = loop
        self.threads = threads
        self.clock = clock
    }

    /// Looks the name up and tries its addresses in order.
    public func connect(to host: String, port: Int) async throws(SocketError) -> SocketStream {
        try await connect(to: try await resolve(host, port: port), host: host)
    }

    /// The addresses of a name, in the order to be tried; an address in text, also in brackets, is its own answer. Only of
    /// the families of which the interface has an address.
    public func resolve(_ host: String, port: Int) async throws(SocketError) -> [SocketAddress] {
        guard (1...65_535).contains(port), !host.isEmpty, !host.utf8.contains(0) else {
            throw .badAddress("\(host):\(port)")
        }
        let state = try await checkInterface()
        if let literal = try? SocketAddress(ipAddress: Self.withoutBrackets(host), port: port) { return [literal] }
        let families = Set((state?.addresses ?? []).map(\.protocol))
        let family = families.count == 1 ? families.first : nil
        let resolver = NameResolver(loop: loop, threads: threads)
        let addresses = try await limited(limits.resolve) { () async throws(SocketError) in
            try await resolver.addresses(of: host, port: port, family: family)
        } otherwise: {
            .nameLookupFailed(host: host, words: "no answer within \(limits.resolve)")
        }
        return Array(addresses.prefix(limits.addresses))
    }

    /// Races the addresses (RFC 8305 §5), those of the two families in turn, each within its limit. When all fail, the most
    /// telling error is thrown: an answer of the far end before silence, silence before no way to it.
    public func connect(to addresses: [SocketAddress], host: String) async throws(SocketError) -> SocketStream {
        let state = try await checkInterface()
        let clock = clock
        let race = ConnectionRace(HappyEyeballs.order(addresses)) { try? await clock.sleep(for: $0) }
        let result = await race.run { address async throws(SocketError) in
            try await attempt(address, host: host, state)
        } discard: { stream in
            _ = await stream.reset()
        }
        switch result {
        case .won(let stream, _): return stream
        case .lost(let errors):
            if Task.isCancelled || errors.contains(.cancelled) { throw .cancelled }
            throw errors.max { Self.tells($0) < Self.tells($1) } ?? .nameNotFound(host: host)
        }
    }

    // MARK: One address

    private func attempt(
        _ address: SocketAddress, host: String, _ state: NetworkInterface?
    ) async throws(SocketError) -> SocketStream {
        do throws(SocketError) {
            return try await attempt(address, host: host, .interface)
        } catch .failed(call: Self.binding, let words) {
            guard let source = state?.address(of: address.protocol) else {
                throw .failed(call: Self.binding, words: words)
            }
            return try await attempt(address, host: host, .address(source))
        }
    }

    private enum Binding {
        case interface
        case address(SocketAddress)
    }

    private static let binding = "binding to the interface"

    private func attempt(
        _ address: SocketAddress, host: String, _ binding: Binding
    ) async throws(SocketError) -> SocketStream {
        var target = SocketTarget(
            host: host, address: address.ipAddress, port: address.port ?? 0, interface: interface)
        let attempt: ConnectAttempt
        switch binding {
        case .interface: attempt = ConnectAttempt(interface: interface, source: nil)
        case .address(let source):
            target.isBoundByAddressOnly = true
            attempt = ConnectAttempt(interface: nil, source: source)
        }
        let loop = loop
        let linger = limits.linger
        let result = await limitedResult(limits.connectEach) {
            try await attempt.connect(to: address, on: loop, linger: linger)
        }
        switch result {
        case .success(let stream): return stream
        case .failure(let error):
            guard !Task.isCancelled else { throw .cancelled }
            throw Self.error(error, target, limits.connectEach)
        }
    }

    private static func error(_ error: any Error, _ target: SocketTarget, _ limit: Duration) -> SocketError {
        switch error {
        case is DeadlineExceeded: return .timedOut(target, limit: limit)
        case let refusal as ConnectAttempt.BindingRefused:
            return refusal.code == ENODEV
                ? .interfaceAbsent(name: target.interface ?? "")
                : .failed(call: binding, words: String(describing: Errno(rawValue: refusal.code)))
        case let error as IOError:
            let words = String(describing: Errno(rawValue: error.errnoCode))
            switch error.errnoCode {
            case ECONNREFUSED, ECONNRESET: return .refused(target)
            case ETIMEDOUT: return .timedOut(target, limit: limit)
            case EADDRNOTAVAIL, EAFNOSUPPORT, ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ENODEV, EACCES, EPERM,
                EINVAL:
                return .unreachable(target, words: words)
            default: return .failed(call: "connecting to \(target)", words: words)
            }
        default: return .failed(call: "connecting to \(target)", words: String(describing: error))
        }
    }

    private static func tells(_ error: SocketError) -> Int {
        switch error {
        case .refused: 3
        case .timedOut: 2
        case .unreachable: 1
        case .nameNotFound, .nameLookupFailed, .interfaceAbsent, .interfaceDown, .interfaceWithoutAddress, .badAddress,
            .addressInUse, .cancelled, .failed:
            0
        }
    }

    // MARK: Interface, limits

    private func checkInterface() async throws(SocketError) -> NetworkInterface? {
        guard let interface else { return nil }
        guard (1...15).contains(interface.utf8.count), !interface.utf8.contains(0) else {
            throw .interfaceAbsent(name: interface)
        }
        let found = await NameResolver.call(on: threads, loop: loop) { [NetworkInterface.named(interface)] }
        guard let found else { throw .cancelled }
        guard let state = found.first ?? nil else { throw .interfaceAbsent(name: interface) }
        guard state.isUp else { throw .interfaceDown(name: interface) }
        guard !state.addresses.isEmpty else { throw .interfaceWithoutAddress(name: interface) }
        return state
    }

    private func limited<Value: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws(SocketError) -> Value,
        otherwise: () -> SocketError
    ) async throws(SocketError) -> Value {
        switch await limitedResult(limit, operation) {
        case .success(let value): return value
        case .failure(let error as SocketError): throw error
        case .failure: throw Task.isCancelled ? .cancelled : otherwise()
        }
    }

    private func limitedResult<Value: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
    ) async -> Result<Value, any Error> {
        do {
            return .success(try await clock.limited(limit, operation))
        } catch {
            return .failure(error)
        }
    }

    private static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}

extension Clock where Duration == Swift.Duration {
    /// `withDeadline` for a clock whose type is not known.
    fileprivate func limited<Value: Sendable>(
        _ limit: Duration, _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await withDeadline(limit, clock: self, operation: operation)
    }
}
