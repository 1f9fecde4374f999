import NIOCore
import PPP

/// The first octet chooses the map and the split. Frames and counters are the same for any split; what is kept is
/// bounded; and what was taken comes back when it is sent again, by way of every format.
func fuzzHDLC(_ octets: [UInt8]) {
    guard let first = octets.first else { return }
    let accm: UInt32 = [0, 0xFFFF_FFFF, 0x000A_0000, 0x0000_2400][Int(first >> 6)]
    let limit = 64
    func decoded(_ pieces: [ArraySlice<UInt8>]) -> ([HDLCDecoder.Output], FrameCounters) {
        var decoder = HDLCDecoder(accm: accm, informationLimit: limit)
        var outputs: [HDLCDecoder.Output] = []
        for piece in pieces {
            var piece = ByteBuffer(bytes: piece)
            while piece.readableBytes > 0 { decoder.decode(&piece, into: &outputs) }
            require(decoder.bufferedOctets <= limit + 6 + 256, "more kept than a frame and a line")
        }
        return (outputs, decoder.counters)
    }
    let line = octets.dropFirst()
    let whole = decoded([line])
    let cut = decoded(pieces([first % 64] + line))
    require(cut.1 == whole.1, "a split that changes what is counted")
    require(framesOf(cut.0) == framesOf(whole.0), "a split that changes what is read")
    for frame in framesOf(whole.0) {
        for bits in 0..<4 {
            let format = FrameFormat(
                accm: accm, compressesProtocol: bits & 1 != 0, compressesAddressAndControl: bits & 2 != 0)
            var again = ByteBuffer()
            var encoder = HDLCEncoder(format: format)
            encoder.encode(frame, into: &again)
            let outputs = decoded([Array(again.readableBytesView)[...]]).0
            // Two octets of frame and FCS alone are too short for any receiver.
            let isShort = frame.information.readableBytes == 0
            require(isShort || outputs == [.frame(frame)], "a frame that does not come back")
        }
    }
}

private func framesOf(_ outputs: [HDLCDecoder.Output]) -> [PPPFrame] {
    outputs.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
}

/// Each line of the input is a frame, of the protocol that its first octet chooses: nothing grows, and no packet is longer than IP
/// allows. And each is a packet that is sent: it comes out as it went in.
func fuzzVJ(_ octets: [UInt8]) {
    guard let first = octets.first else { return }
    let slots = Int(first % 4) + 1
    var hostile = VJDecompressor(slotCount: slots)
    var compressor = VJCompressor(slotCount: slots, compressesSlot: first & 0x80 != 0)
    var decompressor = VJDecompressor(slotCount: slots)
    for record in records(octets.dropFirst()) {
        guard let kind = record.first else { continue }
        let information = ByteBuffer(bytes: record.dropFirst())
        switch kind % 4 {
        case 0: hostile.lineDamaged()
        case 1: _ = try? hostile.decompress(PPPFrame(protocolNumber: 0x002F, information: information))
        default:
            if let packet = try? hostile.decompress(PPPFrame(protocolNumber: 0x002D, information: information)) {
                require(packet.readableBytes <= 65_535, "a packet that IP has not")
                passesThrough(packet, &compressor, &decompressor)
            }
        }
        passesThrough(information, &compressor, &decompressor)
    }
}

private func passesThrough(_ packet: ByteBuffer, _ compressor: inout VJCompressor, _ decompressor: inout VJDecompressor)
{
    let frame = compressor.compress(packet)
    require(frame.information.readableBytes <= packet.readableBytes, "a packet that grew")
    require((try? decompressor.decompress(frame)) == packet, "a packet that does not come back")
}

/// Records of an octet of length and as many octets.
private func records(_ octets: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    var rest = octets
    var records: [ArraySlice<UInt8>] = []
    while let length = rest.first, records.count < 64 {
        records.append(rest.dropFirst().prefix(Int(length)))
        rest = rest.dropFirst(Int(length) + 1)
    }
    return records
}
