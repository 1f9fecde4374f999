import NIOCore

/// Content-Transfer-Encoding (RFC 2045 §6).
enum TransferEncoding: String, Sendable, Equatable {
    case sevenBit = "7bit"
    case eightBit = "8bit"
    case quotedPrintable = "quoted-printable"
    case base64
}

/// One part on its way out: raw octets in, encoded octets out, in any pieces.
struct PartEncoder {
    private enum Work {
        case plain
        case quoted(QuotedPrintableEncoder)
        case base64(Base64Encoder)
    }

    private var work: Work
    private let isText: Bool
    private var previous: UInt8 = 0x0A

    init(_ encoding: TransferEncoding, isText: Bool) {
        self.isText = isText
        work =
            switch encoding {
            case .sevenBit, .eightBit: .plain
            case .quotedPrintable: .quoted(QuotedPrintableEncoder(lineFeedEndsLine: isText))
            case .base64: .base64(Base64Encoder())
            }
    }

    /// How many octets may be taken so that what comes out fits `room`: LF may become CRLF, an octet `=XX` with its share of
    /// soft line breaks, and an unfinished line or octet may still be held.
    func intake(room: Int) -> Int {
        switch work {
        case .plain: max(0, room / 2)
        case .quoted: max(0, (room - 16) * 10 / 33)
        case .base64: max(0, (room - 160) * 10 / (isText ? 28 : 14))
        }
    }

    mutating func encode(_ octets: ByteBuffer, into buffer: inout ByteBuffer) {
        switch work {
        case .plain:
            writeCanonical(octets, into: &buffer)
        case .quoted(var encoder):
            var output: [UInt8] = []
            output.reserveCapacity(octets.readableBytes * 2)
            encoder.encode(octets.readableBytesUInt8Span, into: &output)
            work = .quoted(encoder)
            buffer.writeBytes(output)
        case .base64(var encoder):
            work = .plain  // so that the encoder has one owner
            if isText {
                var canonical = ByteBuffer()
                writeCanonical(octets, into: &canonical)
                encoder.encode(canonical.readableBytesUInt8Span, into: &buffer)
            } else {
                encoder.encode(octets.readableBytesUInt8Span, into: &buffer)
            }
            work = .base64(encoder)
        }
    }

    mutating func finish(into buffer: inout ByteBuffer) {
        switch work {
        case .plain: return
        case .quoted(var encoder):
            var output: [UInt8] = []
            encoder.finish(into: &output)
            buffer.writeBytes(output)
        case .base64(var encoder):
            encoder.finish(into: &buffer)
        }
        work = .plain
    }

    /// Copies, with a CR before each LF that lacks one; runs without LF are copied whole.
    private mutating func writeCanonical(_ octets: ByteBuffer, into buffer: inout ByteBuffer) {
        guard isText else {
            buffer.writeImmutableBuffer(octets)
            return
        }
        let view = octets.readableBytesView
        var start = view.startIndex
        while let lineFeed = view[start...].firstIndex(of: 0x0A) {
            let before = lineFeed == view.startIndex ? previous : view[lineFeed - 1]
            buffer.writeBytes(view[start..<lineFeed])
            if before != 0x0D { buffer.writeInteger(0x0D as UInt8) }
            buffer.writeInteger(0x0A as UInt8)
            start = lineFeed + 1
        }
        buffer.writeBytes(view[start...])
        if let last = view.last { previous = last }
    }
}
