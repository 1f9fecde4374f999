import NIOCore

/// As much of an IP header as a link has to know (RFC 791 §3.1, RFC 8200 §3).
enum IPPacket {
    /// The protocol that carries a packet; nil where it is no IP packet.
    static func protocolNumber(of packet: ByteBuffer) -> UInt16? {
        switch packet.getInteger(at: packet.readerIndex, as: UInt8.self).map({ $0 >> 4 }) {
        case 4: PPPProtocol.ipv4
        case 6: PPPProtocol.ipv6
        case nil, .some: nil
        }
    }

    /// The packet without the padding of its frame; nil where it is none of this protocol, or less than its header says.
    static func trimmed(_ information: ByteBuffer, protocol number: UInt16) -> ByteBuffer? {
        guard protocolNumber(of: information) == number else { return nil }
        let length: Int
        if number == PPPProtocol.ipv4 {
            guard let total = information.getInteger(at: information.readerIndex + 2, as: UInt16.self), total >= 20
            else { return nil }
            length = Int(total)
        } else {
            guard let payload = information.getInteger(at: information.readerIndex + 4, as: UInt16.self) else {
                return nil
            }
            length = Int(payload) + 40
        }
        return information.getSlice(at: information.readerIndex, length: length)
    }
}
