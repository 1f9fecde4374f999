/// TCP/IP header compression of Van Jacobson (RFC 1144): a header of 40 octets becomes 3 to 19.
///
/// Each direction keeps the last header of each connection in a slot, and sends what has changed since:
///
///     mask | [slot] | TCP checksum (2) | [urgent pointer] | [Δ window] | [Δ acknowledgement] | [Δ sequence] | [Δ IP id]
///
/// The mask says which of them are there; a Δ is one octet, or 0 and two more. Two masks that few packets would need
/// stand for what most packets do. The TCP checksum is the packet's own, so that TCP finds what a loss before it has made wrong.
enum VJ {
    static let ipv4: UInt16 = 0x0021
    static let compressed: UInt16 = 0x002D
    static let uncompressed: UInt16 = 0x002F

    struct Mask: OptionSet {
        var rawValue: UInt8

        static let urgent = Mask(rawValue: 0x01)
        static let window = Mask(rawValue: 0x02)
        static let acknowledgement = Mask(rawValue: 0x04)
        static let sequence = Mask(rawValue: 0x08)
        static let push = Mask(rawValue: 0x10)
        static let identification = Mask(rawValue: 0x20)
        static let slot = Mask(rawValue: 0x40)

        static let changes: Mask = [.sequence, .acknowledgement, .window, .urgent]
        /// Sequence and acknowledgement grew by what the packet before carried: echoed typing.
        static let echo: Mask = [.sequence, .window, .urgent]
        /// The sequence alone grew by it: bulk data.
        static let data: Mask = [.sequence, .acknowledgement, .window, .urgent]
    }
}
