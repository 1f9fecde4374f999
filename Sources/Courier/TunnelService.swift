import Bearer
import ByteStreams
import NIOCore
public import Scopes
import Settings
import Sockets
import Synchronization
import TLS

/// Serves the clients of a tunnel over one bearer, and accounts for them.
final class TunnelService: Sendable {
    private struct State {
        var connections = 0
        var running = 0
        var hasToldLimit = false
        var up = 0
        var down = 0
        /// Ends the tunnel.
        var failure: (any Failure)?
    }

    private let plan: TunnelPlan
    private let settings: Settings
    private let bearer: any Bearer
    private let secureClient: SecureClient?
    private let observer: Observer
    /// The budget of connections that end because the tunnel does.
    private let teardown: Teardown
    private let clock = ContinuousClock()
    private let state = Mutex(State())

    init(
        _ plan: TunnelPlan, settings: Settings, bearer: any Bearer, secureClient: SecureClient?, observer: Observer,
        teardown: Teardown
    ) {
        self.plan = plan
        self.settings = settings
        self.bearer = bearer
        self.secureClient = secureClient
        self.observer = observer
        self.teardown = teardown
    }

    /// Clients that are served at once; the next one waits in the kernel's backlog.
    var limit: Int { plan.isOnce ? 1 : min(bearer.connectionLimit ?? Self.greatestLimit, Self.greatestLimit) }

    /// More than any modem has sockets.
    private static let greatestLimit = 64

    func fill(_ report: inout TunnelReport) {
        state.withLock { state in
            report.connections = state.connections
            report.up = state.up
            report.down = state.down
        }
    }

    /// Serves until the calling task is cancelled, the bearer is lost, or, with `--once`, one connection is done. Throws why,
    /// unless it was done.
    func run(_ listener: SocketListener) async throws {
        await listener.serve(atMost: limit) { client in
            if self.plan.isOnce { _ = await listener.close() }
            await self.serve(client)
            if self.state.withLock({ $0.failure }) != nil { _ = await listener.close() }
        }
        try Task.checkCancellation()
        if let failure = state.withLock({ $0.failure }) { throw failure }
        guard plan.isOnce else { throw CourierError.unexpected("the listener ended by itself") }
    }

    private func serve(_ client: SocketStream) async {
        let number = begin()
        defer { state.withLock { $0.running -= 1 } }
        let from = client.remoteAddress.map { "\($0.ipAddress ?? "?"):\($0.port ?? 0)" } ?? "a client that has gone"
        do {
            let outcome = try await carry(client, "connection \(number) from \(from)")
            if !outcome.isOrderly { _ = await client.reset() }
        } catch {
            _ = await client.reset()
            let failure = FailureOf.error(error, during: nil)
            note(failure)
            observer.reported("connection \(number) from \(from): \(failure.line)")
        }
    }

    private func begin() -> Int {
        let (number, isFull) = state.withLock { state in
            state.connections += 1
            state.running += 1
            let isFull = state.running == limit && !state.hasToldLimit && !plan.isOnce
            if isFull { state.hasToldLimit = true }
            return (state.connections, isFull)
        }
        if isFull {
            observer.reported(
                "\(limit == 1 ? "the one connection" : "all \(limit) connections") of \(bearer.name) in use; "
                    + "further clients wait until one ends")
        }
        return number
    }

    private func carry(_ client: SocketStream, _ name: String) async throws -> StreamBridge.Outcome {
        let start = clock.now
        return try await withScope(
            open: { try await connect() },
            close: { [observer] far in
                for step in await far.close() { observer.reported("\(name): closing \(step.name) \(step.words)") }
            },
            body: { far in
                if let secureClient {
                    try await secureClient.secure(far, plan.connect)
                }
                let how = far.info.map { ", \($0.version.rawValue)\($0.isResumed ? " (resumed)" : "")" } ?? ""
                observer.reported("\(name): connected to \(plan.connect) in \((clock.now - start).secondsText) s\(how)")
                let outcome = await StreamBridge(
                    near: client, far: far.stream, silenceLimit: settings.timeouts.halfClose
                ).run()
                end(outcome, far)
                observer.reported("\(name): \(outcome.words), \((clock.now - start).secondsText) s")
                return outcome
            })
    }

    private func connect() async throws -> FarSide {
        let (bearer, connect) = (bearer, plan.connect)
        let stream = try await withDeadline(settings.timeouts.connect, clock: clock) {
            try await bearer.connect(to: connect.host, port: UInt16(clamping: connect.port))
        }
        return FarSide(stream, teardown: Teardown(limit: settings.timeouts.teardown))
    }

    private func end(_ outcome: StreamBridge.Outcome, _ far: FarSide) {
        state.withLock { state in
            state.up += outcome.up
            state.down += outcome.down
        }
        switch outcome.ending {
        case .both, .silence: break
        case .cancelled:
            far.markBroken()
            far.use(teardown)
        case .failed(let side, let failure):
            far.markBroken()
            guard side == .far else { return }
            note(failure)
        }
    }

    /// A lost bearer ends the tunnel, and so does with `--once` whatever ends its connection.
    private func note(_ failure: any Failure) {
        let isFatal =
            switch failure {
            case BearerError.linkLost, BearerError.modem: true
            case StreamFailure.linkLost: bearer.connectionLimit != nil || bearer.link != nil
            default: plan.isOnce
            }
        guard isFatal else { return }
        state.withLock { $0.failure = $0.failure ?? failure }
    }
}

extension SecureClient {
    fileprivate func secure(_ far: FarSide, _ endpoint: Endpoint) async throws {
        try await far.secure(self, host: endpoint.host, port: endpoint.port)
    }
}

extension StreamBridge.Outcome {
    /// Whether each side may take the end for an orderly one.
    var isOrderly: Bool {
        switch ending {
        case .both, .silence: true
        case .failed, .cancelled: false
        }
    }

    var words: String {
        let how =
            switch ending {
            case .both: "ended"
            case .silence(.near): "ended: the client's end, and silence behind it"
            case .silence(.far): "ended: the far end, and silence behind it"
            case .failed(.near, let failure): "the client failed: \(failure.summary)"
            case .failed(.far, let failure): "the far end failed: \(failure.summary)"
            case .cancelled: "interrupted"
            }
        return "\(how); \(up) octets up, \(down) down"
    }
}

extension TeardownStep {
    /// How it ended, for a person.
    public var words: String {
        switch outcome {
        case .done, .notNeeded: "was done"
        case .failed(let words): "failed: \(words)"
        case .cut: "took too long and was cut short; the next start finishes it"
        }
    }
}
