import NIOCore

/// ICMPv6 type 133 (RFC 4861 §4.1).
enum RouterSolicitation {
    /// Who asks; nil for every other packet.
    static func source(of packet: ByteBuffer) -> [UInt8]? {
        let octets = Array(packet.readableBytesView)
        // Next header ICMPv6, a hop limit that no router has lowered.
        guard octets.count >= 48, octets[0] >> 4 == 6, octets[6] == 58, octets[7] == 255, octets[40] == 133 else {
            return nil
        }
        return Array(octets[8..<24])
    }
}

/// ICMPv6 type 134 (RFC 4861 §4.2) with one prefix (§4.6.2), as a cellular gateway sends it (3GPP TS 29.061 §11.2.1.3): addresses are
/// made of the prefix, nobody else is on the link.
enum RouterAdvertisement {
    /// - Parameters:
    ///   - prefix: 8 octets.
    ///   - destination: who asked; all nodes where it had no address yet.
    static func packet(to destination: [UInt8], interfaceIdentifier: UInt64, prefix: [UInt8]) -> ByteBuffer {
        let source: [UInt8] =
            [0xFE, 0x80, 0, 0, 0, 0, 0, 0]
            + (0..<8).map { UInt8(truncatingIfNeeded: interfaceIdentifier >> (56 - 8 * $0)) }
        let allNodes: [UInt8] = [0xFF, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
        let target = destination.contains { $0 != 0 } ? destination : allNodes
        // Hop limit 64, no flags, router for 9,000 s, times unspecified.
        var message: [UInt8] = [134, 0, 0, 0, 64, 0, 0x23, 0x28, 0, 0, 0, 0, 0, 0, 0, 0]
        // 64 bits, addresses may be made of it, for ever.
        message += [3, 4, 64, 0x40] + [UInt8](repeating: 0xFF, count: 8) + [0, 0, 0, 0]
        message += prefix + [UInt8](repeating: 0, count: 8)
        let length = UInt8(message.count)
        let checksum = InternetChecksum.of(source + target + [0, 0, 0, length, 0, 0, 0, 58] + message)
        message[2] = UInt8(checksum >> 8)
        message[3] = UInt8(checksum & 0xFF)
        return ByteBuffer(bytes: [0x60, 0, 0, 0, 0, length, 58, 255] + source + target + message)
    }
}
