import NIOCore

// Van Jacobson's header compression on an open IPCP, each way for itself (RFC 1332 §4).
extension PPPLink {
    var wantsCompression: Bool { configuration.ipv4?.headerCompression != nil }

    /// IPCP is open: each opening begins without any header.
    mutating func compressHeaders() {
        compressor = ipcp?.policy.peerCompression.map {
            VJCompressor(slotCount: $0.slots, compressesSlot: $0.compressesSlot)
        }
        decompressor = ipcp?.policy.compression.map { VJDecompressor(slotCount: $0.slots) }
    }

    /// A frame of protocol 002D or 002F. One that stands for no packet is dropped, and TCP repeats it.
    mutating func decompress(_ frame: PPPFrame) {
        guard ipcp?.isOpened == true, let packet = try? decompressor?.decompress(frame) else {
            counted.packetsDroppedIn += 1
            return
        }
        if frame.protocolNumber == PPPProtocol.compressedTCP { counted.compressedIn += 1 }
        deliver(packet, protocol: PPPProtocol.ipv4)
    }
}
