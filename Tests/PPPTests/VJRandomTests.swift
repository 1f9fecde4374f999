import NIOCore
import PPP
import Support
import Testing

@Suite struct VJRandomTests {
    /// Connections that send, acknowledge, repeat, change windows and do what few do.
    private struct Traffic {
        var generator: SeededGenerator
        var connections: [TCPPacket]

        init(seed: UInt64) {
            generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...6, using: &generator)
            connections = (0..<count).map { TCPPacket(ports: (UInt16(40_000 + $0), 25)) }
            for index in connections.indices where Bool.random(using: &generator) {
                connections[index].tcpOptions = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
            }
        }

        mutating func next() -> TCPPacket {
            let index = Int.random(in: connections.indices, using: &generator)
            var packet = connections[index]
            let before = UInt32(packet.payload.count)
            packet.identification &+=
                Int.random(in: 0..<4, using: &generator) == 0 ? .random(in: 0...600, using: &generator) : 1
            packet.flags =
                Int.random(in: 0..<30, using: &generator) == 0 ? .random(in: 0...255, using: &generator) : 0x10
            if .random(using: &generator) { packet.flags ^= 0x08 }
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4: packet.sequence &+= before
            case 4:
                packet.sequence &+= before
                packet.acknowledgement &+= before
            case 5: packet.acknowledgement &+= .random(in: 0...70_000, using: &generator)
            case 6: packet.window = .random(in: 0...UInt16.max, using: &generator)
            case 7: packet.sequence &+= .random(in: 0...70_000, using: &generator)
            case 8:
                packet.flags |= 0x20
                packet.urgentPointer = .random(in: 0...300, using: &generator)
            default: packet.timeToLive = .random(in: 60...64, using: &generator)
            }
            if .random(using: &generator) {
                let count = [0, 1, 5, 536].randomElement(using: &generator) ?? 0
                packet.payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            connections[index] = packet
            return packet
        }
    }

    @Test(arguments: 0..<40) func everyPacketComesOutAsItWentIn(seed: UInt64) throws {
        var traffic = Traffic(seed: seed)
        let slots = Int.random(in: 1...4, using: &traffic.generator)
        var compressor = VJCompressor(slotCount: slots, compressesSlot: .random(using: &traffic.generator))
        var decompressor = VJDecompressor(slotCount: slots)
        var numbers: Set<UInt16> = []
        for _ in 0..<300 {
            let packet = traffic.next().buffer
            let frame = compressor.compress(packet)
            numbers.insert(frame.protocolNumber)
            #expect(frame.information.readableBytes <= packet.readableBytes)
            #expect(try decompressor.decompress(frame) == packet)
        }
        #expect(numbers == [0x0021, 0x002D, 0x002F])
    }

    /// Without identification, time to live and checksum of IP, which no checksum of TCP protects: a loss may leave them behind.
    private static func protected(_ octets: [UInt8]) -> [UInt8] {
        var octets = octets
        for offset in [4, 5, 8, 10, 11] { octets[offset] = 0 }
        return octets
    }

    /// What TCP takes is a packet that was sent.
    @Test func lossLetsNoWrongPacketPassTheChecksum() {
        var (taken, wrong) = (0, 0)
        for seed in 0..<20 as Range<UInt64> {
            let counts = loss(seed: seed)
            taken += counts.taken
            wrong += counts.wrong
        }
        #expect(taken > 5_000)
        #expect(wrong > 50, "the loss made nothing wrong: this test shows nothing")
    }

    /// Frames that are lost, with or without notice, and damage that no FCS has found.
    private func loss(seed: UInt64) -> (taken: Int, wrong: Int) {
        var traffic = Traffic(seed: seed)
        let isNoticed = Bool.random(using: &traffic.generator)
        var compressor = VJCompressor(slotCount: 4, compressesSlot: true)
        var decompressor = VJDecompressor(slotCount: 4)
        var sent: Set<[UInt8]> = []
        var (taken, wrong) = (0, 0)
        for _ in 0..<600 {
            let packet = traffic.next()
            sent.insert(Self.protected(packet.octets))
            var frame = compressor.compress(packet.buffer)
            switch Int.random(in: 0..<20, using: &traffic.generator) {
            case 0:
                if isNoticed { decompressor.lineDamaged() }
                continue
            case 1 where !isNoticed && frame.protocolNumber == 0x002D:
                let offset = Int.random(in: 0..<min(4, frame.information.readableBytes), using: &traffic.generator)
                let index = frame.information.readerIndex + offset
                frame.information.setInteger(UInt8.random(in: 0...255, using: &traffic.generator), at: index)
            default: break
            }
            guard let packet = try? decompressor.decompress(frame) else { continue }
            let octets = Array(packet.readableBytesView)
            guard TCPPacket.isTaken(octets) else {
                wrong += 1
                continue
            }
            taken += 1
            let isSent = sent.contains(Self.protected(octets))
            #expect(isSent, "seed \(seed)")
        }
        return (taken, wrong)
    }
}
