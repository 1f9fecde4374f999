import Glibc
import NIOCore
import Synchronization

/// Drives one machine: one thread, one ppoll(2) over the pty, its watch and the far sockets. It decides nothing.
///
/// Not a NIO channel: a channel closes when its descriptor reports a hang-up, which is what a master does between two hosts.
final class ModemLoop: Sendable {
    enum Order: Sendable {
        case inflict(Fault.Effect)
        case network(FarNetwork.News)
        case stop
    }

    private struct Orders {
        var waiting: [Order] = []
        var wake: Int32?
    }

    let device: String
    let record = LedgerRecord()
    private let orders = Mutex(Orders())

    private let whenEnded: @Sendable (ReplayOutcome?) -> Void

    private init(device: String, whenEnded: @escaping @Sendable (ReplayOutcome?) -> Void) {
        self.device = device
        self.whenEnded = whenEnded
    }

    /// Opens everything, and starts the thread; returns when the modem takes commands (after its prelude).
    /// - Parameter whenEnded: is told, on the thread, when all is over.
    static func start(
        _ options: FakeModemOptions, whenEnded: @escaping @Sendable (ReplayOutcome?) -> Void = { _ in },
        makeMachine: @Sendable (NIODeadline) -> any LoopMachine
    ) throws(FakeModemError) -> ModemLoop {
        let terminal = try PseudoTerminal()
        let (wakeIn, wakeOut) = try pipe()
        let loop = ModemLoop(device: terminal.device, whenEnded: whenEnded)
        loop.orders.withLock { $0.wake = wakeOut.number }
        let worker = try LoopWorker(
            options, loop, terminal, wakeIn: wakeIn, wakeOut: wakeOut, makeMachine: makeMachine)
        try worker.prepare()
        try Thread.start { worker.run() }
        return loop
    }

    func order(_ order: Order) {
        orders.withLock { orders in
            guard let wake = orders.wake else { return }
            orders.waiting.append(order)
            var octet: UInt8 = 0
            // One octet that outlives the call; a full pipe wakes as well.
            _ = unsafe Glibc.write(wake, &octet, 1)
        }
    }

    func takeOrders() -> [Order] {
        orders.withLock { orders in
            defer { orders.waiting.removeAll() }
            return orders.waiting
        }
    }

    /// No order reaches the thread from now on.
    func finish(_ outcome: ReplayOutcome?) {
        orders.withLock { $0.wake = nil }
        whenEnded(outcome)
        record.finish()
    }

    private static func pipe() throws(FakeModemError) -> (Descriptor, Descriptor) {
        var ends: [Int32] = [-1, -1]
        // The array has the two elements that the call writes.
        guard unsafe Glibc.pipe(&ends) == 0 else { throw lastFailure("making a pipe") }
        return (prepare(ends[0]), prepare(ends[1]))
    }
}

/// A thread of the system, detached.
enum Thread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    static func start(_ body: sending @escaping () -> Void) throws(FakeModemError) {
        var thread = pthread_t()
        // The box is retained here, and released by the thread that takes it.
        let box = unsafe Unmanaged.passRetained(Work(body))
        let outcome = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard outcome == 0 else {
            unsafe box.release()
            throw .system("starting a thread", words(of: outcome))
        }
        pthread_detach(thread)
    }
}
