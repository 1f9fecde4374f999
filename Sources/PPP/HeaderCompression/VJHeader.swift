import NIOCore

/// The IPv4 and TCP header of one packet, with their options: 40 to 120 octets.
///
/// Every offset below was checked when it was made: the lengths that it names are those that it has.
struct VJHeader: Sendable, Equatable {
    private(set) var octets: [UInt8]
    private let tcp: Int

    /// nil: no whole TCP packet in IPv4, or one whose header is not as these rules make it again (RFC 1144 §3.2.3): a fragment,
    /// another length or checksum of IP than the packet's.
    init?(of packet: ByteBufferView) {
        guard let header = Self(packet), header.octets[9] == Self.tcpProtocol, header.totalLength == packet.count,
            header.isWhole
        else { return nil }
        var again = header
        guard again.setPayloadCount(packet.count - header.count), again == header else { return nil }
        self = header
    }

    /// What an uncompressed TCP frame carries: with the slot in place of the protocol number.
    init?(ofUncompressed packet: ByteBufferView) {
        guard var header = Self(packet), header.totalLength == packet.count else { return nil }
        header.octets[9] = Self.tcpProtocol
        guard header.isWhole, Self.sum(header.octets[..<header.tcp]) == 0xFFFF else { return nil }
        self = header
    }

    private init?(_ packet: ByteBufferView) {
        let head = Array(packet.prefix(120))
        guard let first = head.first, first >> 4 == 4, head.count >= 40 else { return nil }
        let tcp = Int(first & 0x0F) * 4
        guard tcp >= 20, tcp + 20 <= head.count else { return nil }
        let length = Int(head[tcp + 12] >> 4) * 4
        guard length >= 20, tcp + length <= head.count else { return nil }
        octets = Array(head[..<(tcp + length)])
        self.tcp = tcp
    }

    private static let tcpProtocol: UInt8 = 6

    private func word(_ offset: Int) -> UInt16 {
        UInt16(octets[offset]) << 8 | UInt16(octets[offset + 1])
    }

    private mutating func set(_ word: UInt16, at offset: Int) {
        octets[offset] = UInt8(truncatingIfNeeded: word >> 8)
        octets[offset + 1] = UInt8(truncatingIfNeeded: word)
    }

    private func long(_ offset: Int) -> UInt32 {
        UInt32(word(offset)) << 16 | UInt32(word(offset + 2))
    }

    private mutating func set(_ long: UInt32, at offset: Int) {
        set(UInt16(truncatingIfNeeded: long >> 16), at: offset)
        set(UInt16(truncatingIfNeeded: long), at: offset + 2)
    }

    var count: Int { octets.count }
    var totalLength: Int { Int(word(2)) }
    /// Octets behind the header.
    var payloadCount: UInt16 { word(2) &- UInt16(truncatingIfNeeded: octets.count) }
    private var isWhole: Bool { word(6) & 0x3FFF == 0 }

    var identification: UInt16 {
        get { word(4) }
        set { set(newValue, at: 4) }
    }
    var sequence: UInt32 {
        get { long(tcp + 4) }
        set { set(newValue, at: tcp + 4) }
    }
    var acknowledgement: UInt32 {
        get { long(tcp + 8) }
        set { set(newValue, at: tcp + 8) }
    }
    var window: UInt16 {
        get { word(tcp + 14) }
        set { set(newValue, at: tcp + 14) }
    }
    var checksum: UInt16 {
        get { word(tcp + 16) }
        set { set(newValue, at: tcp + 16) }
    }
    var urgentPointer: UInt16 {
        get { word(tcp + 18) }
        set { set(newValue, at: tcp + 18) }
    }
    var isPushed: Bool {
        get { octets[tcp + 13] & Self.push != 0 }
        set { octets[tcp + 13] = octets[tcp + 13] & ~Self.push | (newValue ? Self.push : 0) }
    }
    var isUrgent: Bool {
        get { octets[tcp + 13] & Self.urgent != 0 }
        set { octets[tcp + 13] = octets[tcp + 13] & ~Self.urgent | (newValue ? Self.urgent : 0) }
    }

    private static let push: UInt8 = 0x08
    private static let urgent: UInt8 = 0x20
    private static let ack: UInt8 = 0x10
    /// FIN, SYN, RST and ACK.
    private static let states: UInt8 = 0x17

    /// Whether it opens, closes or resets nothing: such packets go as they are, and teach nothing (RFC 1144 §3.2.3).
    var isPlain: Bool { octets[tcp + 13] & Self.states == Self.ack }

    /// Addresses and ports.
    func isOfSameConnection(as other: VJHeader) -> Bool {
        octets[12..<20] == other.octets[12..<20]
            && octets[tcp..<(tcp + 4)] == other.octets[other.tcp..<(other.tcp + 4)]
    }

    /// Whether all that no compressed header tells is as in `other`. The flags besides PSH and URG are among it: RFC 3168 has
    /// given a meaning to two that RFC 1144 takes for constant.
    func hasSameConstants(as other: VJHeader) -> Bool {
        var (mine, others) = (self, other)
        for offset in [2, 3, 4, 5, 10, 11] { (mine.octets[offset], others.octets[offset]) = (0, 0) }
        (mine.sequence, others.sequence) = (0, 0)
        (mine.acknowledgement, others.acknowledgement) = (0, 0)
        (mine.window, others.window) = (0, 0)
        (mine.checksum, others.checksum) = (0, 0)
        (mine.urgentPointer, others.urgentPointer) = (0, 0)
        (mine.isPushed, others.isPushed) = (false, false)
        (mine.isUrgent, others.isUrgent) = (false, false)
        return mine == others
    }

    /// Of a packet with so many octets behind the header; its own checksum with it. False: longer than a packet can be.
    mutating func setPayloadCount(_ payload: Int) -> Bool {
        guard let total = UInt16(exactly: octets.count + payload) else { return false }
        set(total, at: 2)
        set(0 as UInt16, at: 10)
        set(~Self.sum(octets[..<tcp]), at: 10)
        return true
    }

    /// One's complement sum of words (RFC 1071); of a good header, with its checksum, FFFF.
    private static func sum(_ octets: ArraySlice<UInt8>) -> UInt16 {
        var sum: UInt32 = 0
        for (index, octet) in octets.enumerated() { sum += index % 2 == 0 ? UInt32(octet) << 8 : UInt32(octet) }
        sum = (sum & 0xFFFF) + sum >> 16
        sum = (sum & 0xFFFF) + sum >> 16
        return UInt16(truncatingIfNeeded: sum)
    }
}
