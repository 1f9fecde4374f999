import Glibc
import NIOCore
import NIOPosix
import Scopes
import Support
import Testing

@testable import Tunnel

/// What the tests share: a loop, threads, and the built program that can be the helper.
enum Bench {
    static let loop = MultiThreadedEventLoopGroup.singleton.next()
    static let threads = NIOThreadPool.singleton

    static let programs: String = {
        var path = [CChar](repeating: 0, count: 4096)
        // The buffer outlives the call, which writes at most as many octets as it is told.
        let count = max(0, unsafe readlink("/proc/self/exe", &path, path.count - 1))
        let own = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(own.split(separator: "/").dropLast().map { "/" + $0 }.joined())
    }()

    static var options: TunnelOptions { TunnelOptions(executable: programs + "/modemail") }

    /// A namespace that is closed behind `body`, with everything cleanly ended.
    static func withNamespace<Result>(_ body: (NetworkNamespace) async throws -> Result) async throws -> Result {
        try await withNetworkNamespace(
            options, on: loop, threads: threads, closed: { #expect($0.outcome == .done, "\($0)") }, body)
    }
}

/// A pair of namespaces whose devices are joined: what one sends, the other receives. The near one is what a mail uses, the far
/// one plays the network.
enum Joined {
    static let nearAddress = IPAddress("10.64.0.2")!
    static let farAddress = IPAddress("10.64.0.1")!
    static let served = IPAddress("198.51.100.7")!
    static let nameServer = IPAddress("198.51.100.53")!
    static let served6 = IPAddress("2001:db8:7::25")!
    static let nearIdentifier: UInt64 = 0x1122_3344_5566_7788
    static let farIdentifier: UInt64 = 0x8877_6655_4433_2211

    static var near: TunnelAddresses {
        TunnelAddresses(
            ipv4: .init(address: nearAddress, peer: farAddress), ipv6: .init(interfaceIdentifier: nearIdentifier),
            nameServers: [nameServer])
    }

    static var far: TunnelAddresses {
        TunnelAddresses(
            ipv4: .init(address: farAddress, peer: nearAddress),
            ipv6: .init(interfaceIdentifier: farIdentifier, role: .router),
            localPrefixes: [IPPrefix("198.51.100.0/24")!, IPPrefix("2001:db8:7::/64")!])
    }

    struct Pair: Sendable {
        let near: NetworkNamespace
        let far: NetworkNamespace
        let wire: Wire
    }

    static func with<Result: Sendable>(
        near: TunnelAddresses = near, far: TunnelAddresses = far, _ body: (Pair) async throws -> Result
    ) async throws -> Result {
        try await Bench.withNamespace { nearSide in
            try await Bench.withNamespace { farSide in
                try await farSide.configure(far)
                let wire = try Wire(nearSide.takeDevice(), farSide.takeDevice())
                defer { wire.stop() }
                try await nearSide.configure(near)
                return try await body(Pair(near: nearSide, far: farSide, wire: wire))
            }
        }
    }
}
