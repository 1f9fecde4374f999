import Bearer
import NIOCore
import NIOPosix
import Scopes
import Settings
import Sockets
import Synchronization

/// A two-way bridge through the bearer for any TCP client: every layer is a scope, as in a delivery.
///
///     listener → serial port → modem → bearer → connections, each with its far side
struct Tunnel {
    let plan: TunnelPlan
    let settings: Settings
    let host: Host
    let observer: Observer
    private let timeline: Timeline
    private let teardown: Teardown
    private let reason = Reason()

    /// Why `auto` took which bearer.
    private final class Reason: Sendable {
        private let state = Mutex<String?>(nil)
        var words: String? { state.withLock { $0 } }
        func set(_ words: String) { state.withLock { $0 = words } }
    }

    init(_ plan: TunnelPlan, settings: Settings, host: Host, observer: Observer) {
        self.plan = plan
        self.settings = settings
        self.host = host
        self.observer = observer
        timeline = Timeline { observer.phaseBegan($0) }
        teardown = Teardown(limit: settings.timeouts.teardown)
    }

    /// Never throws: how it ended is the report.
    /// - Parameter listening: told of the address once clients are served.
    func run(listening: @escaping @Sendable (String) -> Void) async -> TunnelReport {
        var report = TunnelReport()
        do {
            let secureClient = try await readFiles()
            // The port is taken first: that it is not free costs nothing then. Who connects early waits in the backlog.
            let listener = try await SocketListener.bind(host: plan.listen.host, port: plan.listen.port, on: host.loop)
            try await withScope(
                open: { listener }, close: { [teardown] in teardown.record(await $0.close()) },
                body: { listener in
                    try await withBearer { bearer in
                        let service = TunnelService(
                            plan, settings: settings, bearer: bearer, secureClient: secureClient, observer: observer,
                            teardown: teardown)
                        report.via = bearer.name
                        report.link = bearer.link
                        defer { service.fill(&report) }
                        let address = "\(listener.address.ipAddress ?? plan.listen.host):\(listener.port)"
                        report.address = address
                        listening(address)
                        tell(of: bearer)
                        report.viaReason = reason.words
                        do {
                            try await service.run(listener)
                        } catch {
                            report.counts = await bearer.counts()
                            throw error
                        }
                        report.counts = await bearer.counts()
                    }
                })
        } catch {
            report.failure = FailureOf.error(error, during: timeline.current)
        }
        timeline.end(failed: report.failure != nil)
        report.phases = timeline.records
        report.teardown = teardown.steps
        report.duration = timeline.elapsed
        return report
    }

    private func tell(of bearer: any Bearer) {
        if let words = reason.words { observer.reported("via \(words)") }
        if let link = bearer.link { observer.reported("link \(link.summary)") }
    }

    /// Every file is read before anything is opened, so that a wrong one costs no connection.
    private func readFiles() async throws -> SecureClient? {
        guard plan.usesTLS else { return nil }
        return try await host.threads.runIfActive { [settings, host, observer] in
            if let problem = StateDirectory.make(settings.stateDirectory) { observer.noted(problem) }
            return try SecureClient(settings, host: host)
        }
    }

    private func withBearer(_ body: (any Bearer) async throws -> Void) async throws {
        switch settings.via {
        case .interface(let name):
            try await withInterfaceBearer(name: name, on: host.loop, threads: host.threads, body)
        case .auto, .ppp, .socket:
            let session = ModemSession(
                settings: settings, host: host, observer: observer, timeline: timeline, teardown: teardown,
                chose: { [reason] in reason.set($0) })
            try await session.withBearer { _, bearer in try await body(bearer) }
        }
    }
}
