import AT
import Bearer
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Settings
import Synchronization
import SystemPackage
import TLS
import Tunnel

/// From the line up to the bearer: PPP or the modem's own sockets.
extension ModemSession {
    /// Brings modem and bearer up for `body`, and takes them down behind it: the bearer, then what was changed of the context,
    /// then the network namespace that PPP has.
    ///
    /// `auto` takes PPP where this machine and the modem allow it. It takes the sockets where they do not, or where the owner
    /// named their dialect; never because of a refusal by the network or of a value that the owner has to correct.
    func withBearer<Result>(
        _ body: (ReadyModem, any Bearer) async throws -> Result
    ) async throws -> Result {
        let modem = try settings.requiredModem
        let configuration = try await host.threads.runIfActive { [settings] in
            try ModemConfiguration(settings, modem)
        }
        return try await withSerialLine { at, serial in
            try await withNamespace { namespace, obstacle in
                let counter = CountingPort(at)
                timeline.attach(commands: { counter.count })
                let store = FilePINGuardStore(
                    directory: FilePath(settings.stateDirectory), threadPool: host.threads)
                let bringUp = BringUp(
                    port: counter, configuration: configuration, guardStore: store, digests: .openSSL,
                    use: namespace == nil ? .sockets : .ppp
                ) { note($0) }
                return try await withScope(
                    open: { bringUp },
                    close: { [teardown] bringUp in
                        await teardown.step("context definition", limit: .seconds(20)) {
                            await bringUp.keeper.restore().outcome
                        }
                    },
                    body: { bringUp in
                        let ready = try await bringUp.run()
                        return try await askingTime(counter) {
                            guard let namespace else {
                                // Of a modem whose sockets are not known the obstacle is what has to be mended.
                                if let obstacle, (try? dialect(for: ready)) == nil { throw obstacle }
                                return try await withSockets(ready, ready.context, bringUp.keeper, counter, body)
                            }
                            var means = PPPMeans(
                                port: counter, modem: ready, keeper: bringUp.keeper, namespace: namespace,
                                loop: host.loop, baud: modem.baud, digests: .openSSL)
                            means.memory = addresses
                            means.setDTR = { isOn in try await serial.lines.set(dtr: isOn, rts: nil) }
                            return try await withPPP(means, counter, body)
                        }
                    })
            }
        }
    }

    /// Asks the modem for the network's time where a certificate was refused for its dates, once the line is free for it.
    private func askingTime<Result>(
        _ port: any CommandPort, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch {
            // The address that was remembered may be somebody else's by now.
            if !FailureOf.explanation(error).isEmpty, let host = settings.server?.host { await addresses.forget(host) }
            if FailureOf.isAboutTime(error), let seconds = await port.networkTime() { toldTime(seconds) }
            throw error
        }
    }

    private func withPPP<Result>(
        _ given: PPPMeans, _ counter: CountingPort,
        _ body: (ReadyModem, any Bearer) async throws -> Result
    ) async throws -> Result {
        var means = given
        means.began = { [timeline] phase in timeline.begin(phase) }
        var isUp = false
        do {
            return try await withPPPBearer(means, teardown: teardown) { bearer in
                isUp = true
                timeline.end()
                timeline.attach(commands: nil)
                if settings.via == .auto { chose("ppp, which this machine and the modem allow") }
                return try await body(means.modem, bearer)
            }
        } catch let error as BearerError where settings.via == .auto && !isUp && error.allowsSockets {
            timeline.end(failed: true)
            guard !Task.isCancelled, let keeper = means.keeper, (try? dialect(for: means.modem)) != nil else {
                throw error
            }
            chose("the modem's sockets, since \(error.summary)")
            return try await withSockets(
                means.modem, try await keeper.prepare(for: .sockets), keeper, counter, body)
        }
    }

    private func withSockets<Result>(
        _ modem: ReadyModem, _ context: PDPContext, _ keeper: ContextKeeper, _ counter: CountingPort,
        _ body: (ReadyModem, any Bearer) async throws -> Result
    ) async throws -> Result {
        timeline.begin(.bearer)
        let dialect = try dialect(for: modem)
        return try await withSocketBearer(
            port: counter, dialect: dialect, context: context, keeper: keeper, teardown: teardown
        ) { bearer in
            timeline.end()
            timeline.attach(commands: nil)
            return try await body(modem, bearer)
        }
    }

    /// The namespace of PPP for `body`; nil where the sockets are to be used, with the reason where PPP was preferred.
    private func withNamespace<Result>(
        _ body: (NetworkNamespace?, TunnelError?) async throws -> Result
    ) async throws -> Result {
        guard mayUsePPP else { return try await body(nil, nil) }
        let namespace: NetworkNamespace
        do throws(TunnelError) {
            namespace = try await NetworkNamespace.open(host.tunnel, on: host.loop, threads: host.threads)
        } catch {
            guard settings.via == .auto, error != .cancelled else { throw error }
            chose("the modem's sockets, since \(error.summary)" + (error.advice.map { " (\($0))" } ?? ""))
            return try await body(nil, error)
        }
        return try await withScope(
            open: { namespace }, close: { [teardown] in teardown.record(await $0.close()) },
            body: { try await body($0, nil) })
    }

    /// Why no network namespace can be made here; nil: it can.
    func pppObstacle() async -> String? {
        do {
            _ = await (try await NetworkNamespace.open(host.tunnel, on: host.loop, threads: host.threads)).close()
            return nil
        } catch {
            return error.summary + (error.advice.map { " (\($0))" } ?? "")
        }
    }

    private var mayUsePPP: Bool {
        switch settings.via {
        case .ppp: true
        // Who names the sockets' dialect wants the sockets.
        case .auto: settings.dialect.name == nil && settings.dialect.mode == nil
        case .socket, .interface: false
        }
    }

    private func dialect(for modem: ReadyModem) throws -> any Dialect {
        var name = settings.dialect.name
        if name == nil { name = modem.profile.dialectName }
        guard let name else { throw CourierError.noDialect(modem: modem.identity.summary) }
        let full = settings.dialect.mode.map { "\(name)/\($0.rawValue)" } ?? name
        guard let dialect = Dialects.named(full) else { throw BearerError.unknownDialect(full) }
        return dialect
    }

    private func note(_ progress: ModemProgress) {
        switch progress.event {
        case .began: timeline.begin(progress.phase)
        case .noted(let words): observer.noted(words)
        case .ended: timeline.end()
        case .failed: timeline.end(failed: true)
        }
    }
}
