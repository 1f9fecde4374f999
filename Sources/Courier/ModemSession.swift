import AT
import Bearer
import Credentials
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Settings
import Synchronization
import SystemPackage
import TLS

/// The scopes from the serial line up to the bearer.
struct ModemSession {
    let settings: Settings
    let host: Host
    let observer: Observer
    let timeline: Timeline
    let teardown: Teardown

    /// Opens the line, proves that a modem answers on it, and closes it behind `body`.
    func withLine<Result>(_ body: (ATPort) async throws -> Result) async throws -> Result {
        let modem = try settings.requiredModem
        guard case .path(let path) = modem.device else { throw CourierError.noDevice }
        timeline.begin(.line)
        return try await withScope(
            open: { try await openPort(modem, path: path) },
            close: { [teardown] port in
                for step in await port.close() { teardown.record(step) }
            },
            body: { port in
                try await withScope(
                    open: { try await openATPort(on: port) },
                    close: { [teardown] at in
                        for step in await at.close(limit: .init(teardown.allowance(.seconds(10)))) {
                            teardown.record(step)
                        }
                    },
                    body: { at in
                        try await synchronise(at, on: port)
                        timeline.end()
                        return try await body(at)
                    })
            })
    }

    /// A silent modem may be one whose answers another program takes away.
    private func synchronise(_ at: ATPort, on port: SerialPort) async throws {
        do {
            _ = try await at.synchronise()
        } catch {
            guard !Task.isCancelled, let holder = await port.intruder() else { throw error }
            throw CourierError.lineShared(device: port.configuration.path, holder: holder.description)
        }
    }

    /// Brings modem and bearer up for `body`, and takes them down behind it: the bearer, then what was changed of the context.
    func withBearer<Result>(
        _ body: (ReadyModem, any Bearer, any CommandPort) async throws -> Result
    ) async throws -> Result {
        let configuration = try await host.threads.runIfActive { [settings] in
            try ModemConfiguration(settings, try settings.requiredModem)
        }
        return try await withLine { port in
            let store = FilePINGuardStore(
                directory: FilePath(settings.stateDirectory), threadPool: host.threads)
            let counter = CountingPort(port)
            timeline.attach(commands: { counter.count })
            let bringUp = BringUp(
                port: counter, configuration: configuration, guardStore: store, digests: .openSSL
            ) { note($0) }
            return try await withScope(
                open: { bringUp },
                close: { [teardown] bringUp in teardown.record(await bringUp.keeper.restore()) },
                body: { bringUp in
                    let modem = try await bringUp.run()
                    timeline.begin(.bearer)
                    let dialect = try dialect(for: modem)
                    return try await withSocketBearer(
                        port: counter, dialect: dialect, context: modem.context, keeper: bringUp.keeper,
                        teardown: teardown
                    ) { bearer in
                        timeline.end()
                        timeline.attach(commands: nil)
                        return try await body(modem, bearer, counter)
                    }
                })
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

    private func openPort(_ modem: ModemSettings, path: String) async throws -> SerialPort {
        var configuration = SerialPortConfiguration(path: path, baud: modem.baud)
        configuration.flowControl = modem.flow == .rtsCTS ? .rtsCts : .none
        let port = try await SerialPort.open(configuration, threads: host.threads)
        for note in port.notes { observer.noted(note) }
        return port
    }

    private func openATPort(on port: SerialPort) async throws -> ATPort {
        let installed = Installed()
        let recorded = observer.recorded
        var profile = LineProfile.standard
        profile.timeouts = settings.commandTimeouts.mapValues { TimeAmount($0) }
        _ = try await port.makeChannel(on: host.loop) { [profile] channel in
            let at = try ATPort.install(on: channel, profile: profile) { record in recorded?(record.line) }
            installed.port.withLock { $0 = at }
        }
        guard let at = installed.port.withLock({ $0 }) else { throw CourierError.unexpected("the line has no AT port") }
        return at
    }

    /// What the channel's initializer made, on its loop.
    private final class Installed: Sendable {
        let port = Mutex<ATPort?>(nil)
    }
}
