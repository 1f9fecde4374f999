import AT
import Credentials
import Glibc
import Modem
import NIOCore
import NIOPosix
import PPP
import Scopes
import Synchronization
import TLS
import Testing
import Tunnel

@testable import Bearer

/// A PPP bearer between two network namespaces: the near one is the bearer's, the far one is the internet, with a server that
/// sends back what it gets at port 7. A socket pair is the line. It needs what PPP needs: namespaces and /dev/net/tun.
struct PPPRig: Sendable {
    let loop: any EventLoop
    let modem: NIOLoopBound<FarPPPModem>
    var means: PPPMeans
    /// The near end of the line.
    let line: any Channel
    var teardown = Teardown()
    let phases: PhaseList

    final class PhaseList: Sendable {
        private let phases = Mutex<[Phase]>([])
        var all: [Phase] { phases.withLock { $0 } }
        func add(_ phase: Phase) { phases.withLock { $0.append(phase) } }
    }

    static let server = "198.51.100.7"
    static let port: UInt16 = 7

    static let programs: String = {
        var path = [CChar](repeating: 0, count: 4096)
        // The buffer outlives the call, which writes at most as many octets as it is told.
        let count = max(0, unsafe readlink("/proc/self/exe", &path, path.count - 1))
        let own = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(own.split(separator: "/").dropLast().map { "/" + $0 }.joined())
    }()

    static func with(
        _ habits: FarPPPModem.Habits = .init(), account: PDPAccount? = nil, type: PDPType = .ipv4,
        tune: @escaping @Sendable (inout PPPConfiguration) -> Void = { _ in }, hasDTR: Bool = false,
        _ body: (PPPRig) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let options = TunnelOptions(executable: programs + "/modemail")
        let threads = NIOThreadPool.singleton
        do {
            try await withNetworkNamespace(options, on: loop, threads: threads) { near in
                try await withNetworkNamespace(options, on: loop, threads: threads) { far in
                    let (line, modem) = try await makeLine(habits, on: loop)
                    let server = try await openInternet(far, modem, on: loop)
                    let port = try await ATPort.open(on: line, profile: profile)
                    let rig = try makeRig(
                        port, modem, near, line, account: account, type: type, tune: tune, hasDTR: hasDTR, loop)
                    try await body(rig)
                    _ = await port.close(proving: false, limit: .milliseconds(500))
                    try await server.close()
                    try await line.close()
                }
            }
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private static var profile: LineProfile {
        var profile = LineProfile()
        profile.guardTime = .milliseconds(60)
        profile.drainTime = .milliseconds(50)
        return profile
    }

    private static func makeRig(
        _ port: ATPort, _ modem: NIOLoopBound<FarPPPModem>, _ near: NetworkNamespace, _ line: any Channel,
        account: PDPAccount?, type: PDPType, tune: @escaping @Sendable (inout PPPConfiguration) -> Void, hasDTR: Bool,
        _ loop: any EventLoop
    ) throws -> PPPRig {
        let keeper = BringUp(
            port: port, configuration: try ModemConfiguration(), guardStore: nil, digests: .openSSL, use: .ppp
        ).keeper
        let ready = ReadyModem(
            identity: ModemIdentity(manufacturer: "Neutral", model: "PPP"), profile: .generic,
            registration: Registration(domain: .evolvedPacketSystem, status: .home),
            context: PDPContext(cid: 1, type: type, apn: "internet", account: account))
        var means = PPPMeans(
            port: port, modem: ready, keeper: keeper, namespace: near, loop: loop, baud: 115_200, digests: .openSSL)
        let phases = PhaseList()
        means.began = { phases.add($0) }
        means.tune = tune
        if hasDTR {
            means.setDTR = { isOn in
                if !isOn { try await loop.submit { modem.value.dropDTR() }.get() }
                return true
            }
        }
        return PPPRig(loop: loop, modem: modem, means: means, line: line, phases: phases)
    }

    private static func makeLine(
        _ habits: FarPPPModem.Habits, on loop: any EventLoop
    ) async throws -> (any Channel, NIOLoopBound<FarPPPModem>) {
        var ends: [Int32] = [0, 0]
        // The array outlives the call, which writes both of its elements.
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
            throw IOError(errnoCode: errno, reason: "socketpair")
        }
        let near = try await ClientBootstrap(group: loop).withConnectedSocket(ends[0]).get()
        let far = try await ClientBootstrap(group: loop).withConnectedSocket(ends[1]).get()
        let modem = try await loop.submit {
            let modem = FarPPPModem(habits, on: loop, escapeTime: .milliseconds(60))
            try far.pipeline.syncOperations.addHandler(modem)
            return NIOLoopBound(modem, eventLoop: loop)
        }.get()
        return (near, modem)
    }

    /// A prefix of the internet that answers at one port.
    private static func openInternet(
        _ far: NetworkNamespace, _ modem: NIOLoopBound<FarPPPModem>, on loop: any EventLoop
    ) async throws -> any Channel {
        var addresses = TunnelAddresses(localPrefixes: [IPPrefix("198.51.100.0/24")!])
        addresses.ipv4 = .init(
            address: Tunnel.IPAddress("10.64.0.1")!, peer: Tunnel.IPAddress("10.64.0.2")!)
        try await far.configure(addresses)
        let device = try await PacketDevice.open(try #require(far.takeDevice()), on: loop) { packet in
            modem.value.take(packet: packet)
        }
        try await loop.submit { modem.value.attach(device.value) }.get()
        let listener = try await far.listen(at: SocketAddress(ipAddress: server, port: Int(port)))
        return try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .withBoundSocket(try #require(listener.take())).get()
    }

    private final class Echo: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            context.writeAndFlush(wrapOutboundOut(unwrapInboundIn(data)), promise: nil)
        }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    // MARK: Use

    func onModem<Value: Sendable>(_ body: @escaping @Sendable (FarPPPModem) -> Value) async throws -> Value {
        let modem = modem
        return try await loop.submit { body(modem.value) }.get()
    }

    func run<Result>(_ body: (any Bearer) async throws -> Result) async throws -> Result {
        try await withPPPBearer(means, teardown: teardown, body: body)
    }

    /// The error of a bearer that does not come up.
    func failure() async throws -> BearerError? {
        do {
            try await run { _ in }
            return nil
        } catch let error as BearerError {
            return error
        }
    }

    var steps: [String] { teardown.steps.map { "\($0.name): \($0.outcome)" } }
}
