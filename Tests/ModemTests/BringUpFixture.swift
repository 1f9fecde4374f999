import AT
import Credentials
import Modem
import Scopes
import Synchronization

/// A modem of the table, what is configured, and what came of it.
struct BringUpFixture {
    let port: ScriptedPort
    let clock = VirtualClock()
    let store = MemoryGuardStore()
    let events = EventLog()

    /// A Quectel that is ready: registered on LTE, with one context.
    static let ready: [String: [[String]]] = [
        "ATQ0V1E0": [["OK"]], "AT+CMEE=1": [["OK"]],
        "ATI": [["Quectel", "EC25", "Revision: EC25EFAR06A06M4G", "OK"]], "AT+CGSN": [["861536030196001", "OK"]],
        "AT+CPIN?": [["+CPIN: READY", "OK"]], "AT+CEREG?": [["+CEREG: 0,1", "OK"]],
        "AT+CGDCONT?": [["+CGDCONT: 1,\"IPV4V6\",\"internet\"", "OK"]], "AT+CFUN?": [["+CFUN: 1", "OK"]],
        "AT+QCCID": [["+QCCID: 89490200001234567890", "OK"]],
        "AT+QPINC?": [["+QPINC: \"SC\",3,10", "+QPINC: \"P2\",3,10", "OK"]],
    ]

    /// The ready modem with some answers of its own.
    init(_ changes: [String: [[String]]] = [:], onCommand: (@Sendable (String) -> Void)? = nil) {
        port = ScriptedPort(Self.ready.merging(changes) { $1 }, onCommand: onCommand)
    }

    func bringUp(
        _ configuration: ModemConfiguration, hasStore: Bool = true, use: ContextUse = .sockets,
        clock: (any Clock<Duration>)? = nil
    ) -> BringUp {
        BringUp(
            port: port, configuration: configuration, guardStore: hasStore ? store : nil, digests: .forTests, use: use,
            clock: clock ?? self.clock, progress: events.add)
    }

    /// The error of a bring-up that fails.
    func failure(_ configuration: ModemConfiguration, hasStore: Bool = true) async -> ModemError? {
        do {
            _ = try await bringUp(configuration, hasStore: hasStore).run()
            return nil
        } catch {
            return error
        }
    }
}

final class EventLog: Sendable {
    private let log = Mutex<[ModemProgress]>([])

    var all: [ModemProgress] { log.withLock { $0 } }
    var notes: [String] {
        all.compactMap { if case .noted(let text) = $0.event { text } else { nil } }
    }

    func add(_ progress: ModemProgress) { log.withLock { $0.append(progress) } }
}
