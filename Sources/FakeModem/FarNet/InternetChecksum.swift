/// The checksum of IP, UDP and ICMP (RFC 1071).
enum InternetChecksum {
    static func of(_ octets: some Sequence<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        var isHigh = true
        for octet in octets {
            sum += isHigh ? UInt32(octet) << 8 : UInt32(octet)
            sum = (sum & 0xFFFF) + (sum >> 16)
            isHigh.toggle()
        }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
