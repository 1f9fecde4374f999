import NIOCore
import PPP
import Support
import Testing

@Suite struct FCS16Tests {
    private func fcs(_ octets: [UInt8]) -> UInt16 {
        FCS16.update(FCS16.initial, with: ByteBuffer(bytes: octets).readableBytesView)
    }

    /// The first and the last eight entries of the table of RFC 1662 App. C.2: what a single octet makes of 0.
    @Test func singleOctetsMakeTheTableOfTheStandard() {
        let first: [UInt16] = [0x0000, 0x1189, 0x2312, 0x329B, 0x4624, 0x57AD, 0x6536, 0x74BF]
        let last: [UInt16] = [0x7BC7, 0x6A4E, 0x58D5, 0x495C, 0x3DE3, 0x2C6A, 0x1EF1, 0x0F78]
        for (octet, entry) in first.enumerated() {
            #expect(FCS16.update(0, with: ByteBuffer(bytes: [UInt8(octet)]).readableBytesView) == entry)
        }
        for (octet, entry) in last.enumerated() {
            #expect(FCS16.update(0, with: ByteBuffer(bytes: [UInt8(octet + 248)]).readableBytesView) == entry)
        }
    }

    /// CRC-16/X-25 of the usual check string.
    @Test func theCheckStringHasItsValue() {
        #expect(~fcs(Array("123456789".utf8)) == 0x906E)
    }

    @Test func everyLengthIsAsBitByBit() {
        var generator = SeededGenerator(seed: 1_662)
        for count in 0..<200 {
            let octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(fcs(octets) == FrameOfTheLine.fcs(octets))
            let (head, tail) = (octets.prefix(count / 3), octets.dropFirst(count / 3))
            let running = FCS16.update(fcs(Array(head)), with: ByteBuffer(bytes: tail).readableBytesView)
            #expect(running == fcs(octets))
        }
    }

    @Test func aFrameWithItsFCSEndsInTheGoodValue() {
        let frame = FrameOfTheLine(protocolField: [0xC0, 0x21], information: [1, 1, 0, 4])
        #expect(fcs(frame.plain) == FCS16.good)
        #expect(FCS16.good == 0xF0B8)
    }
}
