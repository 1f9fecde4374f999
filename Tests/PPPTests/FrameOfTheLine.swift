import NIOCore
import PPP

/// A frame as RFC 1662 describes it, octet by octet and with none of the code under test.
struct FrameOfTheLine {
    var header: [UInt8] = [0xFF, 0x03]
    var protocolField: [UInt8]
    var information: [UInt8]
    var accm: UInt32 = 0

    /// RFC 1662 App. C.2 without its table: the remainder bit by bit.
    static func fcs(_ octets: [UInt8]) -> UInt16 {
        var remainder: UInt16 = 0xFFFF
        for octet in octets {
            for bit in 0..<8 {
                let isOne = (remainder ^ UInt16(octet >> bit)) & 1 == 1
                remainder = isOne ? (remainder >> 1) ^ 0x8408 : remainder >> 1
            }
        }
        return remainder
    }

    /// With address, control and FCS, as it is before it is made transparent.
    var plain: [UInt8] {
        let frame = header + protocolField + information
        let fcs = ~Self.fcs(frame)
        return frame + [UInt8(fcs & 0xFF), UInt8(fcs >> 8)]
    }

    /// Without flags (RFC 1662 §4.2).
    var octets: [UInt8] {
        plain.flatMap { octet -> [UInt8] in
            let isControl = octet < 0x20 && accm >> UInt32(octet) & 1 == 1
            return octet == 0x7D || octet == 0x7E || isControl ? [0x7D, octet ^ 0x20] : [octet]
        }
    }

    var flagged: [UInt8] { [0x7E] + octets + [0x7E] }
}

extension HDLCDecoder {
    /// All that comes of these octets, in pieces of these sizes and then the rest.
    mutating func outputs(of octets: [UInt8], cutting sizes: [Int] = []) -> [Output] {
        var outputs: [Output] = []
        var rest = octets[...]
        for size in sizes + [octets.count] where !rest.isEmpty {
            var piece = ByteBuffer(bytes: rest.prefix(size))
            rest = rest.dropFirst(size)
            while piece.readableBytes > 0 { decode(&piece, into: &outputs) }
        }
        return outputs
    }
}

extension HDLCDecoder.Output {
    static func frame(_ number: UInt16, _ information: [UInt8]) -> Self {
        .frame(PPPFrame(protocolNumber: number, information: ByteBuffer(bytes: information)))
    }

    static func text(_ words: String) -> Self {
        .text(ByteBuffer(string: words))
    }
}
