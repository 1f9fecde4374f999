import AT
import ByteStreams
import Modem
import NIOCore
import Scopes
import Support

/// A socket machine before a far modem, in virtual time. What the machine asked of its owner is kept in `actions`.
final class DialectRig {
    var machine: SocketMachine
    let far: FarModem
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private(set) var actions: [SocketMachine.Action] = []
    private(set) var exchange: Exchange?

    init(_ dialect: any Dialect, _ far: FarModem, tuning: SocketMachine.Tuning = .init()) {
        machine = SocketMachine(dialect: dialect, cid: 1, tuning: tuning)
        self.far = far
    }

    func handle(_ event: SocketMachine.Event) {
        for action in machine.handle(event, now: now) {
            if case .perform(let exchange) = action {
                precondition(self.exchange == nil, "two exchanges at once")
                self.exchange = exchange
            } else {
                actions.append(action)
            }
        }
    }

    /// Answers the running exchange as the far modem does; false when none runs.
    @discardableResult
    func answer(_ given: Result<Exchange.Answer, ATError>? = nil) -> Bool {
        guard let exchange else { return false }
        self.exchange = nil
        handle(.answered(given ?? .success(far.answer(exchange))))
        return true
    }

    /// Passes on what the far modem says between the turns.
    @discardableResult
    func passLine() -> Bool {
        guard !far.lines.isEmpty else { return false }
        handle(.line(far.lines.removeFirst()))
        return true
    }

    /// Until nothing is left to do without waiting for more than a moment.
    func settle() {
        while answer() || passLine() || wait(atMost: .milliseconds(10)) {}
    }

    /// Lets time pass up to the machine's deadline, and at most by `limit`; false when it has none so near.
    @discardableResult
    func wait(atMost limit: TimeAmount = .seconds(200)) -> Bool {
        guard let deadline = machine.deadline, deadline <= now + limit else { return false }
        now = max(now, deadline)
        handle(.deadlinePassed)
        return true
    }

    func open(_ host: String = "mail.example.com", _ port: UInt16 = 465) -> SocketMachine.SocketID {
        let id = machine.makeID()
        handle(.open(id, SocketEndpoint(host: host, port: port)))
        return id
    }

    /// Opens and settles.
    func opened() -> SocketMachine.SocketID {
        let id = open()
        settle()
        while !actions.contains(.opened(id)), wait(atMost: .seconds(5)) { settle() }
        return id
    }

    func takeActions() -> [SocketMachine.Action] {
        defer { actions = [] }
        return actions
    }

    static func octets(_ bytes: some Sequence<UInt8>) -> ByteBuffer { ByteBuffer(bytes: bytes) }
}
