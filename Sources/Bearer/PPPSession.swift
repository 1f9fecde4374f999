import AT
import Credentials
import Modem
import NIOCore
import PPP
import Scopes
import Synchronization

/// One PPP link as those see it who wait for it: what came up, how it ended, what the modem said. Any thread.
final class PPPSession: Sendable {
    /// How the link stopped carrying packets.
    enum Ending: Sendable, Equatable {
        case link(PPPEnd)
        case hungUp(String)
        case lineLost(ATError?)
    }

    private let loop: any EventLoop
    /// The first ending.
    let ending = OneShot<Ending>()
    /// The link's own end, behind which nothing of it is on the line.
    let linkEnd = OneShot<PPPEnd>()
    /// The modem's words of command mode.
    let words = OneShot<String>()
    /// Each is all that is known.
    let networks: AsyncStream<PPPNetwork>
    private let network: AsyncStream<PPPNetwork>.Continuation
    private let configuration: PPPConfiguration
    private let digests: Digests
    private let seed: UInt64
    private let phases: @Sendable (PPPPhase) -> Void
    private let handler = Mutex<NIOLoopBound<PPPHandler>?>(nil)

    /// - Parameter phases: told of each phase as it begins, on the loop.
    init(
        _ configuration: PPPConfiguration, digests: Digests, seed: UInt64, on loop: any EventLoop,
        phases: @escaping @Sendable (PPPPhase) -> Void
    ) {
        self.configuration = configuration
        self.digests = digests
        self.seed = seed
        self.loop = loop
        self.phases = phases
        (networks, network) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4))
    }

    /// On the loop, for each dial anew.
    func makeHandlers() -> [any ChannelHandler] {
        let made = PPPHandler(PPPLink(configuration, digests: digests, seed: seed), on: loop) { self.note($0) }
        handler.withLock { $0 = NIOLoopBound(made, eventLoop: loop) }
        return [made]
    }

    private func note(_ report: PPPHandler.Report) {
        switch report {
        case .phase(let phase): phases(phase)
        case .network(let known): network.yield(known)
        case .ended(let end):
            linkEnd.fulfil(end)
            finish(.link(end))
        case .hungUp(let words):
            self.words.fulfil(words)
            finish(.hungUp(words))
        case .left(let error): finish(.lineLost(error))
        }
    }

    private func finish(_ ending: Ending) {
        self.ending.fulfil(ending)
        network.finish()
    }

    /// Ends every wait. Behind it nothing is told any more.
    func release() {
        finish(.lineLost(nil))
        handler.withLock { $0 = nil }
    }

    func attach(_ device: NIOLoopBound<PacketDevice>) {
        onHandler { $0.attach(device.value) }
    }

    func take(packet: ByteBuffer) {
        handler.withLock { $0 }?.value.take(packet: packet)
    }

    func close() {
        onHandler { $0.close() }
    }

    var counters: PPPCounters? {
        get async {
            guard let handler = handler.withLock({ $0 }) else { return nil }
            return try? await loop.submit { handler.value.counters }.get()
        }
    }

    private func onHandler(_ body: @escaping @Sendable (PPPHandler) -> Void) {
        guard let handler = handler.withLock({ $0 }) else { return }
        loop.execute { body(handler.value) }
    }
}

extension PPPSession.Ending {
    var words: String {
        switch self {
        case .link(let end): end.summary
        case .hungUp(let words): "the modem says \(words.printable(limit: 80))"
        case .lineLost(let error?): error.summary
        case .lineLost(nil): "the call was ended here"
        }
    }
}
