/// Octets of the line to octets of frames, up to the next flag.
///
/// Lives within the closures that lend both places: its pointers are good no longer.
@unsafe struct Unescaping {
    enum Stop {
        case flag
        /// All is read.
        case end
        /// There is more than fits below `limit`.
        case limit
    }

    let source: UnsafeRawPointer
    let sourceCount: Int
    /// Has room for as many octets as were written before, and `sourceCount` more.
    let target: UnsafeMutableRawPointer
    let accm: UInt32
    var read = 0
    var written: Int
    /// The last octet was 7D.
    var isEscaped: Bool

    init(
        source: UnsafeRawPointer, sourceCount: Int, target: UnsafeMutableRawPointer, accm: UInt32, written: Int
    ) {
        unsafe self.source = source
        unsafe self.sourceCount = sourceCount
        unsafe self.target = target
        unsafe self.accm = accm
        unsafe self.written = written
        unsafe isEscaped = false
    }

    /// Reads up to and with the next flag, and writes nothing.
    /// - Returns: whether one has come.
    mutating func skipToFlag() -> Bool {
        while unsafe read < sourceCount {
            // Within what is there.
            let octet = unsafe source.load(fromByteOffset: read, as: UInt8.self)
            unsafe read += 1
            if octet == HDLC.flag { return true }
        }
        return false
    }

    /// No octet but one that is read is written, so that every store below has room; `limit` bounds the frame alone.
    mutating func run(limit: Int) -> Stop {
        let (source, count, target, accm) = unsafe (source, sourceCount, target, accm)
        var (read, written, isEscaped) = unsafe (self.read, self.written, self.isEscaped)
        defer { unsafe (self.read, self.written, self.isEscaped) = (read, written, isEscaped) }
        while read < count {
            if !isEscaped, read &+ 8 <= count, written &+ 8 <= limit {
                // Eight octets that are there, to a place for eight that are yet to be written.
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
            if octet == HDLC.flag { return .flag }
            if HDLC.isMapped(octet, in: accm) { continue }
            if octet == HDLC.escape {
                isEscaped = true
                continue
            }
            guard written < limit else { return .limit }
            let complement = isEscaped ? HDLC.complement : 0
            unsafe target.storeBytes(of: octet ^ complement, toByteOffset: written, as: UInt8.self)
            written &+= 1
            isEscaped = false
        }
        return .end
    }
}
