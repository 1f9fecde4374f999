import NIOCore

/// A datagram over IPv4 (RFC 768, RFC 791), whole: none of its fragments.
struct UDPDatagram {
    var source: [UInt8]
    var destination: [UInt8]
    var sourcePort: UInt16
    var destinationPort: UInt16
    var payload: [UInt8]

    /// Nil for every other packet.
    init?(ipv4 packet: ByteBuffer) {
        let octets = Array(packet.readableBytesView)
        guard octets.count >= 28, octets[0] >> 4 == 4, octets[9] == 17, octets[6] & 0x3F == 0, octets[7] == 0 else {
            return nil
        }
        let header = Int(octets[0] & 0x0F) * 4
        guard header >= 20, octets.count >= header + 8 else { return nil }
        let length = Int(octets[header + 4]) << 8 | Int(octets[header + 5])
        guard length >= 8, header + length <= octets.count else { return nil }
        source = Array(octets[12..<16])
        destination = Array(octets[16..<20])
        sourcePort = UInt16(octets[header]) << 8 | UInt16(octets[header + 1])
        destinationPort = UInt16(octets[header + 2]) << 8 | UInt16(octets[header + 3])
        payload = Array(octets[header + 8..<header + length])
    }

    /// The way back, with this payload.
    func reply(_ payload: [UInt8]) -> UDPDatagram {
        var reply = self
        (reply.source, reply.destination) = (destination, source)
        (reply.sourcePort, reply.destinationPort) = (destinationPort, sourcePort)
        reply.payload = payload
        return reply
    }

    var ipv4: ByteBuffer {
        let length = UInt16(clamping: 8 + payload.count)
        var datagram = Self.pair(sourcePort) + Self.pair(destinationPort) + Self.pair(length) + [0, 0] + payload
        let pseudo = source + destination + [0, 17] + Self.pair(length)
        let checksum = InternetChecksum.of(pseudo + datagram)
        datagram.replaceSubrange(6..<8, with: Self.pair(checksum == 0 ? 0xFFFF : checksum))
        var header: [UInt8] =
            [0x45, 0] + Self.pair(20 + length) + [0, 0, 0x40, 0, 64, 17, 0, 0] + source + destination
        header.replaceSubrange(10..<12, with: Self.pair(InternetChecksum.of(header)))
        return ByteBuffer(bytes: header + datagram)
    }

    private static func pair(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xFF)] }
}
