public import NIOCore

/// Frames of RFC 1144 to packets again, for the other direction of a link.
///
/// Keeps a header of at most 120 octets for each slot. A frame that was lost makes wrong what follows on its connection, up to
/// the next uncompressed one; TCP's checksum, which came with the packet, lets none of it pass. `lineDamaged()` drops at least
/// what may belong to another slot than it seems (RFC 1144 §4.1).
public struct VJDecompressor: Sendable {
    public enum Failure: Error, Sendable, Equatable {
        /// Another protocol than 0021, 002D and 002F.
        case unknownProtocol
        /// The header ends early, is none of TCP in IPv4, or its own checksum is wrong.
        case malformed
        /// It names a slot that was not agreed, or one that nothing has come for.
        case unknownSlot
        /// It names no slot, and the last frame that did may be lost.
        case slotInDoubt
        /// More than 65,535 octets would come of it.
        case tooLong
    }

    private enum Last {
        case slot(Int)
        /// Nothing has come, or something was damaged since.
        case inDoubt
    }

    private var headers: [VJHeader?]
    private var last = Last.inDoubt

    /// - Parameter slotCount: 1 to 256; our Max-Slot-Id and one more.
    public init(slotCount: Int = 16) {
        headers = Array(repeating: nil, count: min(max(slotCount, 1), 256))
    }

    /// A frame was dropped for its FCS, its length or its sender's abort: whatever protocol it had.
    public mutating func lineDamaged() {
        last = .inDoubt
    }

    /// The packet that a frame of protocol 0021, 002D or 002F stands for. After a failure the slot is in doubt.
    public mutating func decompress(_ frame: PPPFrame) throws(Failure) -> ByteBuffer {
        do throws(Failure) {
            switch frame.protocolNumber {
            case VJ.ipv4: return frame.information
            case VJ.uncompressed: return try learn(frame.information)
            case VJ.compressed: return try rebuild(frame.information)
            default: throw .unknownProtocol
            }
        } catch {
            last = .inDoubt
            throw error
        }
    }

    private mutating func learn(_ information: ByteBuffer) throws(Failure) -> ByteBuffer {
        var packet = information
        guard let header = VJHeader(ofUncompressed: packet.readableBytesView),
            let number = packet.getInteger(at: packet.readerIndex + 9, as: UInt8.self).map(Int.init)
        else { throw .malformed }
        guard headers.indices.contains(number) else { throw .unknownSlot }
        headers[number] = header
        last = .slot(number)
        packet.setBytes(header.octets, at: packet.readerIndex)
        return packet
    }

    private mutating func rebuild(_ information: ByteBuffer) throws(Failure) -> ByteBuffer {
        var rest = information
        let mask = VJ.Mask(rawValue: try Self.octet(&rest))
        if mask.contains(.slot) { last = .slot(Int(try Self.octet(&rest))) }
        guard case .slot(let number) = last else { throw .slotInDoubt }
        guard headers.indices.contains(number), var header = headers[number] else { throw .unknownSlot }
        guard let checksum: UInt16 = rest.readInteger() else { throw .malformed }
        header.checksum = checksum
        header.isPushed = mask.contains(.push)
        let carried = UInt32(header.payloadCount)
        header.isUrgent = false
        switch mask.intersection(.changes) {
        case VJ.Mask.echo:
            header.acknowledgement &+= carried
            header.sequence &+= carried
        case VJ.Mask.data: header.sequence &+= carried
        case let changes:
            if changes.contains(.urgent) {
                header.isUrgent = true
                header.urgentPointer = try Self.value(&rest)
            }
            if changes.contains(.window) { header.window &+= try Self.value(&rest) }
            if changes.contains(.acknowledgement) { header.acknowledgement &+= UInt32(try Self.value(&rest)) }
            if changes.contains(.sequence) { header.sequence &+= UInt32(try Self.value(&rest)) }
        }
        header.identification &+= mask.contains(.identification) ? try Self.value(&rest) : 1
        guard header.setPayloadCount(rest.readableBytes) else { throw .tooLong }
        headers[number] = header
        var packet = ByteBuffer()
        packet.reserveCapacity(header.count + rest.readableBytes)
        packet.writeBytes(header.octets)
        packet.writeBuffer(&rest)
        return packet
    }

    private static func octet(_ rest: inout ByteBuffer) throws(Failure) -> UInt8 {
        guard let octet: UInt8 = rest.readInteger() else { throw .malformed }
        return octet
    }

    /// 1 to 255 as one octet, all others as 0 and two.
    private static func value(_ rest: inout ByteBuffer) throws(Failure) -> UInt16 {
        let octet = try octet(&rest)
        guard octet == 0 else { return UInt16(octet) }
        guard let value: UInt16 = rest.readInteger() else { throw .malformed }
        return value
    }
}
