public import ByteStreams
public import NIOCore
public import NIOPosix
public import Sockets
import Synchronization

/// The `interface` adapter: an interface of this machine that somebody else brought up. Nothing is started, and nothing
/// has to be stopped.
public final class InterfaceBearer: Bearer {
    private let connector: InterfaceConnector
    private let address = Mutex<String?>(nil)

    public init(_ connector: InterfaceConnector) {
        self.connector = connector
    }

    public var name: String { connector.interface.map { "interface \($0)" } ?? "interface" }

    /// Of the latest connection; nil before the first.
    public var localAddress: String? { address.withLock { $0 } }

    public var connectionLimit: Int? { nil }

    public func connect(to host: String, port: UInt16) async throws -> any ByteStream {
        let stream = try await connector.connect(to: host, port: Int(port))
        address.withLock { $0 = stream.localAddress?.ipAddress }
        return stream
    }
}

/// A bearer over an interface for `body`. Its streams are closed by whoever opened them.
/// - Parameters:
///   - name: nil: the kernel chooses the interface.
///   - threads: a started pool, for the resolver.
public func withInterfaceBearer<Result>(
    name: String?, on loop: any EventLoop, threads: NIOThreadPool,
    _ body: (any Bearer) async throws -> Result
) async throws -> Result {
    try await body(InterfaceBearer(InterfaceConnector(interface: name, on: loop, threads: threads)))
}
