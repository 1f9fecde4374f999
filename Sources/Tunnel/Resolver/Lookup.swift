import CLinux
import Glibc
import NIOCore

/// A `DNSLookup` with its sockets: one for each server, connected, so that the kernel takes datagrams from that server's address
/// and port alone, to a port of its own choice.
struct Lookup {
    private let servers: [IPAddress]
    private var machine: DNSLookup
    private var sockets: [Int: Int32] = [:]

    static let port: UInt16 = 53

    init(_ question: LookupQuestion, servers: [IPAddress]) {
        self.servers = servers
        var generator = SystemRandomNumberGenerator()
        let first = UInt16.random(in: .min ... .max, using: &generator)
        // Two numbers that differ, so that an answer belongs to one question.
        let second = first &+ UInt16.random(in: 1 ... .max, using: &generator)
        machine = DNSLookup(question, servers: servers.count, identifiers: [.v4: first, .v6: second])
    }

    var deadline: NIODeadline? { machine.deadline }

    var descriptors: [Int32] { Array(sockets.values) }

    func close() {
        for descriptor in sockets.values { Glibc.close(descriptor) }
    }

    // Each answers with the outcome, once there is one.

    mutating func start() -> Result<LookupAnswer, LookupFailure>? { run(.begun) }

    mutating func expire() -> Result<LookupAnswer, LookupFailure>? { run(.deadlinePassed) }

    /// Reads one datagram, or the socket's error.
    mutating func receive(from descriptor: Int32) -> Result<LookupAnswer, LookupFailure>? {
        guard let server = sockets.first(where: { $0.value == descriptor })?.key else { return nil }
        var count = 0
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: DNSMessage.largest) { buffer, initialized in
            // The buffer has this capacity, and the call writes at most as many octets.
            count = unsafe recv(descriptor, buffer.baseAddress, DNSMessage.largest, 0)
            initialized = max(0, count)
        }
        if count >= 0 { return run(.received(octets, server: server)) }
        let code = errno
        return code == EAGAIN || code == EINTR ? nil : run(.unreachable(code, server: server))
    }

    private mutating func run(_ event: DNSLookup.Event) -> Result<LookupAnswer, LookupFailure>? {
        var actions = machine.handle(event, now: .now())[...]
        while let action = actions.popFirst() {
            switch action {
            case .finish(let result): return result
            case .send(let query, let server):
                let code = send(query, to: server)
                guard code != 0 else { continue }
                actions += machine.handle(.unreachable(code, server: server), now: .now())
            }
        }
        return nil
    }

    /// 0, or errno.
    private mutating func send(_ query: ByteBuffer, to server: Int) -> Int32 {
        let descriptor: Int32
        if let open = sockets[server] {
            descriptor = open
        } else {
            let octets = servers[server].octets
            // The octets outlive the call.
            let opened = unsafe clinux_udp_connect(octets, Int32(octets.count), Self.port)
            guard opened >= 0 else { return -opened }
            sockets[server] = opened
            descriptor = opened
        }
        // The octets live as long as the closure.
        let count = unsafe query.readableBytesView.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, 0)
        }
        return count < 0 ? errno : 0
    }
}
