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
        var written = unsafe count
        var read = 0
        while read < octets.count {
            if read &+ 8 <= octets.count {
                // Eight octets that are there; as many fit, since two for each of them do.
                let word = unsafe UInt64(littleEndian: source.loadUnaligned(fromByteOffset: read, as: UInt64.self))
                let special = HDLC.markers(in: word) | (accm == 0 ? 0 : HDLC.controls(in: word))
                unsafe target.storeBytes(of: word.littleEndian, toByteOffset: written, as: UInt64.self)
                let plain = special.trailingZeroBitCount >> 3
                read &+= plain
                written &+= plain
                if special == 0 { continue }
            }
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
}
