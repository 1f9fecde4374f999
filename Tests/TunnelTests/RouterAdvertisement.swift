@testable import Tunnel

/// A Router Advertisement as RFC 4861 §4.2 and §4.6.2 have it, in an IPv6 packet.
enum RouterAdvertisement {
    /// - Parameter prefix: of 64 bits, on link and for addresses (RFC 4862).
    static func packet(from router: IPAddress, prefix: IPAddress) -> [UInt8] {
        let allNodes = IPAddress("ff02::1")!
        var message: [UInt8] = [
            134, 0, 0, 0,  // type, code, checksum
            64, 0, 0x07, 0x08,  // hop limit, flags, router lifetime: 1,800 s
            0, 0, 0, 0, 0, 0, 0, 0,  // reachable time, retransmission time
            3, 4, 64, 0xC0,  // prefix information, 32 octets, 64 bits, on link and autonomous
            0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0,  // valid 86,400 s, preferred 14,400 s
        ]
        message += prefix.octets
        let pseudo = router.octets + allNodes.octets + [0, 0, 0, UInt8(message.count), 0, 0, 0, 58]
        let sum = checksum(pseudo + message)
        message[2] = UInt8(sum >> 8)
        message[3] = UInt8(sum & 0xFF)
        return [0x60, 0, 0, 0, 0, UInt8(message.count), 58, 255] + router.octets + allNodes.octets + message
    }

    /// RFC 1071.
    private static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: octets.count, by: 2) {
            sum += UInt32(octets[index]) << 8 | UInt32(index + 1 < octets.count ? octets[index + 1] : 0)
        }
        while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
        return ~UInt16(sum)
    }
}
