public import NIOCore

/// The 16-bit frame check sequence (RFC 1662 App. C): polynomial x¹⁶ + x¹² + x⁵ + 1, low bit first.
public enum FCS16 {
    /// Before the first octet.
    public static let initial: UInt16 = 0xFFFF
    /// Behind the last octet of the FCS of a good frame.
    public static let good: UInt16 = 0xF0B8

    /// The running sequence behind these octets. The sender complements the last one and sends its low octet first.
    public static func update(_ fcs: UInt16, with octets: ByteBufferView) -> UInt16 {
        // The pointer lives as long as the closure, and so does what reads it.
        unsafe octets.withUnsafeBytes { unsafe update(fcs, with: $0) }
    }

    static func update(_ fcs: UInt16, with octets: UnsafeRawBufferPointer) -> UInt16 {
        // Neither pointer leaves the closure; each index below is within the 16 × 256 entries by its type.
        unsafe tables.withUnsafeBufferPointer { tables in
            guard let table = tables.baseAddress, let start = octets.baseAddress else { return fcs }
            return unsafe sliced(fcs, start, octets.count, table)
        }
    }

    /// Sixteen octets a step: each has a table of its own, for the octets that still follow it within the step.
    @inline(__always)
    private static func sliced(
        _ fcs: UInt16, _ start: UnsafeRawPointer, _ count: Int, _ table: UnsafePointer<UInt16>
    ) -> UInt16 {
        /// - Parameter behind: octets of the step behind this one.
        @inline(__always)
        func entry(_ word: UInt64, _ octet: UInt64, behind: Int) -> UInt16 {
            // At most 255 into each of the sixteen tables.
            unsafe table[behind &* 256 &+ Int(truncatingIfNeeded: (word &>> (octet &* 8)) & 0xFF)]
        }
        var fcs = fcs
        var offset = 0
        while offset &+ 16 <= count {
            // Both words lie within `count`.
            let first = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let second = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            // Only the first two octets wait for the step before: the other fourteen are looked up meanwhile.
            let a = entry(first, 2, behind: 13) ^ entry(first, 3, behind: 12)
            let b = entry(first, 4, behind: 11) ^ entry(first, 5, behind: 10)
            let c = entry(first, 6, behind: 9) ^ entry(first, 7, behind: 8)
            let d = entry(second, 0, behind: 7) ^ entry(second, 1, behind: 6)
            let e = entry(second, 2, behind: 5) ^ entry(second, 3, behind: 4)
            let f = entry(second, 4, behind: 3) ^ entry(second, 5, behind: 2)
            let g = entry(second, 6, behind: 1) ^ entry(second, 7, behind: 0)
            let mixed = first ^ UInt64(fcs)
            fcs = (((a ^ b) ^ (c ^ d)) ^ ((e ^ f) ^ g)) ^ (entry(mixed, 0, behind: 15) ^ entry(mixed, 1, behind: 14))
            offset &+= 16
        }
        while offset < count {
            // Within `count`, and at most 255 into the first table.
            let octet = unsafe start.load(fromByteOffset: offset, as: UInt8.self)
            fcs = unsafe (fcs >> 8) ^ table[Int((fcs ^ UInt16(octet)) & 0xFF)]
            offset &+= 1
        }
        return fcs
    }

    /// Sixteen tables of 256: what an octet does to the sequence, with none to fifteen octets behind it.
    static let tables: [UInt16] = {
        var tables: [UInt16] = (0..<256).map { octet in
            (0..<8).reduce(UInt16(octet)) { value, _ in value & 1 == 1 ? (value >> 1) ^ 0x8408 : value >> 1 }
        }
        for index in 256..<4_096 {
            let before = tables[index - 256]
            tables.append((before >> 8) ^ tables[Int(before & 0xFF)])
        }
        return tables
    }()
}
