public import NIOCore

/// Packets of TCP in IPv4 to frames, as RFC 1144 §3.2.3 says, for one direction of a link.
///
/// Keeps a header of at most 120 octets for each slot. What it does not compress goes as it is, whatever it is.
public struct VJCompressor: Sendable {
    private struct Slot {
        let number: UInt8
        var header: VJHeader
    }

    /// How many connections the peer keeps: its Max-Slot-Id and one more (RFC 1332 §4).
    public let slotCount: Int
    /// Whether the peer knows without its number which slot is meant, when it is the last one's: its Comp-Slot-Id.
    public let compressesSlot: Bool
    /// The one that was used last comes first.
    private var slots: [Slot] = []
    /// Of the last frame that named one.
    private var lastSent: UInt8?

    /// - Parameter slotCount: 1 to 256.
    public init(slotCount: Int = 16, compressesSlot: Bool) {
        self.slotCount = min(max(slotCount, 1), 256)
        self.compressesSlot = compressesSlot
    }

    /// The frame that stands for one IPv4 packet: protocol 0021, 002D or 002F.
    public mutating func compress(_ packet: ByteBuffer) -> PPPFrame {
        guard let header = VJHeader(of: packet.readableBytesView), header.isPlain else {
            return PPPFrame(protocolNumber: VJ.ipv4, information: packet)
        }
        guard let index = slots.firstIndex(where: { $0.header.isOfSameConnection(as: header) }) else {
            return uncompressed(packet, slot: takeSlot(for: header))
        }
        var slot = slots.remove(at: index)
        let before = slot.header
        slot.header = header
        slots.insert(slot, at: 0)
        guard header.hasSameConstants(as: before), let changes = Changes(from: before, to: header) else {
            return uncompressed(packet, slot: slot.number)
        }
        return compressed(packet, changes, header, slot: slot.number)
    }

    private mutating func takeSlot(for header: VJHeader) -> UInt8 {
        var number = UInt8(truncatingIfNeeded: slots.count)
        if slots.count == slotCount, let oldest = slots.popLast() { number = oldest.number }
        slots.insert(Slot(number: number, header: header), at: 0)
        return number
    }

    private mutating func uncompressed(_ packet: ByteBuffer, slot: UInt8) -> PPPFrame {
        lastSent = slot
        var packet = packet
        // The protocol number, which is TCP's for sure.
        packet.setInteger(slot, at: packet.readerIndex + 9)
        return PPPFrame(protocolNumber: VJ.uncompressed, information: packet)
    }

    private mutating func compressed(
        _ packet: ByteBuffer, _ changes: Changes, _ header: VJHeader, slot: UInt8
    ) -> PPPFrame {
        var mask = changes.mask
        if header.isPushed { mask.insert(.push) }
        let namesSlot = !compressesSlot || lastSent != slot
        if namesSlot { mask.insert(.slot) }
        lastSent = slot
        var octets = [mask.rawValue]
        if namesSlot { octets.append(slot) }
        octets.append(UInt8(truncatingIfNeeded: header.checksum >> 8))
        octets.append(UInt8(truncatingIfNeeded: header.checksum))
        octets += changes.octets
        var packet = packet
        // At most 19 octets take the place of at least 40.
        packet.moveReaderIndex(forwardBy: header.count - octets.count)
        packet.setBytes(octets, at: packet.readerIndex)
        return PPPFrame(protocolNumber: VJ.compressed, information: packet)
    }
}

extension VJCompressor {
    /// What a compressed header tells of one packet, behind the checksum.
    private struct Changes {
        private(set) var mask: VJ.Mask = []
        private(set) var octets: [UInt8] = []

        /// nil: it cannot be told, or the packet repeats one that may have been lost.
        init?(from old: VJHeader, to new: VJHeader) {
            guard new.isUrgent || new.urgentPointer == old.urgentPointer,
                let acknowledged = UInt16(exactly: new.acknowledgement &- old.acknowledgement),
                let sent = UInt16(exactly: new.sequence &- old.sequence)
            else { return nil }
            if new.isUrgent { add(new.urgentPointer, .urgent) }
            if new.window != old.window { add(new.window &- old.window, .window) }
            if acknowledged != 0 { add(acknowledged, .acknowledgement) }
            if sent != 0 { add(sent, .sequence) }
            // A receiver may keep URG as it was behind these two masks.
            let isSpecial = sent == old.payloadCount && !old.isUrgent
            switch mask {
            case []:
                // Data behind a bare acknowledgement; else a repetition or a probe.
                guard old.payloadCount == 0, new.payloadCount != 0 else { return nil }
            case VJ.Mask.echo, VJ.Mask.data: return nil
            case [.sequence, .acknowledgement] where isSpecial && sent == acknowledged: (mask, octets) = (.echo, [])
            case .sequence where isSpecial: (mask, octets) = (.data, [])
            default: break
            }
            let step = new.identification &- old.identification
            if step != 1 { add(step, .identification) }
        }

        /// 1 to 255 as one octet, all others as 0 and two.
        private mutating func add(_ value: UInt16, _ change: VJ.Mask) {
            mask.insert(change)
            let (high, low) = (UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value))
            octets += value != 0 && high == 0 ? [low] : [0, high, low]
        }
    }
}
