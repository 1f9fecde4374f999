import NIOCore

extension ByteBuffer {
    /// Whether any readable octet is above 0x7F. Eight octets a step: a message of megabytes is looked through twice.
    var has8Bit: Bool {
        unsafe withUnsafeReadableBytes { octets in
            var index = 0
            while index + 8 <= octets.count {
                // Within the buffer by the condition above, and no alignment is asked for.
                let word = unsafe octets.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { return true }
                index += 8
            }
            while index < octets.count {
                if unsafe octets[index] > 0x7F { return true }
                index += 1
            }
            return false
        }
    }
}
