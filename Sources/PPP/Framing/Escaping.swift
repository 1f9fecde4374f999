/// Octets into a place that has two for each of them.
///
/// Lives within the closure that lends the place: the pointer is good no longer.
@unsafe struct Escaping {
    private let start: UnsafeMutableRawPointer?
    private let capacity: Int
    private let accm: UInt32
    private(set) var count = 0

    init(_ place: UnsafeMutableRawBufferPointer, accm: UInt32) {
        unsafe start = place.baseAddress
        unsafe capacity = place.count
        unsafe self.accm = accm
    }

    mutating func appendFlag() {
        // One octet of the place was kept for it.
        guard let start = unsafe start, unsafe count < capacity else { return }
        unsafe start.storeBytes(of: HDLC.flag, toByteOffset: count, as: UInt8.self)
        unsafe count += 1
    }

    mutating func append(_ octets: UnsafeRawBufferPointer) {
        // Twice as many as there are fit, so that every store below is within the place.
        guard let target = unsafe start, let source = octets.baseAddress,
            unsafe 2 * octets.count <= capacity - count
        else { return }
        let accm = unsafe accm
        if accm == 0 {
            unsafe append(source, octets.count, target, accm, isMapped: false)
        } else {
            unsafe append(source, octets.count, target, accm, isMapped: true)
        }
    }

    @inline(__always)
    private mutating func append(
        _ source: UnsafeRawPointer, _ end: Int, _ target: UnsafeMutableRawPointer, _ accm: UInt32, isMapped: Bool
    ) {
        var written = unsafe count
        var read = 0
        while read < end {
            // Eight octets that are there; as many fit, since two for each of them do.
            if read &+ 8 <= end {
                let word = unsafe HDLC.word(source, read)
                let special = HDLC.special(in: word, isMapped: isMapped)
                unsafe HDLC.store(word, target, written)
                if special == 0 {
                    read &+= 8
                    written &+= 8
                    continue
                }
                if special & (special &- 1) != 0 {
                    unsafe Self.escape(word, special, accm, target, &written)
                    read &+= 8
                    continue
                }
                let plain = special.trailingZeroBitCount &>> 3
                read &+= plain
                written &+= plain
            }
            // Within `end`: one of the eight is special, or fewer are left.
            let octet = unsafe source.load(fromByteOffset: read, as: UInt8.self)
            read &+= 1
            if octet == HDLC.flag || octet == HDLC.escape || HDLC.isMapped(octet, in: accm) {
                unsafe target.storeBytes(of: HDLC.escape, toByteOffset: written, as: UInt8.self)
                unsafe target.storeBytes(of: octet ^ HDLC.complement, toByteOffset: written &+ 1, as: UInt8.self)
                written &+= 2
            } else {
                unsafe target.storeBytes(of: octet, toByteOffset: written, as: UInt8.self)
                written &+= 1
            }
        }
        unsafe count = written
    }

    /// Eight octets of which some are special, each perhaps behind an escape. An octet is written over an escape that it does not
    /// need: where escapes are dense, that is faster than to guess them.
    @inline(__always)
    private static func escape(
        _ word: UInt64, _ special: UInt64, _ accm: UInt32, _ target: UnsafeMutableRawPointer, _ written: inout Int
    ) {
        for index in 0..<8 as Range<UInt64> {
            let octet = UInt8(truncatingIfNeeded: word &>> (8 &* index))
            let isSpecial = UInt8(truncatingIfNeeded: special &>> (8 &* index &+ 7)) & 1
            let isEscaped = isSpecial & (octet < 0x20 ? UInt8(truncatingIfNeeded: accm &>> UInt32(octet)) & 1 : 1)
            // The caller has room for two octets of each of the eight.
            unsafe target.storeBytes(of: HDLC.escape, toByteOffset: written, as: UInt8.self)
            written &+= Int(isEscaped)
            unsafe target.storeBytes(of: octet ^ (isEscaped &<< 5), toByteOffset: written, as: UInt8.self)
            written &+= 1
        }
    }
}
