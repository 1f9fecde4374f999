import Modem
import NIOCore

/// What came from a line that is a socket: marks are taken out, and what may be the end text is held back.
struct OnlineInput: Sendable {
    private var decoder: OctetMarking.Decoder?
    private var scanner: EndTextScanner
    /// Whether a mark said that the connection broke. What came behind it is no payload.
    private(set) var hasEndMark = false

    /// - Parameter longestSuspicion: octets behind the whole end text from which on all is payload.
    init(_ carriage: OnlineCarriage, longestSuspicion: Int) {
        if case .marked(let marking) = carriage.framing { decoder = OctetMarking.Decoder(marking) }
        scanner = EndTextScanner(text: carriage.endText, longestSuspicion: longestSuspicion)
    }

    var suspicion: EndTextScanner.Suspicion { scanner.suspicion }

    mutating func append(_ octets: ByteBuffer) {
        guard var decoder else { return scanner.append(octets) }
        let decoded = decoder.decode(octets)
        self.decoder = decoder
        if decoded.payload.readableBytes > 0 { scanner.append(decoded.payload) }
        if decoded.behindEnd != nil { hasEndMark = true }
    }

    mutating func take(atMost: Int) -> ByteBuffer? { scanner.take(atMost: atMost) }

    /// The held octets are payload, all of them.
    mutating func release() { scanner.release() }

    /// The connection has ended: the end text is none, nor what stands behind it; a mere beginning of it is payload.
    mutating func end() {
        if scanner.suspicion == .whole { scanner.discardSuspicion() } else { scanner.release() }
    }
}
