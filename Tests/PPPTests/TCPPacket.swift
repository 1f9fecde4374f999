import NIOCore

/// A TCP packet in IPv4, written after RFC 791 and RFC 9293 with none of the code under test.
struct TCPPacket {
    var identification: UInt16 = 1
    var source: [UInt8] = [10, 0, 0, 1]
    var destination: [UInt8] = [192, 0, 2, 25]
    var ports: (UInt16, UInt16) = (40_000, 25)
    var fragment: UInt16 = 0x4000
    var timeToLive: UInt8 = 64
    var serviceType: UInt8 = 0
    var ipOptions: [UInt8] = []
    var sequence: UInt32 = 1_000
    var acknowledgement: UInt32 = 5_000
    var flags: UInt8 = Flag.ack
    var window: UInt16 = 65_000
    var urgentPointer: UInt16 = 0
    var tcpOptions: [UInt8] = []
    var payload: [UInt8] = []

    enum Flag {
        static let fin: UInt8 = 0x01
        static let syn: UInt8 = 0x02
        static let rst: UInt8 = 0x04
        static let push: UInt8 = 0x08
        static let ack: UInt8 = 0x10
        static let urgent: UInt8 = 0x20
        static let echo: UInt8 = 0x40
    }

    static func octets(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
    static func octets(_ long: UInt32) -> [UInt8] { octets(UInt16(long >> 16)) + octets(UInt16(long & 0xFFFF)) }

    /// RFC 1071, of an even or odd number of octets.
    static func checksum(_ octets: [UInt8]) -> UInt16 {
        var sum = 0
        for (index, octet) in octets.enumerated() { sum += Int(octet) << (index % 2 == 0 ? 8 : 0) }
        while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
        return ~UInt16(sum)
    }

    private var segment: [UInt8] {
        func segment(checksum: UInt16) -> [UInt8] {
            Self.octets(ports.0) + Self.octets(ports.1) + Self.octets(sequence) + Self.octets(acknowledgement)
                + [UInt8((20 + tcpOptions.count) / 4) << 4, flags] + Self.octets(window) + Self.octets(checksum)
                + Self.octets(urgentPointer) + tcpOptions + payload
        }
        let bare = segment(checksum: 0)
        let pseudo = source + destination + [0, 6] + Self.octets(UInt16(bare.count))
        return segment(checksum: Self.checksum(pseudo + bare))
    }

    var octets: [UInt8] {
        let segment = segment
        let length = 20 + ipOptions.count
        func header(checksum: UInt16) -> [UInt8] {
            [0x40 | UInt8(length / 4), serviceType] + Self.octets(UInt16(length + segment.count))
                + Self.octets(identification) + Self.octets(fragment) + [timeToLive, 6] + Self.octets(checksum) + source
                + destination + ipOptions
        }
        return header(checksum: Self.checksum(header(checksum: 0))) + segment
    }

    var buffer: ByteBuffer { ByteBuffer(bytes: octets) }

    /// As TCP at its end looks at it.
    static func isTaken(_ octets: [UInt8]) -> Bool {
        let length = Int(octets[0] & 0x0F) * 4
        guard checksum(Array(octets[..<length])) == 0 else { return false }
        let segment = Array(octets[length...])
        return checksum(Array(octets[12..<20]) + [0, 6] + Self.octets(UInt16(segment.count)) + segment) == 0
    }

    /// The checksum of TCP, as it stands in the packet.
    var tcpChecksum: [UInt8] { Array(segment[16..<18]) }
}
