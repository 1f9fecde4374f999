public import NIOCore

/// The octets after DATA back to the message: doubled dots undone, ended by CR LF, dot, CR LF and by nothing else
/// (RFC 5321 §4.1.1.4, §4.5.2). It judges no content: bare CR and LF pass as they are, for `LineCheck` to find.
public struct TransparencyDecoder: Sendable {
    private enum State {
        case lineStart
        /// A dot at a line's start, held back.
        case dot
        /// That dot and a CR, held back.
        case dotCarriageReturn
        case carriageReturn
        case within
        case ended
    }

    private var state = State.lineStart

    public init() {}

    public var isEnded: Bool { if case .ended = state { true } else { false } }

    /// Takes octets from `input` up to the end of the message, and appends the message's own to `output`.
    public mutating func decode(_ input: inout ByteBuffer, into output: inout ByteBuffer) {
        while let octet = input.readableBytesView.first {
            switch state {
            case .ended:
                return
            case .lineStart:
                state = octet == 0x2E ? .dot : .within
                if octet == 0x2E { input.moveReaderIndex(forwardBy: 1) }
            case .dot where octet == 0x0D:
                input.moveReaderIndex(forwardBy: 1)
                state = .dotCarriageReturn
            case .dot:
                state = .within
            case .dotCarriageReturn where octet == 0x0A:
                input.moveReaderIndex(forwardBy: 1)
                state = .ended
            case .dotCarriageReturn:
                output.writeInteger(UInt8(0x0D))
                state = octet == 0x0D ? .carriageReturn : .within
                if octet == 0x0D {
                    input.moveReaderIndex(forwardBy: 1)
                    output.writeInteger(octet)
                }
            case .carriageReturn where octet == 0x0A:
                input.moveReaderIndex(forwardBy: 1)
                output.writeInteger(octet)
                state = .lineStart
            case .carriageReturn:
                state = .within
            case .within:
                copyLine(from: &input, to: &output)
            }
        }
    }

    /// Copies up to and with the next CR, which memchr(3) finds.
    private mutating func copyLine(from input: inout ByteBuffer, to output: inout ByteBuffer) {
        let view = input.readableBytesView
        guard let end = view.firstIndex(of: 0x0D) else {
            output.writeBuffer(&input)
            return
        }
        guard var line = input.readSlice(length: view.distance(from: view.startIndex, to: end) + 1) else { return }
        output.writeBuffer(&line)
        state = .carriageReturn
    }
}
