import CLinux
import NIOCore
import NIOPosix
import Synchronization

/// One TCP handshake that can be given up: a cancelled caller closes the socket, and the handshake with it.
final class ConnectAttempt: Sendable {
    /// The kernel does not bind the socket to the interface.
    struct BindingRefused: Error {
        let code: Int32
    }

    private enum State {
        case fresh
        case opened(any Channel)
        case givenUp
    }

    private let interface: String?
    private let source: SocketAddress?
    private let state = Mutex(State.fresh)

    /// - Parameters:
    ///   - interface: bound to by SO_BINDTODEVICE.
    ///   - source: the address to come from.
    init(interface: String?, source: SocketAddress?) {
        self.interface = interface
        self.source = source
    }

    func connect(to address: SocketAddress, on loop: any EventLoop, linger: TimeAmount) async throws -> SocketStream {
        var bootstrap = Self.bootstrap(on: loop).connectTimeout(.hours(1))  // the caller's limit rules
        if var source {
            source.port = 0
            bootstrap = bootstrap.bind(to: source)
        }
        let ready = bootstrap
        return try await withTaskCancellationHandler {
            try await ready.connect(to: address) { channel in
                guard self.adopt(channel) else { return channel.eventLoop.makeFailedFuture(CancellationError()) }
                return self.bind(channel).flatMapThrowing { try SocketStream.wrap(channel, linger: linger) }
            }
        } onCancel: {
            giveUp()
        }
    }

    /// With the options of every socket below a `SocketStream`.
    static func bootstrap(on loop: any EventLoop) -> ClientBootstrap {
        ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.recvAllocator, value: SocketStream.receiveAllocator)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_rcvbuf), value: SocketStream.receiveBufferOctets)
    }

    private func adopt(_ channel: any Channel) -> Bool {
        state.withLock { state in
            switch state {
            case .fresh, .opened:
                state = .opened(channel)
                return true
            case .givenUp: return false
            }
        }
    }

    private func giveUp() {
        let channel: (any Channel)? = state.withLock { state in
            defer { state = .givenUp }
            guard case .opened(let channel) = state else { return nil }
            return channel
        }
        channel?.close(promise: nil)
    }

    private func bind(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let interface else { return channel.eventLoop.makeSucceededVoidFuture() }
        // The name is copied into the answer before the call returns.
        let name = unsafe clinux_interface_name_make(interface)
        guard name.error == 0, let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(BindingRefused(code: name.error))
        }
        return provider.unsafeSetSocketOption(
            level: SocketOptionLevel(clinux_level_socket()), name: SocketOptionName(clinux_option_bind_to_device()),
            value: name.name
        ).flatMapErrorThrowing { error in
            throw BindingRefused(code: (error as? IOError)?.errnoCode ?? 0)
        }
    }
}
