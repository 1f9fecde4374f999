import CLinux
import Glibc
import NIOCore

/// The helper's life after its start: one thread, one poll(2), and the work that is under way.
struct HelperLoop {
    private enum Work {
        case connecting(Int32, deadline: NIODeadline)
        case lookingUp(Lookup)
    }

    private var channel: HelperChannel
    private var work: [UInt32: Work] = [:]
    private var nameServers: [IPAddress] = []

    /// Connections and look-ups at once.
    static let mostWork = 64

    init(_ channel: HelperChannel) {
        self.channel = channel
    }

    /// Returns when the other process has closed its end.
    mutating func run() {
        while true {
            let ready = wait()
            for (number, descriptor) in ready where descriptor != channel.control {
                guard proceed(number, descriptor) else { return }
            }
            guard expire() else { return }
            if ready.contains(where: { $0.1 == channel.control }) {
                guard channel.read(), answerRequests() else { return }
            }
        }
    }

    private mutating func answerRequests() -> Bool {
        while true {
            switch channel.next() {
            case .nothingYet: return true
            case .ended: return false
            case .request(let number, let request):
                guard answer(request, number) else { return false }
            }
        }
    }

    // MARK: Waiting

    /// The descriptors that can go on, with the number of their request.
    private func wait() -> [(UInt32, Int32)] {
        var owners: [UInt32] = [0]
        var asked = [pollfd(fd: channel.control, events: Int16(POLLIN), revents: 0)]
        var deadline: NIODeadline?
        for (number, work) in work {
            let own: NIODeadline?
            switch work {
            case .connecting(let descriptor, let limit):
                asked.append(pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0))
                owners.append(number)
                own = limit
            case .lookingUp(let lookup):
                for descriptor in lookup.descriptors {
                    asked.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
                    owners.append(number)
                }
                own = lookup.deadline
            }
            if let own { deadline = min(deadline ?? own, own) }
        }
        // The array outlives the call, which writes into its elements.
        guard unsafe poll(&asked, nfds_t(asked.count), Self.milliseconds(until: deadline)) > 0 else { return [] }
        return zip(owners, asked).compactMap { owner, entry in entry.revents != 0 ? (owner, entry.fd) : nil }
    }

    /// For poll(2): rounded up, so that the deadline has passed; -1 without one.
    private static func milliseconds(until deadline: NIODeadline?) -> Int32 {
        guard let deadline else { return -1 }
        let left = deadline - .now()
        guard left > .nanoseconds(0) else { return 0 }
        return Int32(clamping: (left.nanoseconds + 999_999) / 1_000_000)
    }

    // MARK: Requests

    /// False when the other process is gone.
    private mutating func answer(_ request: HelperRequest, _ number: UInt32) -> Bool {
        do throws(HelperFault) {
            switch request {
            case .configure(let addresses):
                try NamespaceSetup.configure(addresses)
                nameServers = addresses.nameServers
                return channel.send(.done, number: number)
            case .connect(let endpoint, let limit):
                try begin(number) { () throws(HelperFault) in
                    let octets = endpoint.address.octets
                    // The octets outlive the call.
                    let socket = unsafe clinux_tcp_connect(octets, Int32(octets.count), endpoint.port)
                    return .connecting(try HelperFault.check(.connect, socket), deadline: .now() + limit)
                }
                return true
            case .listen(let endpoint):
                let octets = endpoint.address.octets
                // As above.
                let socket = unsafe clinux_tcp_listen(octets, Int32(octets.count), endpoint.port, 64)
                return pass(try HelperFault.check(.listen, socket), number)
            case .bindUDP(let endpoint):
                let octets = endpoint.address.octets
                // As above.
                let socket = unsafe clinux_udp_bind(octets, Int32(octets.count), endpoint.port)
                return pass(try HelperFault.check(.bind, socket), number)
            case .resolve(let question):
                let servers = nameServers
                try begin(number) { .lookingUp(Lookup(question, servers: servers)) }
                return proceed(number, nil)
            case .addresses: return channel.send(.addresses(try NamespaceSetup.addresses()), number: number)
            case .counters: return channel.send(.counters(try NamespaceSetup.counters()), number: number)
            case .cancel: return cancel(number)
            }
        } catch {
            return channel.send(.failed(error), number: number)
        }
    }

    private mutating func begin(_ number: UInt32, _ make: () throws(HelperFault) -> Work) throws(HelperFault) {
        guard work.count < Self.mostWork, work[number] == nil else { throw HelperFault(.request, EAGAIN) }
        work[number] = try make()
    }

    /// A request that is answered already has nothing to cancel.
    private mutating func cancel(_ number: UInt32) -> Bool {
        guard let work = work.removeValue(forKey: number) else { return true }
        switch work {
        case .connecting(let descriptor, _): close(descriptor)
        case .lookingUp(let lookup): lookup.close()
        }
        return channel.send(.failed(HelperFault(.request, ECANCELED)), number: number)
    }

    private func pass(_ descriptor: Int32, _ number: UInt32) -> Bool {
        channel.pass(descriptor, number: number) && channel.send(.descriptor, number: number)
    }

    // MARK: Work under way

    /// - Parameter descriptor: which one is ready; nil at the beginning.
    private mutating func proceed(_ number: UInt32, _ descriptor: Int32?) -> Bool {
        switch work[number] {
        case nil: return true
        case .connecting(let descriptor, _):
            work[number] = nil
            let result = clinux_socket_error(descriptor)
            guard result < 0 else { return pass(descriptor, number) }
            close(descriptor)
            return channel.send(.failed(HelperFault(.connect, -result)), number: number)
        case .lookingUp(var lookup):
            let outcome = descriptor.map { lookup.receive(from: $0) } ?? lookup.start()
            return settle(lookup, outcome, number)
        }
    }

    private mutating func expire() -> Bool {
        let now = NIODeadline.now()
        for (number, work) in work {
            switch work {
            case .connecting(let descriptor, let deadline):
                guard deadline <= now else { continue }
                self.work[number] = nil
                close(descriptor)
                guard channel.send(.failed(HelperFault(.connect, ETIMEDOUT)), number: number) else { return false }
            case .lookingUp(var lookup):
                guard let deadline = lookup.deadline, deadline <= now else { continue }
                let outcome = lookup.expire()
                guard settle(lookup, outcome, number) else { return false }
            }
        }
        return true
    }

    private mutating func settle(
        _ lookup: Lookup, _ outcome: Result<LookupAnswer, LookupFailure>?, _ number: UInt32
    ) -> Bool {
        guard let outcome else {
            work[number] = .lookingUp(lookup)
            return true
        }
        work[number] = nil
        lookup.close()
        switch outcome {
        case .success(let answer): return channel.send(.resolved(answer), number: number)
        case .failure(let failure): return channel.send(.notResolved(failure), number: number)
        }
    }
}
