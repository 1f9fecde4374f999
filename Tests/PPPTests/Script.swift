import Credentials
import NIOCore
import TLS

@testable import PPP

/// A client against a peer that is written out: packets as in the RFCs and as modems were seen to send them.
struct Script {
    var link: PPPLink
    var now = NIODeadline.uptimeNanoseconds(5)
    var encoder = HDLCEncoder()
    var decoder = HDLCDecoder()
    var actions: [PPPLink.Action] = []

    init(_ change: (inout PPPConfiguration) -> Void = { _ in }) {
        var configuration = PPPConfiguration()
        configuration.ipv6 = nil
        change(&configuration)
        link = PPPLink(configuration, digests: .openSSL, seed: 3)
    }

    struct Sent: Equatable {
        var protocolNumber: UInt16
        var packet: ControlPacket?
        var options: [UInt8: [UInt8]] {
            let list = packet.flatMap { ConfigurationOption.list($0.data) } ?? []
            return Dictionary(list.map { ($0.type, $0.value) }) { $1 }
        }
    }

    mutating func feed(_ event: PPPLink.Event) -> [Sent] {
        var sent: [Sent] = []
        for action in link.handle(event, now: now) {
            guard case .write(var octets) = action else {
                actions.append(action)
                continue
            }
            var outputs: [HDLCDecoder.Output] = []
            while octets.readableBytes > 0 { decoder.decode(&octets, into: &outputs) }
            for case .frame(let frame) in outputs {
                sent.append(Sent(protocolNumber: frame.protocolNumber, packet: ControlPacket(frame.information)))
            }
        }
        return sent
    }

    mutating func say(_ number: UInt16, _ code: UInt8, _ identifier: UInt8, _ data: [UInt8] = []) -> [Sent] {
        var octets = ByteBuffer()
        encoder.encode(protocol: number, ControlPacket(code, identifier, data).octets.readableBytesView, into: &octets)
        return feed(.received(octets))
    }

    /// Agrees on LCP with these options of the peer's.
    mutating func openLink(_ options: [UInt8] = []) -> [Sent] {
        let request = feed(.open)
        _ = say(0xC021, 2, request[0].packet?.identifier ?? 0, request[0].packet?.data ?? [])
        return say(0xC021, 1, 77, options)
    }

    mutating func pass(_ time: TimeAmount) -> [Sent] {
        var sent: [Sent] = []
        let end = now + time
        while let due = link.deadline, due <= end {
            now = max(now, due)
            sent += feed(.deadlinePassed)
        }
        now = end
        return sent
    }

    var network: PPPNetwork? {
        actions.reduce(nil) { last, action in if case .network(let network) = action { network } else { last } }
    }

    var end: PPPEnd? {
        actions.reduce(nil) { last, action in if case .ended(let end) = action { end } else { last } }
    }
}

func address(_ type: UInt8, _ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) -> [UInt8] {
    [type, 6, a, b, c, d]
}
