import AT
import ByteStreams
import Modem
import NIOCore
import PPP
public import Scopes
import Sockets
import Synchronization
import Tunnel

/// Dials, brings a PPP link up, and gives its addresses to the network namespace for `body`; behind it the link is ended, the
/// call hung up and the line proven to be in command mode, each a step of `teardown`, on every way out, shielded from
/// cancellation. The namespace is left to its owner, without its device.
///
/// - Parameter body: is given a bearer that connects. It must not outlive the call.
public func withPPPBearer<Result>(
    _ means: PPPMeans, teardown: Teardown, body: (any Bearer) async throws -> Result
) async throws -> Result {
    let bearer = PPPBearer(means)
    do {
        return try await withCompanion(
            { await bearer.run() }, stop: { bearer.stop() },
            body: {
                try await withScope(
                    open: { bearer }, close: { await $0.takeDown(teardown) },
                    body: { bearer in
                        try await bearer.start()
                        return try await body(bearer)
                    })
            })
    } catch let error as BearerError where bearer.link == nil {
        throw await bearer.explained(error)
    }
}

/// The `ppp` adapter: the kernel's TCP over our own PPP.
final class PPPBearer: Bearer {
    private enum Call: Sendable {
        case none
        /// Nobody knows whether the modem answered.
        case dialling
        case online(any DataModeLine)
    }

    private struct State {
        var call = Call.none
        var device: NIOLoopBound<PacketDevice>?
        var link: LinkFacts?
        var address: String?
        var streams: [ObjectIdentifier: WeakStream] = [:]
    }

    private struct WeakStream {
        weak var stream: PPPStream?
    }

    let means: PPPMeans
    private let session: PPPSession
    private let ready = OneShot<Result<Void, BearerError>>()
    /// Both families are open, or will not be.
    private let settled = OneShot<Void>()
    /// Why nothing passes any more.
    let loss = OneShot<String>()
    private let state = Mutex(State())

    init(_ means: PPPMeans) {
        self.means = means
        let began = means.began
        var configuration = PPPConfiguration(means.modem.context, baud: means.baud)
        means.tune(&configuration)
        session = PPPSession(configuration, digests: means.digests, seed: means.seed, on: means.loop) { phase in
            if let phase = Phase(phase) { began(phase) }
        }
    }

    var name: String { "ppp" }
    var localAddress: String? { state.withLock { $0.address } }
    var connectionLimit: Int? { nil }
    var link: LinkFacts? { state.withLock { $0.link } }

    func counts() async -> LinkCounts? {
        guard let counters = await session.counters else { return nil }
        return LinkCounts(counters)
    }

    // MARK: Start

    /// Returns when packets pass.
    func start() async throws(BearerError) {
        try await openDevice()
        means.began(.dial)
        state.withLock { $0.call = .dialling }
        let dialler = PPPDialler(
            port: means.port, dial: means.modem.profile.dial, keeper: means.keeper, clock: means.clock)
        do throws(BearerError) {
            let session = session
            let line = try await dialler.connect(means.modem.context) { session.makeHandlers() }
            state.withLock { $0.call = .online(line) }
        } catch {
            // Only a caller that did not wait for the answer leaves it open whether there is a call.
            if error.leavesDialOpen == false { state.withLock { $0.call = .none } }
            throw error
        }
        switch await ready.wait() {
        // The name servers come with IPv4, also where IPv6 was faster.
        case .success: _ = await settled.wait(atMost: Self.settling, clock: means.clock)
        case .failure(let error): throw error
        case nil: throw .interrupted
        }
    }

    /// For the second family, once the first is open.
    private static let settling = TimeAmount.seconds(2)

    private func openDevice() async throws(BearerError) {
        guard let descriptor = means.namespace.takeDevice() else {
            throw .unusable(words: "the network namespace has another bearer")
        }
        do {
            let device = try await PacketDevice.open(descriptor, on: means.loop) { [session] packet in
                session.take(packet: packet)
            }
            state.withLock { $0.device = device }
        } catch {
            throw .network(.failed(step: "opening the device", words: String(describing: error)))
        }
    }

    /// Goes on beside everything: gives the namespace what the link learns, and ends what waits when it is lost.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchEnding() }
            for await network in self.session.networks { await self.adopt(network) }
        }
    }

    func stop() {
        session.release()
    }

    private func adopt(_ network: PPPNetwork) async {
        do {
            try await means.namespace.configure(TunnelAddresses(network, baud: means.baud))
        } catch {
            ready.fulfil(.failure(.network(error)))
            return
        }
        let device: NIOLoopBound<PacketDevice>? = state.withLock { state in
            state.link = LinkFacts(network)
            state.address = state.address ?? LinkFacts(network).address
            return state.device
        }
        if let device { session.attach(device) }
        ready.fulfil(.success(()))
        if network.isSettled { settled.fulfil(()) }
    }

    private func watchEnding() async {
        guard let ending = await session.ending.wait() else { return }
        ready.fulfil(.failure(failure(ending)))
        settled.fulfil(())
        loss.fulfil(ending.words)
        let streams = state.withLock { state in state.streams.values.compactMap(\.stream) }
        for stream in streams { await stream.lose() }
    }

    /// Why the link did not come up.
    private func failure(_ ending: PPPSession.Ending) -> BearerError {
        switch ending {
        case .link(let end): .pppFailed(end)
        case .hungUp(let words):
            .contextRefused(.contextRefused(apn: means.modem.context.apn, cause: nil, words: words))
        case .lineLost(let error?): .modem(error)
        case .lineLost(nil): .interrupted
        }
    }

    /// Many modems activate the context behind `CONNECT`: then a refusal ends the call, and is told in command mode.
    func explained(_ error: BearerError) async -> BearerError {
        guard let keeper = means.keeper, !Task.isCancelled else { return error }
        let words: String
        switch session.ending.value {
        case .link(let end) where end.mayHaveCause: words = end.summary
        case .hungUp(let told): words = told
        case .link, .lineLost, nil: return error
        }
        let refusal = await keeper.refusal(of: means.modem.context, code: nil, words: words)
        guard case .contextRefused(_, _?, _) = refusal else { return error }
        return .contextRefused(refusal)
    }

    // MARK: Connect

    func connect(to host: String, port: UInt16) async throws -> any ByteStream {
        if let words = loss.value { throw BearerError.linkLost(words: words) }
        return try await withThrowingTaskGroup(of: PPPStream.self) { group in
            group.addTask { try await self.establish(host, port) }
            group.addTask { [loss] in
                guard let words = await loss.wait() else { throw CancellationError() }
                throw BearerError.linkLost(words: words)
            }
            defer { group.cancelAll() }
            guard let stream = try await group.next() else { throw BearerError.interrupted }
            return stream
        }
    }

    private func establish(_ host: String, _ port: UInt16) async throws -> PPPStream {
        let connector = NamespaceConnector(
            namespace: means.namespace, memory: means.memory, clock: means.clock, loop: means.loop)
        let families = try await connector.families(hasIPv4: link?.ipv4 != nil, hasIPv6: link?.ipv6 != nil)
        let socket = try await connector.connect(to: host, port: port, families: families)
        let stream = PPPStream(socket, loss: loss)
        state.withLock { state in
            state.streams = state.streams.filter { $0.value.stream != nil }
            state.streams[ObjectIdentifier(stream)] = WeakStream(stream: stream)
            state.address = socket.localAddress?.ipAddress ?? state.address
        }
        return stream
    }

    // MARK: Stop

    func takeDown(_ teardown: Teardown) async {
        let hangUp = PPPHangUp(session: session, port: means.port, setDTR: means.setDTR, clock: means.clock)
        let (call, device) = state.withLock { state in
            defer { (state.call, state.device) = (.none, nil) }
            return (state.call, state.device)
        }
        switch call {
        case .none: break
        case .dialling: await hangUp.runBehindLostDial(teardown)
        case .online(let line): await hangUp.run(line, teardown)
        }
        if let device {
            let loop = means.loop
            await teardown.step("device", limit: .seconds(2)) {
                try await loop.flatSubmit { device.value.close() }.get()
                return .done
            }
        }
    }
}
