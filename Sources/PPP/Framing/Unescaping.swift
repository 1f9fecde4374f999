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
        // What is left of the place.
        let rest = unsafe UnsafeRawBufferPointer(start: source + read, count: sourceCount - read)
        let flag = unsafe HDLC.offset(of: HDLC.flag, in: rest)
        unsafe read += min(flag + 1, rest.count)
        return flag < rest.count
    }

    /// No octet but one that is read is written, so that every store below has room; `limit` bounds the frame alone.
    mutating func run(limit: Int) -> Stop {
        // Both places outlive this struct.
        unsafe accm == 0 ? run(limit: limit, isMapped: false) : run(limit: limit, isMapped: true)
    }

    @inline(__always)
    private mutating func run(limit: Int, isMapped: Bool) -> Stop {
        // Every offset is below the counts of the places.
        let (source, count, target, accm) = unsafe (source, sourceCount, target, accm)
        var (read, written, isEscaped) = unsafe (self.read, self.written, self.isEscaped)
        defer { unsafe (self.read, self.written, self.isEscaped) = (read, written, isEscaped) }
        let (lastRead, lastWritten) = (count &- 8, limit &- 8)
        while read < count {
            if !isEscaped {
                while read <= lastRead, written <= lastWritten {
                    // Eight octets that are there, to a place for eight that are yet to be written.
                    let word = unsafe HDLC.word(source, read)
                    let special = HDLC.special(in: word, isMapped: isMapped)
                    unsafe HDLC.store(word, target, written)
                    if special != 0 {
                        let plain = special.trailingZeroBitCount &>> 3
                        read &+= plain
                        written &+= plain
                        break
                    }
                    read &+= 8
                    written &+= 8
                }
                guard read < count else { break }
            }
            let octet = unsafe source.load(fromByteOffset: read, as: UInt8.self)
            read &+= 1
            if octet == HDLC.escape {
                isEscaped = true
                // The octet behind it at once, if it is there and is none that is looked at below.
                guard read < count, written < limit else { continue }
                let next = unsafe source.load(fromByteOffset: read, as: UInt8.self)
                if next & 0x7C == 0x7C || (isMapped && next < 0x20) { continue }
                unsafe target.storeBytes(of: next ^ HDLC.complement, toByteOffset: written, as: UInt8.self)
                read &+= 1
                written &+= 1
                isEscaped = false
                continue
            }
            if octet == HDLC.flag { return .flag }
            if isMapped, HDLC.isMapped(octet, in: accm) { continue }
            guard written < limit else { return .limit }
            let complement: UInt8 = isEscaped ? HDLC.complement : 0
            unsafe target.storeBytes(of: octet ^ complement, toByteOffset: written, as: UInt8.self)
            written &+= 1
            isEscaped = false
        }
        return .end
    }
}
