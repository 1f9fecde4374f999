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
        // Both places outlive this struct, and every offset is below their counts.
        let (source, count, target, accm) = unsafe (source, sourceCount, target, accm)
        var (read, written, isEscaped) = unsafe (self.read, self.written, self.isEscaped)
        defer { unsafe (self.read, self.written, self.isEscaped) = (read, written, isEscaped) }
        while read < count {
            if !isEscaped, read &+ 8 <= count, written &+ 8 <= limit {
                // Eight octets that are there, to a place for eight that are yet to be written.
                let word = unsafe HDLC.word(source, read)
                let special = HDLC.special(in: word, accm: accm)
                unsafe HDLC.store(word, target, written)
                if special == 0 {
                    read &+= 8
                    written &+= 8
                    continue
                }
                // One of the eight is special: it is there to be read below.
                let plain = special.trailingZeroBitCount &>> 3
                read &+= plain
                written &+= plain
            }
            let octet = unsafe source.load(fromByteOffset: read, as: UInt8.self)
            read &+= 1
            if octet == HDLC.flag { return .flag }
            if octet == HDLC.escape {
                isEscaped = true
                continue
            }
            if HDLC.isMapped(octet, in: accm) { continue }
            guard written < limit else { return .limit }
            let complement: UInt8 = isEscaped ? HDLC.complement : 0
            unsafe target.storeBytes(of: octet ^ complement, toByteOffset: written, as: UInt8.self)
            written &+= 1
            isEscaped = false
        }
        return .end
    }
}
