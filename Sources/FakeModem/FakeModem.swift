/// A cellular modem on a pty: what a host types is answered as the imitated modem would, sockets lead to real sockets on this
/// host, and a ledger says what was opened and not closed.
///
///     var options = FakeModemOptions()
///     options.routes = [Route(host: "mail.example.com", port: 465, address: "127.0.0.1", targetPort: port)]
///     let modem = try FakeModem(options)       // usable from here on, at modem.path
///     …
///     let balance = await modem.stop()
///
/// It works on one thread of its own. It is written from the vendor's documents and imports nothing of the driver's side.
public final class FakeModem: Sendable {
    /// The pty's slave (`/dev/pts/7`), or the symbolic link where one was asked for.
    public let path: String

    private let loop: ModemLoop

    /// Opens the pty and starts; the modem answers from now on.
    public init(_ options: FakeModemOptions) throws(FakeModemError) {
        loop = try ModemLoop.start(options) { ModemMachine(options, now: $0) }
        path = options.link ?? loop.device
    }

    /// What happened so far, oldest first; at most the last 100,000 entries.
    public var ledger: [LedgerEntry] { loop.record.entries }

    /// What is open now.
    public var balance: Balance { loop.record.balance }

    /// Lets something go wrong at once.
    public func inflict(_ effect: Fault.Effect) {
        loop.order(.inflict(effect))
    }

    /// Waits until the ledger fulfils `condition`, checked at each new entry; false when the modem ended before.
    ///
    /// Cancellation ends it with false.
    @discardableResult
    public func wait(until condition: @escaping @Sendable ([LedgerEntry]) -> Bool) async -> Bool {
        await loop.record.wait(until: condition)
    }

    /// Ends it: connections are closed, the pty vanishes, the ledger gets its last line. Idempotent.
    @discardableResult
    public func stop() async -> Balance {
        loop.order(.stop)
        return await loop.record.end()
    }

    /// As `stop`, for a program without tasks: blocks the calling thread until it has ended.
    @discardableResult
    public func stopAndWait() -> Balance {
        loop.order(.stop)
        return loop.record.waitForEnd()
    }
}
