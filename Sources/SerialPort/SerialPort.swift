public import NIOCore
public import NIOPosix
public import Scopes
import Synchronization
import SystemPackage

/// An open, locked, raw serial line, and the way back to how it was found.
///
/// It is a scope's resource: `open` takes the line, `makeChannel` carries its octets, `close` gives it back: settings and
/// latency as found, unsent output thrown away, locks released. It never waits for output to drain, which under flow
/// control can take for ever; neither does close(2) then. The channel works on a descriptor of its own, so it may close
/// whenever it likes. Calls that may block run on `threads`, never on an event loop.
public final class SerialPort: Sendable {
    private enum State {
        case open(channel: (any Channel)?)
        case closing([CheckedContinuation<[TeardownStep], Never>])
        case closed([TeardownStep])
    }

    public let configuration: SerialPortConfiguration
    /// The device itself, symbolic links resolved.
    public let devicePath: String
    /// What did not go as wished and is no error: a lock file that could not be written, RTS/CTS that the driver ignores.
    public let notes: [String]
    /// The control lines.
    public let lines: any ModemLines

    private let line: OpenedLine
    private let threads: NIOThreadPool
    private let state = Mutex(State.open(channel: nil))

    private init(_ line: OpenedLine, configuration: SerialPortConfiguration, threads: NIOThreadPool) {
        self.configuration = configuration
        self.line = line
        self.threads = threads
        devicePath = line.path
        notes = line.notes
        lines = DescriptorModemLines(path: configuration.path, descriptor: line.descriptor, threads: threads)
    }

    deinit {
        switch state.withLock({ $0 }) {
        case .open: for part in OpenedLine.Part.allCases { _ = line.release(part) }
        case .closing, .closed: break
        }
    }

    /// Opens, locks and configures the line. Nothing stays behind when it throws.
    ///
    /// - Parameter threads: a started pool for calls that may block; one thread is enough.
    public static func open(
        _ configuration: SerialPortConfiguration, threads: NIOThreadPool
    ) async throws(SerialPortError) -> SerialPort {
        let result = await threads.call { OpenedLine.open(configuration) }
        return SerialPort(try result.get(), configuration: configuration, threads: threads)
    }

    /// The line as a channel of `ByteBuffer`s. One at a time; after it closed another may be made.
    ///
    /// `initialize` runs on the loop before the first read, so the handlers it adds see every octet. A line that is gone
    /// (end of file, EIO, hang-up) tells them `SerialPortError.unplugged` by `errorCaught`, then becomes inactive.
    public func makeChannel(
        on loop: any EventLoop, initialize: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(SerialPortError) -> any Channel {
        let path = configuration.path
        guard case .open = (state.withLock { $0 }) else { throw .closed(path: path) }
        // The kernel may give the name of a device that is gone to the next one at once: nobody is kept out of that.
        let channel = try await LineChannel.make(
            of: line.descriptor, path: path, on: loop,
            onHangUp: { [line, threads] in threads.submit { _ in _ = line.release(.locks) } }, initialize: initialize)
        let kept = state.withLock { state in
            guard case .open = state else { return false }
            state = .open(channel: channel)
            return true
        }
        guard kept else {
            try? await channel.close()
            throw .closed(path: path)
        }
        return channel
    }

    /// Closes the channel, restores settings, releases the locks, closes the line; each step takes at most `limit`.
    /// Idempotent: a second call waits for the first and answers the same.
    public func close(limit: Duration = .seconds(2)) async -> [TeardownStep] {
        enum Turn {
            case first((any Channel)?)
            case later
        }
        let turn: Turn = state.withLock { state in
            guard case .open(let channel) = state else { return .later }
            state = .closing([])
            return .first(channel)
        }
        switch turn {
        case .later: return await stepsOfOtherClose()
        case .first(let channel):
            let steps = await close(channel, limit: limit)
            let waiting = state.withLock { state in
                defer { state = .closed(steps) }
                guard case .closing(let waiting) = state else { return [CheckedContinuation<[TeardownStep], Never>]() }
                return waiting
            }
            for continuation in waiting { continuation.resume(returning: steps) }
            return steps
        }
    }

    /// Another process that has the line open without regard to any lock, and may take octets away: for the report on a
    /// modem that does not answer. It looks at all processes (milliseconds); nil when there is none that may be seen.
    public func intruder() async -> PortHolder? {
        let path = devicePath
        return await threads.call { PortHolder.find(of: path, otherThanThisProcess: true) }
    }

    private func stepsOfOtherClose() async -> [TeardownStep] {
        await withCheckedContinuation { continuation in
            let steps: [TeardownStep]? = state.withLock { state in
                switch state {
                case .closing(let waiting):
                    state = .closing(waiting + [continuation])
                    return nil
                case .closed(let steps): return steps
                case .open: return []
                }
            }
            if let steps { continuation.resume(returning: steps) }
        }
    }

    private func close(_ channel: (any Channel)?, limit: Duration) async -> [TeardownStep] {
        let teardown = Teardown(limit: limit * 4, floor: limit)
        let line = line
        let threads = threads
        if let channel {
            await teardown.step("line channel", limit: limit) {
                guard channel.isActive else { return .notNeeded }
                do {
                    try await channel.close()
                } catch ChannelError.alreadyClosed {
                    return .notNeeded  // the plug was pulled at this very moment
                }
                return .done
            }
        }
        for part in OpenedLine.Part.allCases {
            await teardown.step(part.rawValue, limit: limit) {
                await threads.abandonableCall { line.release(part) } ?? .cut
            }
        }
        return teardown.steps
    }
}
