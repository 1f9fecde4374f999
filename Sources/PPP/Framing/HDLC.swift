/// PPP in HDLC-like framing (RFC 1662): what stands on an asynchronous line.
///
///     7E | FF 03 | protocol (1 or 2) | information | FCS (2, low octet first) | 7E
///
/// The flag 7E ends one frame and begins the next. Within a frame an octet that may not stand on the line (7E, 7D, and the control
/// characters of the ACCM) is sent as 7D and itself with bit 5 complemented. 7D 7E aborts a frame.
enum HDLC {
    static let flag: UInt8 = 0x7E
    static let escape: UInt8 = 0x7D
    static let complement: UInt8 = 0x20
    static let address: UInt8 = 0xFF
    static let control: UInt8 = 0x03
    static let fcsOctets = 2
    static let linkControlProtocol: UInt16 = 0xC021
    /// Shorter frames are invalid and are dropped (RFC 1662 §4.3).
    static let shortestFrame = 4
    /// Address, control, protocol and FCS.
    static let overhead = 6

    /// Eight octets at once, the first lowest: bit 7 of each octet that is 7D or 7E.
    @inline(__always)
    static func markers(in word: UInt64) -> UInt64 {
        // Without its bit 7 an octet carries into no other: 7D and more reach 80 with 3, only 7F does with 1.
        let low = word & 0x7F7F_7F7F_7F7F_7F7F
        let from7D = low &+ 0x0303_0303_0303_0303
        let from7F = low &+ 0x0101_0101_0101_0101
        return from7D & ~from7F & ~word & 0x8080_8080_8080_8080
    }

    /// Bit 7 of each octet below 20.
    @inline(__always)
    static func controls(in word: UInt64) -> UInt64 {
        let from20 = (word & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x6060_6060_6060_6060
        return ~from20 & ~word & 0x8080_8080_8080_8080
    }

    /// Bit 7 of each octet that may have to be escaped, or to be dropped when it comes.
    /// - Parameter isMapped: whether any control character is in the map. A constant, so that each loop has a form without them.
    @inline(__always)
    static func special(in word: UInt64, isMapped: Bool) -> UInt64 {
        isMapped ? markers(in: word) | controls(in: word) : markers(in: word)
    }

    /// The offset of the first octet with this value; `octets.count` when there is none.
    static func offset(of octet: UInt8, in octets: UnsafeRawBufferPointer) -> Int {
        guard let start = octets.baseAddress else { return 0 }
        let wanted = UInt64(octet) &* 0x0101_0101_0101_0101
        var offset = 0
        while offset &+ 8 <= octets.count {
            // Eight octets that are there. Bit 7 of the first one that has become 0 is the lowest that is set.
            let word = unsafe word(start, offset) ^ wanted
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if zeros != 0 { return offset &+ zeros.trailingZeroBitCount &>> 3 }
            offset &+= 8
        }
        // Below the count.
        while offset < octets.count, unsafe start.load(fromByteOffset: offset, as: UInt8.self) != octet { offset &+= 1 }
        return offset
    }

    /// Whether the map names this octet. Octets from 20 on are in no map.
    @inline(__always)
    static func isMapped(_ octet: UInt8, in accm: UInt32) -> Bool {
        octet < 0x20 && accm &>> UInt32(octet) & 1 != 0
    }

    /// Eight octets, the first lowest.
    @inline(__always)
    static func word(_ octets: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        // The caller has seen that eight octets are there.
        unsafe UInt64(littleEndian: octets.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    static func store(_ word: UInt64, _ octets: UnsafeMutableRawPointer, _ offset: Int) {
        // The caller has seen that there is room for eight octets.
        unsafe octets.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
    }
}
