public import NIOCore

/// Frames to octets of the line (RFC 1662).
///
/// Two frames share the flag between them. The first one, and the first one after `pause()`, gets a flag of its own before it.
public struct HDLCEncoder: Sendable {
    /// Of all frames but LCP's, which have the initial one always.
    public var format: FrameFormat
    private var isBehindFlag = false

    public init(format: FrameFormat = .initial) {
        self.format = format
    }

    /// The line is silent for a while: noise may come upon it, and is no part of the next frame (RFC 1662 §4.4.1).
    public mutating func pause() {
        isBehindFlag = false
    }

    /// Appends the frame to `line`, which must be the end of what was encoded before.
    public mutating func encode(_ frame: PPPFrame, into line: inout ByteBuffer) {
        encode(protocol: frame.protocolNumber, frame.information.readableBytesView, into: &line)
    }

    public mutating func encode(protocol number: UInt16, _ information: ByteBufferView, into line: inout ByteBuffer) {
        encode(
            protocol: number, information, format: number == HDLC.linkControlProtocol ? .initial : format, into: &line)
    }

    /// In this format, whatever the protocol.
    public mutating func encode(
        protocol number: UInt16, _ information: ByteBufferView, format: FrameFormat, into line: inout ByteBuffer
    ) {
        if !isBehindFlag { line.writeInteger(HDLC.flag) }
        isBehindFlag = true
        let worst = 2 * (information.count + HDLC.overhead) + 1
        // Both pointers live as long as their closures, and nothing keeps them.
        unsafe line.writeWithUnsafeMutableBytes(minimumWritableBytes: worst) { target in
            unsafe information.withUnsafeBytes { octets in
                var escaping = unsafe Escaping(target, accm: format.accm)
                var fcs = FCS16.initial
                // Lives until the call returns; the header is its first octets.
                let (word, count) = Self.header(number, format)
                unsafe withUnsafeBytes(of: word.littleEndian) { word in
                    let header = unsafe UnsafeRawBufferPointer(rebasing: word[..<count])
                    fcs = unsafe FCS16.update(fcs, with: header)
                    unsafe escaping.append(header)
                }
                fcs = unsafe ~FCS16.update(fcs, with: octets)
                unsafe escaping.append(octets)
                // Lives until the call returns.
                unsafe withUnsafeBytes(of: fcs.littleEndian) { unsafe escaping.append($0) }
                unsafe escaping.appendFlag()
                return unsafe escaping.count
            }
        }
    }

    /// One to four octets, the first lowest.
    private static func header(_ number: UInt16, _ format: FrameFormat) -> (word: UInt32, count: Int) {
        // A single octet must be odd, or the reader takes the next one as well.
        let isSingle = format.compressesProtocol && number < 0x100 && number & 1 == 1
        let (word, count) = isSingle ? (UInt32(number), 1) : (UInt32(number.byteSwapped), 2)
        if format.compressesAddressAndControl { return (word, count) }
        return (word << 16 | UInt32(HDLC.control) << 8 | UInt32(HDLC.address), count + 2)
    }
}
