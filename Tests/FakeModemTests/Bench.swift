import NIOCore

@testable import FakeModem

/// A machine in virtual time, with a host that types and far sockets that answer as told.
struct Bench {
    /// What the far end does with octets.
    enum Far {
        /// Sends them back.
        case echo
        /// Keeps them in `sent`.
        case keep
        /// Takes nothing: nothing is ever acknowledged.
        case ignore
        /// Refuses connections.
        case refuse
        /// Never answers a connection.
        case nothing
    }

    var machine: ModemMachine
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var far = Far.keep
    /// What the modem wrote since the last look.
    var output: [UInt8] = []
    /// The sizes of its writes.
    var writes: [Int] = []
    /// What reached the far end, by connection.
    var sent: [SocketKey: [UInt8]] = [:]
    var connections: [SocketKey] = []
    /// Connections whose direction of sending the host has ended.
    var finished: [SocketKey] = []
    var closed: [SocketKey] = []
    var aborted: [SocketKey] = []
    var isUnplugged = false
    /// What the network behind a PPP call was asked to be, and the packets that reached it.
    var plans: [FarNet.Plan] = []
    var packets: [ByteBuffer] = []
    /// Nil: that network can be made.
    var networkFault: String?
    var entries: [LedgerEntry] = []

    init(_ change: (inout FakeModemOptions) -> Void = { _ in }) {
        var options = FakeModemOptions()
        options.routes = [Route(host: "mail.example.com", port: 465, address: "127.0.0.1", targetPort: 10_465)]
        options.apn = "internet"
        change(&options)
        machine = ModemMachine(options, now: now)
        feed(.started)
        feed(.hostOpened)
    }

    var text: String { String(decoding: output, as: UTF8.self) }

    mutating func feed(_ event: ModemMachine.Event) {
        var events = [event]
        while !events.isEmpty {
            let actions = machine.handle(events.removeFirst(), now: now)
            entries += machine.ledger.take()
            for action in actions { events += perform(action) }
        }
    }

    private mutating func perform(_ action: ModemMachine.Action) -> [ModemMachine.Event] {
        switch action {
        case .write(let octets):
            output += octets.readableBytesView
            writes.append(octets.readableBytes)
        case .connect(let key, _, _):
            connections.append(key)
            switch far {
            case .echo, .keep, .ignore: return [.connected(key)]
            case .refuse: return [.connectFailed(key)]
            case .nothing: return []
            }
        case .send(let key, let octets):
            sent[key, default: []] += octets.readableBytesView
            switch far {
            case .echo: return [.delivered(key, octets.readableBytes), .received(key, octets)]
            case .keep: return [.delivered(key, octets.readableBytes)]
            case .ignore, .refuse, .nothing: return []
            }
        case .finish(let key): finished.append(key)
        case .close(let key): closed.append(key)
        case .abort(let key): aborted.append(key)
        case .unplug: isUnplugged = true
        case .openNetwork(let plan):
            plans.append(plan)
            return [networkFault.map { .networkFailed($0) } ?? .networkReady]
        case .packet(let packet): packets.append(packet)
        }
        return []
    }

    /// Lets time pass, deadline by deadline.
    mutating func pass(_ time: TimeAmount) {
        let end = now + time
        var turns = 0
        while let deadline = machine.deadline, deadline <= end, turns < 2_000_000 {
            now = max(now, deadline)
            feed(.deadlinePassed)
            turns += 1
        }
        now = end
        feed(.deadlinePassed)
    }

    mutating func type(_ text: String) { type(Array(text.utf8)) }
    mutating func type(_ octets: [UInt8]) { feed(.line(ByteBuffer(bytes: octets))) }

    /// Types a command line, lets it work for 50 ms (or more), and answers with what came.
    mutating func ask(_ command: String, for time: TimeAmount = .milliseconds(50)) -> String {
        _ = take()
        type(command + "\r")
        pass(time)
        return take()
    }

    /// What came since the last look.
    mutating func take() -> String {
        defer { output = [] }
        return text
    }

    /// Without echo and payload echo, context 1 active.
    mutating func bringUp() {
        _ = ask("ATE0")
        _ = ask("AT+QISDE=0")
        _ = ask("AT+QICSGP=1,1,\"internet\"")
        _ = ask("AT+QIACT=1", for: machine.options.roundTrip + .milliseconds(50))
    }

    /// A SIM800 without echo, its bearer up, after these settings (`CIPMUX=1`).
    mutating func bringUpSIMCom(_ settings: String...) {
        _ = ask("ATE0")
        for setting in settings { _ = ask("AT+\(setting)") }
        _ = ask("AT+CSTT=\"internet\",\"\",\"\"")
        _ = ask("AT+CIICR", for: machine.options.roundTrip + .milliseconds(50))
        _ = ask("AT+CIFSR")
    }

    /// Brought up, and connected in an access mode; answers with the connection.
    @discardableResult
    mutating func connect(mode: Int = 0, id: Int = 0) -> SocketKey {
        if machine.contexts[1]?.address == nil { bringUp() }
        _ = ask(
            "AT+QIOPEN=1,\(id),\"TCP\",\"mail.example.com\",465,0,\(mode)",
            for: machine.options.roundTrip * 3 + .milliseconds(50))
        return connections.last ?? SocketKey(number: -1)
    }

    var isBalanced: Bool { machine.ledger.balance.isBalanced }

    func notes(_ name: String) -> [String] {
        entries.compactMap { if case .note(name) = $0.event { $0.detail } else { nil } }
    }
}
