public import NIOCore

/// How a line that is a socket carries its octets (`Carriage.online`), and what the modem says in between.
public struct OnlineCarriage: Sendable, Equatable {
    /// Whether some octets are marks.
    public var framing: OnlineFraming
    /// What the modem says within the stream, and last, when the peer has ended the connection; nothing tells it from
    /// payload. Empty: it says nothing.
    public var endText: [UInt8]
    /// Whether the line stays in data mode behind `endText`, and the host may still write.
    public var staysOnlineAtEnd: Bool
    /// Whether `.open` makes the connection in command mode, and `.openOnline` only gives it the line.
    public var opensInCommandMode: Bool
    /// How long the line is silent both ways before the modem is asked, in command mode, whether the connection still
    /// stands: for a modem that may say nothing of its end. nil, the default: it is not asked.
    public var silenceLimit: TimeAmount?

    public init(
        framing: OnlineFraming = .plain, endText: [UInt8] = [], staysOnlineAtEnd: Bool = false,
        opensInCommandMode: Bool = false, silenceLimit: TimeAmount? = nil
    ) {
        self.framing = framing
        self.endText = endText
        self.staysOnlineAtEnd = staysOnlineAtEnd
        self.opensInCommandMode = opensInCommandMode
        self.silenceLimit = silenceLimit
    }
}

/// Whether octets of an online stream have a meaning of their own.
public enum OnlineFraming: Sendable, Equatable {
    /// None has: every octet is payload, both ways.
    case plain
    /// Two have, both ways.
    case marked(OctetMarking)
}

/// A stream in which one octet is an end mark, and another stands before each of the two that is payload.
///
/// A bare end mark of the host ends its direction of writing. One of the modem says that the connection broke, and that the
/// line is in command mode behind it.
public struct OctetMarking: Sendable, Equatable {
    public let escape: UInt8
    public let end: UInt8

    /// - Precondition: the two differ.
    public init(escape: UInt8, end: UInt8) {
        precondition(escape != end, "the two marks differ")
        self.escape = escape
        self.end = end
    }

    /// Payload as it goes on the line: at most twice as long.
    public func encoded(_ payload: ByteBuffer) -> ByteBuffer {
        var result = ByteBuffer()
        result.reserveCapacity(payload.readableBytes + payload.readableBytes / 64 + 16)
        var rest = payload.readableBytesView
        while let next = rest.firstIndex(where: { $0 == escape || $0 == end }) {
            result.writeBytes(rest[..<next])
            result.writeInteger(escape)
            result.writeInteger(rest[next])
            rest = rest[rest.index(after: next)...]
        }
        result.writeBytes(rest)
        return result
    }

    /// What a decoder makes of octets.
    public struct Decoded: Sendable, Equatable {
        public var payload: ByteBuffer
        /// What stands behind a bare end mark, as it came; nil: there was none.
        public var behindEnd: ByteBuffer?

        public init(payload: ByteBuffer, behindEnd: ByteBuffer? = nil) {
            self.payload = payload
            self.behindEnd = behindEnd
        }
    }

    /// Takes the marks out of what came from the line, in any pieces. Behind a bare end mark nothing is decoded any more.
    ///
    /// The octet behind an escape is payload, whatever it is.
    public struct Decoder: Sendable {
        private let marking: OctetMarking
        private var isEscaped = false
        private var hasEnded = false

        public init(_ marking: OctetMarking) {
            self.marking = marking
        }

        public mutating func decode(_ octets: ByteBuffer) -> Decoded {
            guard !hasEnded else { return Decoded(payload: ByteBuffer(), behindEnd: octets) }
            var payload = ByteBuffer()
            payload.reserveCapacity(octets.readableBytes)
            var rest = octets.readableBytesView
            if isEscaped, let first = rest.first {
                isEscaped = false
                payload.writeInteger(first)
                rest = rest.dropFirst()
            }
            while let next = rest.firstIndex(where: { $0 == marking.escape || $0 == marking.end }) {
                payload.writeBytes(rest[..<next])
                let behind = rest[rest.index(after: next)...]
                guard rest[next] == marking.escape else {
                    hasEnded = true
                    return Decoded(payload: payload, behindEnd: ByteBuffer(bytes: behind))
                }
                guard let literal = behind.first else {
                    isEscaped = true
                    return Decoded(payload: payload)
                }
                payload.writeInteger(literal)
                rest = behind.dropFirst()
            }
            payload.writeBytes(rest)
            return Decoded(payload: payload)
        }
    }
}
