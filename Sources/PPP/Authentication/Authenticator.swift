import Credentials
import NIOCore

/// Has the peer prove who it is: PAP (RFC 1334 §2) or CHAP (RFC 1994), as was agreed.
struct Authenticator: Sendable {
    enum Event: Sendable {
        case began
        case received(ControlPacket)
        case deadlinePassed
    }

    enum Output: Sendable, Equatable {
        case send(ControlPacket)
        case succeeded
        case failed
        case unanswered
        /// The system's policy forbids MD5.
        case impossible
    }

    private enum State: Sendable, Equatable {
        case waiting
        /// Who asks again gets the same answer (RFC 1334 §2.2.1, RFC 1994 §4.2).
        case done(isGood: Bool)
    }

    let method: AuthenticationProtocol
    private let guests: [PPPAccount]
    private let name: String
    private let digests: Digests
    private let challenge: [UInt8]
    private let identifier: UInt8
    private var timer: RestartTimer
    private var state = State.waiting

    init(
        _ method: AuthenticationProtocol, guests: [PPPAccount], name: String, digests: Digests,
        limits: NegotiationLimits, identifier: UInt8
    ) {
        self.method = method
        self.guests = guests
        self.name = name
        self.digests = digests
        self.identifier = identifier
        challenge = digests.randomOctets(16)
        timer = RestartTimer(limits)
    }

    var deadline: NIODeadline? { timer.deadline }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Output] {
        switch (event, method) {
        case (.began, _):
            timer.initialize(forTerminate: false)
            return next(now)
        case (.deadlinePassed, _):
            guard timer.hasExpired(now: now) else { return [] }
            guard timer.left > 0 else { return [.unanswered] }
            return next(now)
        case (.received(let packet), .pap): return packet.code == 1 ? pap(packet) : []
        case (.received(let packet), .chapMD5): return packet.code == 2 ? chap(packet) : []
        }
    }

    private mutating func next(_ now: NIODeadline) -> [Output] {
        timer.sent(now: now)
        switch method {
        case .pap: return []
        case .chapMD5:
            let data = [UInt8(clamping: challenge.count)] + challenge + name.utf8
            return [.send(ControlPacket(1, identifier, data))]
        }
    }

    private mutating func pap(_ packet: ControlPacket) -> [Output] {
        let size = Int(packet.data.first ?? 0)
        let rest = packet.data.dropFirst(1 + size)
        guard packet.data.count > size, let length = rest.first.map(Int.init), rest.count > length else { return [] }
        let name = packet.data[1..<(1 + size)]
        let password = rest.dropFirst().prefix(length)
        let isGuest = guests.contains { guest in
            Array(guest.name.utf8) == Array(name) && guest.password.reveal() == Array(password)
        }
        // An empty message is what RFC 1334 §2.2.2 asks for at least.
        return settle(isGuest) { ControlPacket($0 ? 2 : 3, packet.identifier, [0]) }
    }

    private mutating func chap(_ packet: ControlPacket) -> [Output] {
        guard packet.identifier == identifier, let size = packet.data.first.map(Int.init), packet.data.count > size
        else { return [] }
        let value = Array(packet.data.dropFirst().prefix(size))
        let name = Array(packet.data.dropFirst(1 + size))
        var isGuest = false
        for guest in guests where Array(guest.name.utf8) == name {
            guard let wanted = digests.md5([identifier] + guest.password.reveal() + challenge) else {
                return [.impossible]
            }
            isGuest = isGuest || wanted == value
        }
        return settle(isGuest) { ControlPacket($0 ? 3 : 4, packet.identifier) }
    }

    private mutating func settle(_ isGuest: Bool, _ answer: (Bool) -> ControlPacket) -> [Output] {
        timer.stop()
        switch state {
        case .done(let isGood): return [.send(answer(isGood))]
        case .waiting:
            state = .done(isGood: isGuest)
            return [.send(answer(isGuest)), isGuest ? .succeeded : .failed]
        }
    }
}
