public import NIOCore
public import NIOPosix
public import SystemPackage
public import Tunnel

/// What a delivery stands on: one event loop for the line and sockets, one thread for files and for calls that block.
public struct Host: Sendable {
    public let loop: any EventLoop
    /// Started.
    public let threads: NIOThreadPool
    /// Where standard input is copied to a nameless file: `/tmp` by default.
    public let scratch: FilePath
    /// How the process that makes PPP's network is started.
    public let tunnel: TunnelOptions
    /// Octets nobody can guess.
    public let randomOctets: @Sendable (Int) -> [UInt8]

    public init(
        loop: any EventLoop, threads: NIOThreadPool, scratch: FilePath = "/tmp",
        tunnel: TunnelOptions = TunnelOptions(),
        randomOctets: @escaping @Sendable (Int) -> [UInt8] = Host.systemRandomOctets
    ) {
        self.loop = loop
        self.threads = threads
        self.scratch = scratch
        self.tunnel = tunnel
        self.randomOctets = randomOctets
    }

    public static func systemRandomOctets(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
