import AT
import Modem
import NIOCore
import NIOPosix
import Scopes
import SerialPort
import Settings
import Synchronization
import SystemPackage

/// The scopes from the serial line up to the bearer.
struct ModemSession {
    let settings: Settings
    let host: Host
    let observer: Observer
    let timeline: Timeline
    let teardown: Teardown
    /// The last good addresses, of this and earlier runs.
    var addresses: AddressFile {
        AddressFile(directory: settings.stateDirectory + "/addresses", pool: host.threads)
    }

    /// Told which bearer `auto` took, and why.
    var chose: @Sendable (String) -> Void = { _ in }
    /// Told the network's time, in seconds since 1970, where a certificate was refused for its dates.
    var toldTime: @Sendable (Int64) -> Void = { _ in }

    /// Opens the line, proves that a modem answers on it, and closes it behind `body`.
    func withLine<Result>(_ body: (ATPort) async throws -> Result) async throws -> Result {
        try await withSerialLine { at, _ in try await body(at) }
    }

    /// The same, with the control lines.
    func withSerialLine<Result>(_ body: (ATPort, SerialPort) async throws -> Result) async throws -> Result {
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
                        return try await body(at, port)
                    })
            })
    }

    /// A silent modem may be one whose answers another program takes away.
    private func synchronise(_ at: ATPort, on port: SerialPort) async throws {
        do {
            _ = try await at.synchronise()
        } catch {
            guard !Task.isCancelled else { throw error }
            if let holder = await port.intruder() {
                throw CourierError.lineShared(device: port.configuration.path, holder: holder.description)
            }
            guard await dropDTR(of: port) else { throw error }
            _ = try await at.synchronise(limit: .seconds(5))
        }
    }

    /// The last way out of a call that knows no escape: DTR falls for a second, which hangs up where the modem regards it. False
    /// where the line has none.
    private func dropDTR(of port: SerialPort) async -> Bool {
        guard (try? await port.lines.set(dtr: false, rts: nil)) == true else { return false }
        try? await ContinuousClock().sleep(for: .seconds(1))
        return (try? await port.lines.set(dtr: true, rts: nil)) == true && !Task.isCancelled
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
