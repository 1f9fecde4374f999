import NIOCore

/// Base64 in lines of 76 columns (RFC 2045 §6.8), incremental; any split of the input gives the same output.
struct Base64Encoder {
    /// Octets that make one full line.
    static let lineOctets = 57
    private var held: [UInt8] = []
    private var line = [UInt8](repeating: 0, count: 78)

    init() {
        held.reserveCapacity(Self.lineOctets)
        line[76] = 0x0D
        line[77] = 0x0A
    }

    /// The exact length of what becomes of `octets`, line ends included.
    static func length(of octets: Int) -> Int {
        (octets + 2) / 3 * 4 + (octets + lineOctets - 1) / lineOctets * 2
    }

    mutating func encode(_ octets: Span<UInt8>, into buffer: inout ByteBuffer) {
        var index = 0
        if !held.isEmpty {
            while held.count < Self.lineOctets, index < octets.count {
                held.append(octets[index])
                index += 1
            }
            guard held.count == Self.lineOctets else { return }
            let full = held
            held = []
            write(full.span, from: 0, into: &buffer)
        }
        while octets.count - index >= Self.lineOctets {
            write(octets, from: index, into: &buffer)
            index += Self.lineOctets
        }
        while index < octets.count {
            held.append(octets[index])
            index += 1
        }
    }

    /// The last, shorter line.
    mutating func finish(into buffer: inout ByteBuffer) {
        guard !held.isEmpty else { return }
        buffer.writeBytes(Base64.encode(held))
        buffer.writeBytes([0x0D, 0x0A])
        held = []
    }

    private mutating func write(_ octets: Span<UInt8>, from start: Int, into buffer: inout ByteBuffer) {
        let digits = Base64.digits
        var input = start
        var output = 0
        while output < 76 {
            let group = Int(octets[input]) << 16 | Int(octets[input + 1]) << 8 | Int(octets[input + 2])
            line[output] = digits[group >> 18]
            line[output + 1] = digits[group >> 12 & 63]
            line[output + 2] = digits[group >> 6 & 63]
            line[output + 3] = digits[group & 63]
            input += 3
            output += 4
        }
        buffer.writeBytes(line)
    }
}

/// Base64 without line ends, for encoded words and last lines.
enum Base64 {
    static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ octets: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((octets.count + 2) / 3 * 4)
        for start in stride(from: 0, to: octets.count, by: 3) {
            let count = min(3, octets.count - start)
            var group = 0
            for index in 0..<3 { group = group << 8 | (index < count ? Int(octets[start + index]) : 0) }
            for index in 0..<4 {
                result.append(index <= count ? digits[group >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return result
    }
}
