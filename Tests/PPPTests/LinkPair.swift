import Credentials
import NIOCore
import TLS

@testable import PPP

/// Two ends and a line between them with a delay, that loses, doubles and damages by seed; time is made up.
struct LinkPair {
    struct Line {
        /// In percent of the writes.
        var lost = 0
        var doubled = 0
        var damaged = 0
        var delay = TimeAmount.milliseconds(5)
        /// The line gives back what is sent.
        var isLooped = false
    }

    struct End {
        var link: PPPLink
        var phases: [PPPPhase] = []
        var network: PPPNetwork?
        var delivered: [ByteBuffer] = []
        var texts: [String] = []
        var end: PPPEnd?
        var isRunning: Bool { link.phase == .running }
        /// Octets of each write.
        var writes: [ByteBuffer] = []
    }

    private struct Carried {
        var arrival: NIODeadline
        var to: Int
        var octets: ByteBuffer
    }

    var ends: [End]
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var line: Line
    private var carried: [Carried] = []
    private var random: SplitMix64

    init(_ first: PPPConfiguration, _ second: PPPConfiguration, line: Line = Line(), seed: UInt64 = 1) {
        self.line = line
        random = SplitMix64(seed: seed)
        ends = [first, second].enumerated().map { index, configuration in
            End(link: PPPLink(configuration, digests: .openSSL, seed: seed &* 31 &+ UInt64(index)))
        }
    }

    mutating func feed(_ index: Int, _ event: PPPLink.Event) {
        for action in ends[index].link.handle(event, now: now) {
            switch action {
            case .write(let octets):
                ends[index].writes.append(octets)
                carry(octets, from: index)
            case .deliver(let packet): ends[index].delivered.append(packet)
            case .phase(let phase): ends[index].phases.append(phase)
            case .network(let network): ends[index].network = network
            case .text(let text): ends[index].texts.append(String(buffer: text))
            case .ended(let end): ends[index].end = end
            }
        }
    }

    private mutating func carry(_ octets: ByteBuffer, from index: Int) {
        let target = line.isLooped ? index : 1 - index
        guard !chance(line.lost) else { return }
        var octets = octets
        if chance(line.damaged), octets.readableBytes > 0 {
            let at = Int.random(in: 0..<octets.readableBytes, using: &random)
            octets.setInteger(UInt8.random(in: 0...255, using: &random), at: octets.readerIndex + at)
        }
        for _ in 0..<(chance(line.doubled) ? 2 : 1) {
            carried.append(Carried(arrival: now + line.delay, to: target, octets: octets))
        }
    }

    private mutating func chance(_ percent: Int) -> Bool {
        percent > 0 && Int.random(in: 0..<100, using: &random) < percent
    }

    /// Runs until `condition`, or until `limit` of made-up time has gone; whether the condition came.
    @discardableResult
    mutating func run(for limit: TimeAmount = .seconds(120), until condition: (LinkPair) -> Bool = { _ in false })
        -> Bool
    {
        let end = now + limit
        while !condition(self) {
            let times = ends.compactMap(\.link.deadline) + carried.map(\.arrival)
            guard let next = times.min(), next <= end else { return false }
            now = max(now, next)
            let due = carried.filter { $0.arrival <= now }
            carried.removeAll { $0.arrival <= now }
            for piece in due { feed(piece.to, .received(piece.octets)) }
            for index in ends.indices where ends[index].link.deadline.map({ $0 <= now }) == true {
                feed(index, .deadlinePassed)
            }
        }
        return true
    }

    mutating func open() {
        feed(0, .open)
        feed(1, .open)
    }
}

extension PPPConfiguration {
    /// As the modem's end.
    static func server(_ change: (inout PPPConfiguration) -> Void = { _ in }) -> PPPConfiguration {
        var configuration = PPPConfiguration()
        configuration.ipv4?.address = IPv4Address(10, 64, 64, 64)
        configuration.ipv4?.peerAddress = IPv4Address(10, 20, 30, 40)
        configuration.ipv4?.asksForNameServers = false
        configuration.ipv4?.nameServers = [IPv4Address(10, 0, 0, 1), IPv4Address(10, 0, 0, 2)]
        change(&configuration)
        return configuration
    }

    static func client(_ change: (inout PPPConfiguration) -> Void = { _ in }) -> PPPConfiguration {
        var configuration = PPPConfiguration()
        change(&configuration)
        return configuration
    }
}

extension ByteBuffer {
    /// An IPv4 packet of that many octets, with a payload of this octet.
    static func ipv4(_ octets: Int, filledWith octet: UInt8 = 0x7E) -> ByteBuffer {
        var packet = ByteBuffer(repeating: octet, count: octets)
        packet.setBytes([0x45, 0, UInt8(octets >> 8), UInt8(octets & 0xFF)], at: 0)
        return packet
    }

    static func ipv6(_ octets: Int, filledWith octet: UInt8 = 0x11) -> ByteBuffer {
        var packet = ByteBuffer(repeating: octet, count: octets)
        packet.setBytes([0x60, 0, 0, 0, UInt8((octets - 40) >> 8), UInt8((octets - 40) & 0xFF)], at: 0)
        return packet
    }
}
