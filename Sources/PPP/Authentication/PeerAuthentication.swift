import Credentials
import NIOCore

/// Proves to the peer who we are: PAP (RFC 1334 §2) or CHAP (RFC 1994), as was agreed.
struct PeerAuthentication: Sendable {
    enum Event: Sendable {
        case began
        case received(ControlPacket)
        case deadlinePassed
    }

    enum Output: Sendable, Equatable {
        case send(ControlPacket)
        case succeeded
        /// The peer's words.
        case refused([UInt8])
        case unanswered
        /// The system's policy forbids MD5.
        case impossible
    }

    let method: AuthenticationProtocol
    private let account: PPPAccount
    private let digests: Digests
    private var timer: RestartTimer
    private var isDone = false
    /// Of what was sent last.
    private var identifier: UInt8
    /// Requests that were sent; an answer to any of them counts.
    private var requests: UInt8 = 0
    private var response: ControlPacket?

    init(
        _ method: AuthenticationProtocol, account: PPPAccount, digests: Digests, limits: NegotiationLimits,
        identifier: UInt8
    ) {
        self.method = method
        self.account = account
        self.digests = digests
        self.identifier = identifier
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
        case (.received(let packet), .pap): return pap(packet)
        case (.received(let packet), .chapMD5): return chap(packet)
        }
    }

    /// PAP asks again. With CHAP the peer begins; a response is repeated, since what was said to it may be lost (RFC 1994 §4.2).
    private mutating func next(_ now: NIODeadline) -> [Output] {
        timer.sent(now: now)
        switch method {
        case .pap: return [.send(authenticateRequest())]
        case .chapMD5: return response.map { [.send($0)] } ?? []
        }
    }

    /// Each has an identifier of its own (RFC 1334 §2.2.1).
    private mutating func authenticateRequest() -> ControlPacket {
        identifier &+= 1
        requests = max(requests, requests &+ 1)
        let name = Array(account.name.utf8.prefix(255))
        let password = account.password.reveal().prefix(255)
        return ControlPacket(1, identifier, [UInt8(name.count)] + name + [UInt8(password.count)] + password)
    }

    private mutating func pap(_ packet: ControlPacket) -> [Output] {
        guard !isDone, identifier &- packet.identifier < requests else { return [] }
        // Message length, message; many peers leave both out.
        let words = Array(packet.data.dropFirst().prefix(Int(packet.data.first ?? 0)))
        switch packet.code {
        case 2: return end(.succeeded)
        case 3: return end(.refused(words))
        default: return []
        }
    }

    /// A challenge is answered at any time, also on the open link (RFC 1994 §4.1).
    private mutating func chap(_ packet: ControlPacket) -> [Output] {
        switch packet.code {
        case 1:
            guard let size = packet.data.first.map(Int.init), size > 0, packet.data.count > size else { return [] }
            let challenge = packet.data[1...size]
            guard let value = digests.md5([packet.identifier] + account.password.reveal() + challenge) else {
                return end(.impossible)
            }
            let data = [UInt8(clamping: value.count)] + value + account.name.utf8.prefix(255)
            let response = ControlPacket(2, packet.identifier, data)
            self.response = response
            return [.send(response)]
        case 3:
            guard !isDone, packet.identifier == response?.identifier else { return [] }
            return end(.succeeded)
        case 4:
            guard packet.identifier == response?.identifier else { return [] }
            return end(.refused(packet.data))
        default: return []
        }
    }

    private mutating func end(_ output: Output) -> [Output] {
        isDone = true
        timer.stop()
        return [output]
    }
}
