import NIOCore
import Testing

@testable import PPP

/// Van Jacobson's compression as IPCP agrees on it (RFC 1332 §4), and as it works on a link.
@Suite struct HeaderCompressionTests {
    private static func script() -> Script { Script { $0.ipv4?.headerCompression = HeaderCompression() } }

    private func pair(_ line: LinkPair.Line = .init(), seed: UInt64 = 1) -> LinkPair {
        var pair = LinkPair(
            .client { $0.ipv4?.headerCompression = HeaderCompression() },
            .server { $0.ipv4?.headerCompression = HeaderCompression(slots: 4) }, line: line, seed: seed)
        pair.open()
        return pair
    }

    /// A transfer on several connections, with the acknowledgement of each packet.
    private func packets(_ count: Int) -> [(data: TCPPacket, acknowledgement: TCPPacket)] {
        (0..<count).map { index in
            var data = TCPPacket(ports: (UInt16(40_000 + index % 3), 25))
            data.identification = UInt16(index + 1)
            data.sequence = UInt32(index / 3 * 400)
            data.payload = (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ index) }
            var acknowledgement = TCPPacket(source: data.destination, destination: data.source)
            acknowledgement.ports = (25, data.ports.0)
            acknowledgement.identification = UInt16(index + 1)
            acknowledgement.acknowledgement = data.sequence + 400
            return (data, acknowledgement)
        }
    }

    @Test func headersGoCompressedBothWaysAndComeOutWhole() {
        var pair = pair()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil } })
        for end in pair.ends {
            #expect(end.network?.ipv4?.compressesSent == true && end.network?.ipv4?.compressesReceived == true)
        }
        let packets = packets(60)
        let before = pair.ends[0].link.counters.lineOctetsOut
        for packet in packets {
            pair.feed(0, .packet(packet.data.buffer))
            pair.feed(1, .packet(packet.acknowledgement.buffer))
        }
        #expect(pair.run { $0.ends[0].delivered.count == 60 && $0.ends[1].delivered.count == 60 })
        #expect(pair.ends[1].delivered == packets.map(\.data.buffer))
        #expect(pair.ends[0].delivered == packets.map(\.acknowledgement.buffer))
        let counters = pair.ends[0].link.counters
        #expect(counters.compressedOut == 57 && counters.compressedIn == 57)
        #expect(counters.packetOctetsOut == 60 * 440)
        #expect(counters.lineOctetsOut - before < 60 * 425)
    }

    @Test func otherPacketsPassBesideThem() {
        var pair = pair()
        #expect(pair.run { $0.ends.allSatisfy { $0.network?.ipv4 != nil && $0.network?.ipv6 != nil } })
        let packets = [TCPPacket().buffer, .ipv4(100), .ipv6(60), TCPPacket(identification: 2, window: 9).buffer]
        for packet in packets { pair.feed(0, .packet(packet)) }
        #expect(pair.run { $0.ends[1].delivered == packets })
    }

    @Test func eachDirectionIsAgreedForItself() throws {
        var script = Self.script()
        let asked = try #require(script.openLink().last)
        #expect(asked.options[2] == [0x00, 0x2D, 15, 1])
        let identifier = try #require(asked.packet?.identifier)
        let again = try #require(script.say(0x8021, 4, identifier, [2, 6, 0x00, 0x2D, 15, 1]).last)
        #expect(again.options[2] == nil && again.options[3] != nil)
        try Self.open(&script, again, with: [2, 6, 0x00, 0x2D, 3, 0])
        let network = try #require(script.network?.ipv4)
        #expect(network.compressesSent && !network.compressesReceived)
        // Without Comp-Slot-Id each frame names its slot (RFC 1332 §4).
        #expect(Self.frame(of: TCPPacket(), from: &script.link)?.protocolNumber == 0x002F)
        let second = Self.frame(of: TCPPacket(identification: 2, acknowledgement: 5_010), from: &script.link)
        #expect(second?.protocolNumber == 0x002D)
        #expect((second?.information.readableBytesView.first ?? 0) & 0x40 != 0)
    }

    /// The peer gives an address, acknowledges it, and asks for `options` of its own.
    private static func open(_ script: inout Script, _ asked: Script.Sent, with options: [UInt8]) throws {
        let identifier = try #require(asked.packet?.identifier)
        let last = try #require(script.say(0x8021, 3, identifier, address(3, 10, 1, 2, 3)).last?.packet)
        _ = script.say(0x8021, 2, last.identifier, last.data)
        #expect(script.say(0x8021, 1, 9, options + address(3, 10, 64, 64, 64)).first?.packet?.code == 2)
    }

    private static func frame(of packet: TCPPacket, from link: inout PPPLink) -> PPPFrame? {
        for case .write(let octets) in link.handle(.packet(packet.buffer), now: .uptimeNanoseconds(5)) {
            // Two frames share the flag between them.
            var line = ByteBuffer(bytes: [0x7E] + octets.readableBytesView)
            var decoder = HDLCDecoder(accm: 0)
            var outputs: [HDLCDecoder.Output] = []
            while line.readableBytes > 0 { decoder.decode(&line, into: &outputs) }
            for case .frame(let frame) in outputs { return frame }
        }
        return nil
    }

    @Test(
        arguments: [
            ([0x00, 0x2D, 7, 1], [0x00, 0x2D, 7, 1]), ([0x00, 0x2D, 15, 0], [0x00, 0x2D, 15, 0]),
            ([0x00, 0x2D, 99, 0], [0x00, 0x2D, 15, 0]),
            // As it was asked for, more than that, another protocol, or no option at all.
            ([0x00, 0x2D, 15, 1], nil), ([0x00, 0x2D, 99, 1], nil), ([0x00, 0x61, 0, 0], nil), ([], nil),
        ] as [([UInt8], [UInt8]?)])
    func aNakOfCompressionIsGivenInToOrEndsTheWish(_ proposed: [UInt8], _ expected: [UInt8]?) throws {
        var script = Self.script()
        let asked = try #require(script.openLink().last?.packet)
        let again = try #require(
            script.say(0x8021, 3, asked.identifier, [2, UInt8(proposed.count + 2)] + proposed).last)
        #expect(again.options[2] == expected)
    }

    @Test func compressionOfAnotherKindIsNakkedWithOurs() throws {
        var script = Self.script()
        _ = script.openLink()
        for value in [[0x00, 0x61, 0, 15, 0, 15, 1, 0, 0, 5, 0, 168], [0x00, 0x2D], [0x00, 0x2D, 15]] as [[UInt8]] {
            let answer = script.say(0x8021, 1, 4, [2, UInt8(value.count + 2)] + value).first?.packet
            #expect(answer == ControlPacket(3, 4, [2, 6, 0x00, 0x2D, 15, 1]))
        }
        for value in [[], [0x00]] as [[UInt8]] {
            let option = [2, UInt8(value.count + 2)] + value
            #expect(script.say(0x8021, 1, 4, option).first?.packet == ControlPacket(4, 4, option))
        }
    }

    @Test func withoutCompressionItsOptionAndItsFramesAreRejected() throws {
        var script = Script()
        let asked = try #require(script.openLink().last)
        #expect(asked.options[2] == nil)
        let option: [UInt8] = [2, 6, 0x00, 0x2D, 15, 1]
        #expect(script.say(0x8021, 1, 4, option).first?.packet == ControlPacket(4, 4, option))
        let sent = script.say(0x002D, 1, 1)
        #expect(sent.map(\.protocolNumber) == [0xC021] && sent.first?.packet?.code == 8)
    }

    @Test func compressedFramesBeforeTheirTimeAreDropped() throws {
        var script = Self.script()
        _ = script.openLink()
        #expect(script.say(0x002D, 0x40, 0, [1, 2, 3, 4]).isEmpty)
        #expect(script.say(0x002F, 0x45, 0, [UInt8](repeating: 0, count: 40)).isEmpty)
        #expect(script.link.counters.packetsDroppedIn == 2)
        #expect(!script.actions.contains { if case .deliver = $0 { true } else { false } })
    }

    /// RFC 1144 §4.1: what loss makes of a header is found by TCP's checksum. It covers all but the IP header's identification and
    /// checksum, which nobody looks at in a packet that is whole.
    @Test(arguments: UInt64(0)..<20)
    func onADamagedLineTCPTakesOnlyWhatWasSent(seed: UInt64) {
        var pair = pair(.init(lost: Int(seed % 10), damaged: Int(seed % 7) * 2), seed: seed)
        #expect(pair.run(for: .seconds(600)) { $0.ends.allSatisfy { $0.network?.ipv4 != nil } }, "seed \(seed)")
        let packets = packets(200).enumerated().map { index, packet in
            var data = packet.data
            // As sent again behind a loss, which brings the whole header.
            if index % 20 == 19 { data.sequence &-= 400 }
            return data
        }
        for packet in packets {
            pair.feed(0, .packet(packet.buffer))
            pair.run(for: .milliseconds(10))
        }
        let sent = Set(packets.map { $0.octets.dropFirst(12) })
        let taken = pair.ends[1].delivered.map { Array($0.readableBytesView) }.filter(TCPPacket.isTaken)
        #expect(taken.count > 20, "seed \(seed)")
        let foreign = taken.filter { !sent.contains($0.dropFirst(12)) }
        #expect(foreign.isEmpty, "seed \(seed)")
    }
}
