public import NIOCore

/// A message on its way into DATA: a dot is put before each line that begins with one (RFC 5321 §4.5.2), in any pieces.
public struct TransparencyEncoder: Sendable {
    /// What the next octet follows.
    private enum Position {
        case lineStart, carriageReturn, within
    }

    private var position = Position.lineStart

    public init() {}

    /// Appends `octets` to `output`, dots doubled where they must be.
    public mutating func encode(_ octets: ByteBuffer, into output: inout ByteBuffer) {
        var input = octets
        while input.readableBytes > 0 {
            switch position {
            case .lineStart:
                if input.readableBytesView.first == 0x2E { output.writeInteger(UInt8(0x2E)) }
                position = .within
            case .carriageReturn where input.readableBytesView.first == 0x0A:
                input.moveReaderIndex(forwardBy: 1)
                output.writeInteger(UInt8(0x0A))
                position = .lineStart
            case .carriageReturn:
                position = .within
            case .within:
                copyLine(from: &input, to: &output)
            }
        }
    }

    /// The end of the message: a missing CR LF, and the lone dot.
    public mutating func finish(into output: inout ByteBuffer) {
        switch position {
        case .lineStart: output.writeStaticString(".\r\n")
        case .carriageReturn: output.writeStaticString("\n.\r\n")
        case .within: output.writeStaticString("\r\n.\r\n")
        }
        position = .lineStart
    }

    /// Copies up to and with the next CR, which memchr(3) finds.
    private mutating func copyLine(from input: inout ByteBuffer, to output: inout ByteBuffer) {
        let view = input.readableBytesView
        guard let end = view.firstIndex(of: 0x0D) else {
            output.writeBuffer(&input)
            return
        }
        let length = view.distance(from: view.startIndex, to: end) + 1
        guard var line = input.readSlice(length: length) else { return }
        output.writeBuffer(&line)
        position = .carriageReturn
    }
}
