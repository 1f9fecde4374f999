import NIOCore
import PPP
import Support
import Testing

@Suite struct VJTests {
    private typealias Flag = TCPPacket.Flag

    /// What goes over the line for `second`, when `first` went before it; and that it comes out as it went in.
    private func line(
        _ first: TCPPacket, _ second: TCPPacket, compressesSlot: Bool = true
    ) throws -> (protocolNumber: UInt16, octets: [UInt8]) {
        var compressor = VJCompressor(compressesSlot: compressesSlot)
        var decompressor = VJDecompressor()
        let opening = compressor.compress(first.buffer)
        #expect(opening.protocolNumber == 0x002F)
        #expect(try decompressor.decompress(opening) == first.buffer)
        let frame = compressor.compress(second.buffer)
        #expect(try decompressor.decompress(frame) == second.buffer)
        return (frame.protocolNumber, Array(frame.information.readableBytesView))
    }

    private func compressed(_ first: TCPPacket, _ second: TCPPacket, compressesSlot: Bool = true) throws -> [UInt8] {
        let line = try line(first, second, compressesSlot: compressesSlot)
        #expect(line.protocolNumber == 0x002D)
        return line.octets
    }

    /// The next packet of the same connection.
    private func next(_ packet: TCPPacket, _ change: (inout TCPPacket) -> Void) -> TCPPacket {
        var next = packet
        next.identification += 1
        change(&next)
        return next
    }

    @Test func theFirstPacketGoesWholeWithItsSlotForItsProtocol() {
        var compressor = VJCompressor(compressesSlot: true)
        var expected = TCPPacket().octets
        expected[9] = 0
        #expect(Array(compressor.compress(TCPPacket().buffer).information.readableBytesView) == expected)
        var other = TCPPacket(ports: (40_001, 25)).octets
        other[9] = 1
        #expect(
            Array(compressor.compress(TCPPacket(ports: (40_001, 25)).buffer).information.readableBytesView) == other)
    }

    /// RFC 1144 §3.2.2: "unidirectional data transfer" costs three octets.
    @Test func bulkDataCostsThreeOctets() throws {
        let first = TCPPacket(payload: [UInt8](repeating: 7, count: 1_460))
        let second = next(first) { $0.sequence += 1_460 }
        #expect(try compressed(first, second) == [0x0F] + second.tcpChecksum + second.payload)
        let pushed = next(first) {
            $0.sequence += 1_460
            $0.flags |= Flag.push
        }
        #expect(try compressed(first, pushed) == [0x1F] + pushed.tcpChecksum + pushed.payload)
    }

    /// RFC 1144 §3.2.2: "echoed interactive traffic".
    @Test func echoedTypingCostsThreeOctets() throws {
        let first = TCPPacket(flags: Flag.ack | Flag.push, payload: [0x61])
        let second = next(first) {
            $0.sequence += 1
            $0.acknowledgement += 1
        }
        #expect(try compressed(first, second) == [0x1B] + second.tcpChecksum + [0x61])
    }

    @Test func changesAreToldInTheirOrderAndForms() throws {
        let first = TCPPacket(payload: [1, 2, 3])
        let second = next(first) {
            $0.identification += 4
            $0.urgentPointer = 0
            $0.flags |= Flag.urgent
            $0.window -= 1
            $0.acknowledgement += 255
            $0.sequence += 256
        }
        // All four of S, A, W and U are the mask of bulk data: it goes whole.
        #expect(try line(first, second).protocolNumber == 0x002F)
        let three = next(first) {
            $0.identification += 4
            $0.urgentPointer = 0
            $0.flags |= Flag.urgent
            $0.acknowledgement += 255
            $0.sequence += 256
        }
        #expect(
            try compressed(first, three)
                == [0x01 + 0x04 + 0x08 + 0x20] + three.tcpChecksum + [0, 0, 0] + [0xFF] + [0, 1, 0] + [5] + [1, 2, 3])
        let backwards = next(first) {
            $0.identification -= 1
            $0.window -= 1
            $0.acknowledgement += 65_535
        }
        #expect(
            try compressed(first, backwards)
                == [0x02 + 0x04 + 0x20] + backwards.tcpChecksum + [0, 0xFF, 0xFF] + [0, 0xFF, 0xFF] + [0, 0, 0] + [
                    1, 2, 3,
                ])
    }

    @Test func whatCannotBeToldGoesWhole() throws {
        let first = TCPPacket(payload: [1, 2, 3])
        let changes: [(String, (inout TCPPacket) -> Void)] = [
            ("sequence by 65,536", { $0.sequence += 65_536 }),
            ("sequence back", { $0.sequence -= 1 }),
            ("acknowledgement by 65,536", { $0.acknowledgement += 65_536 }),
            ("time to live", { $0.timeToLive = 63 }),
            ("type of service", { $0.serviceType = 4 }),
            ("the fragment bit", { $0.fragment = 0 }),
            ("an IP option", { $0.ipOptions = [1, 1, 1, 0] }),
            ("a TCP option", { $0.tcpOptions = [1, 1, 1, 0] }),
            ("an urgent pointer without URG", { $0.urgentPointer = 9 }),
            ("a flag of RFC 3168", { $0.flags |= Flag.echo }),
            ("nothing: a repetition", { _ in }),
            (
                "the masks of special cases: S, W and U",
                {
                    $0.sequence += 3
                    $0.window += 1
                    $0.flags |= Flag.urgent
                }
            ),
        ]
        for (words, change) in changes {
            #expect(try line(first, next(first, change)).protocolNumber == 0x002F, "\(words)")
        }
        #expect(
            try line(TCPPacket(), next(TCPPacket()) { $0.payload = [1] }).protocolNumber == 0x002D, "data behind an ACK"
        )
    }

    @Test func whatIsNoPlainTCPGoesAsItIs() throws {
        var compressor = VJCompressor(compressesSlot: true)
        func number(_ octets: [UInt8]) -> UInt16 {
            let frame = compressor.compress(ByteBuffer(bytes: octets))
            if frame.protocolNumber == 0x0021 { #expect(Array(frame.information.readableBytesView) == octets) }
            return frame.protocolNumber
        }
        for flags in [Flag.syn, Flag.fin | Flag.ack, Flag.rst | Flag.ack, Flag.push] {
            #expect(number(TCPPacket(flags: flags).octets) == 0x0021)
        }
        #expect(number(TCPPacket(fragment: 0x2000).octets) == 0x0021)
        #expect(number(TCPPacket(fragment: 0x0001).octets) == 0x0021)
        var datagram = TCPPacket().octets
        datagram[9] = 17
        #expect(number(datagram) == 0x0021)
        var badSum = TCPPacket().octets
        badSum[10] ^= 1
        #expect(number(badSum) == 0x0021)
        #expect(number(TCPPacket().octets + [0]) == 0x0021, "longer than it says")
        #expect(number(Array(TCPPacket().octets.prefix(39))) == 0x0021)
        #expect(number([]) == 0x0021)
        #expect(number(TCPPacket().octets) == 0x002F)
    }

    @Test func theSlotIsNamedWhereItMustBe() throws {
        let first = TCPPacket(payload: [1])
        let second = next(first) { $0.sequence += 1 }
        #expect(try compressed(first, second, compressesSlot: false) == [0x4F, 0] + second.tcpChecksum + [1])
        var compressor = VJCompressor(compressesSlot: true)
        let others = TCPPacket(ports: (1, 2), payload: [1])
        _ = compressor.compress(first.buffer)
        _ = compressor.compress(others.buffer)
        let back = compressor.compress(second.buffer)
        #expect(Array(back.information.readableBytesView) == [0x4F, 0] + second.tcpChecksum + [1])
        let third = next(second) { $0.sequence += 1 }
        #expect(Array(compressor.compress(third.buffer).information.readableBytesView).first == 0x0F)
    }

    @Test func theOldestSlotIsTakenAnew() {
        var compressor = VJCompressor(slotCount: 3, compressesSlot: true)
        func slot(_ port: UInt16) -> UInt8 {
            Array(compressor.compress(TCPPacket(ports: (port, 25)).buffer).information.readableBytesView)[9]
        }
        #expect([slot(1), slot(2), slot(3), slot(1), slot(4)] == [0, 1, 2, 0, 1])
    }

    @Test func damageDropsWhatNamesNoSlotUntilOneIsNamed() throws {
        var compressor = VJCompressor(compressesSlot: true)
        var decompressor = VJDecompressor()
        let first = TCPPacket(payload: [1])
        _ = try decompressor.decompress(compressor.compress(first.buffer))
        let second = next(first) { $0.sequence += 1 }
        let frame = compressor.compress(second.buffer)
        decompressor.lineDamaged()
        #expect(throws: VJDecompressor.Failure.slotInDoubt) { try decompressor.decompress(frame) }
        let repeated = compressor.compress(second.buffer)
        #expect(repeated.protocolNumber == 0x002F)
        #expect(try decompressor.decompress(repeated) == second.buffer)
        let third = next(second) { $0.sequence += 1 }
        #expect(try decompressor.decompress(compressor.compress(third.buffer)) == third.buffer)
    }

    @Test func brokenFramesAreRefused() throws {
        var decompressor = VJDecompressor(slotCount: 2)
        func failure(_ number: UInt16, _ octets: [UInt8]) -> VJDecompressor.Failure? {
            do throws(VJDecompressor.Failure) {
                _ = try decompressor.decompress(
                    PPPFrame(protocolNumber: number, information: ByteBuffer(bytes: octets)))
                return nil
            } catch {
                return error
            }
        }
        func whole(slot: UInt8) -> [UInt8] {
            var octets = TCPPacket().octets
            octets[9] = slot
            return octets
        }
        #expect(failure(0x002D, [0x0F, 0, 0]) == .slotInDoubt)
        #expect(failure(0x002D, [0x4F, 1, 0, 0]) == .unknownSlot)
        #expect(failure(0x002D, [0x4F, 2, 0, 0]) == .unknownSlot)
        #expect(failure(0x002F, whole(slot: 2)) == .unknownSlot)
        #expect(failure(0x002F, whole(slot: 1)) == nil)
        for octets in [[], [0x40], [0x40, 1], [0x40, 1, 0], [0x41, 1, 0, 0], [0x41, 1, 0, 0, 0, 1]] as [[UInt8]] {
            #expect(failure(0x002D, octets) == .malformed)
            #expect(failure(0x002D, [0x0F, 0, 0]) == .slotInDoubt)
        }
        #expect(failure(0x002D, [0x4F, 1, 0, 0] + [UInt8](repeating: 0, count: 65_495)) == nil)
        #expect(failure(0x002D, [0x4F, 1, 0, 0] + [UInt8](repeating: 0, count: 65_496)) == .tooLong)
        #expect(failure(0x002F, Array(whole(slot: 1).prefix(39))) == .malformed)
        #expect(failure(0x002F, whole(slot: 1) + [0]) == .malformed)
        #expect(failure(0xC021, []) == .unknownProtocol)
        #expect(failure(0x0021, [1, 2, 3]) == nil)
    }
}
