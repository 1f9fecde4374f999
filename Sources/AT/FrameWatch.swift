/// Counts what begins like a frame of PPP in HDLC-like framing (RFC 1662 §3.1) or of a multiplexer (3GPP TS 27.010 §5.2.1), in
/// octets of which nothing is known.
///
/// A flag alone is a tilde of some text. Behind the flag of a frame stands the address (0xFF, with control 0x03 or its escape),
/// or where that is compressed the protocol of LCP, a network protocol, or IP (RFC 1661 §2, RFC 1332, RFC 5072).
struct FrameWatch: Sendable, Equatable {
    private(set) var frames = 0
    private(set) var muxFlags = 0
    private var place = Place.outside

    private enum Place: Sendable, Equatable {
        case outside
        case flag
        case address
        /// The first octet of a protocol field, which needs this second one.
        case highOctet(second: ClosedRange<UInt8>)
    }

    mutating func take(_ octet: UInt8) {
        if octet == 0xF9 { muxFlags = min(muxFlags + 1, Self.limit) }
        switch (place, octet) {
        case (_, 0x7E): place = .flag
        case (.flag, 0xFF): place = .address
        case (.flag, 0xC0): place = .highOctet(second: 0x21...0x21)
        case (.flag, 0x80): place = .highOctet(second: 0x21...0x57)
        case (.flag, 0x21), (.flag, 0x57): place = .highOctet(second: 0x45...0x6F)
        case (.address, 0x03), (.address, 0x7D): found()
        case (.highOctet(let second), let octet) where second.contains(octet): found()
        case (.outside, _), (.flag, _), (.address, _), (.highOctet, _): place = .outside
        }
    }

    private mutating func found() {
        frames = min(frames + 1, Self.limit)
        place = .outside
    }

    private static let limit = 1_000
}
