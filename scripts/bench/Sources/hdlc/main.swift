import CFrames
import NIOCore
import PPP

// How fast frames of 1,500 octets are put on the line and taken from it, in reads of 4,095 octets, as a tty gives them; beside
// a loop in C (-O3, eight octets at a time, FCS by sixteen), in turns with it. C reads the line in one piece and gives no frame to
// anyone: it is the floor. Megabytes of payload a second, the median of all rounds;
// the ratio is the median of the rounds' ratios, which says more than the rates do on a machine that has other work.
// Usage: swift run -c release hdlc [ROUNDS]     default: 15

let rounds = max(1, CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 15)
let frameCount = 4_000
let payloadOctets = 1_500

struct Case {
    let name: String
    let accm: UInt32
    let payloads: [ByteBuffer]
    /// For C: with address, control and protocol.
    let frames: [[UInt8]]

    init(_ name: String, accm: UInt32, octets: ClosedRange<UInt8>) {
        var generator = LinearGenerator()
        self.name = name
        self.accm = accm
        frames = (0..<64).map { _ in
            [0xFF, 0x03, 0x00, 0x21] + (0..<payloadOctets).map { _ in UInt8.random(in: octets, using: &generator) }
        }
        payloads = frames.map { ByteBuffer(bytes: $0.dropFirst(4)) }
    }

    func encode(into line: inout ByteBuffer) {
        line.clear()
        var encoder = HDLCEncoder(format: FrameFormat(accm: accm))
        for index in 0..<frameCount {
            encoder.encode(protocol: 0x0021, payloads[index % 64].readableBytesView, into: &line)
        }
    }

    func encodeInC(into line: inout [UInt8]) -> Int {
        var count = 0
        line.withUnsafeMutableBufferPointer { line in
            for index in 0..<frameCount {
                frames[index % 64].withUnsafeBufferPointer { frame in
                    count += reference_encode(frame.baseAddress, frame.count, accm, line.baseAddress! + count)
                }
            }
        }
        return count
    }

    /// Payload octets that came.
    func decode(_ reads: [ByteBuffer]) -> Int {
        var decoder = HDLCDecoder(accm: accm)
        var outputs: [HDLCDecoder.Output] = []
        var total = 0
        for read in reads {
            var read = read
            while read.readableBytes > 0 { decoder.decode(&read, into: &outputs) }
            for case .frame(let frame) in outputs { total += frame.information.readableBytes }
            outputs.removeAll(keepingCapacity: true)
        }
        return total
    }
}

struct LinearGenerator: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 33)
    }
}

func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
}

/// Both in turns.
func report(_ name: String, _ ours: () -> Void, _ theirs: () -> Void) {
    let clock = ContinuousClock()
    let megabytes = Double(frameCount * payloadOctets) / 1e6
    var rates: [(Double, Double)] = []
    for _ in 0...rounds {
        let first = clock.measure(ours)
        let second = clock.measure(theirs)
        rates.append((megabytes / (first / .seconds(1)), megabytes / (second / .seconds(1))))
    }
    // The first round warms both up.
    rates.removeFirst()
    let columns = [median(rates.map(\.0)), median(rates.map(\.1))].map { "\(Int($0.rounded()))" }
    let ratio = "\((median(rates.map { $0.0 / $0.1 }) * 100).rounded() / 100)"
    print(
        name + String(repeating: " ", count: max(1, 34 - name.count))
            + (columns + [ratio]).map { String(repeating: " ", count: max(0, 8 - $0.count)) + $0 }.joined())
}

reference_prepare()
print("MB/s" + String(repeating: " ", count: 33) + "Swift       C   ratio")
for accm: UInt32 in [0, 0xFFFF_FFFF] {
    for (words, octets) in [("random", 0x00...0xFF), ("printable", 0x20...0x7E)] as [(String, ClosedRange<UInt8>)] {
        let name = "\(words), ACCM \(accm == 0 ? "0" : "ffffffff")"
        let work = Case(name, accm: accm, octets: octets)
        var line = ByteBuffer()
        work.encode(into: &line)
        var room = [UInt8](repeating: 0, count: frameCount * 2 * (payloadOctets + 12))
        // The encoder's line begins with a flag.
        let count = work.encodeInC(into: &room)
        precondition(Array(line.readableBytesView.dropFirst()) == Array(room[..<count]), "the two lines differ")
        report("encode \(name)", { work.encode(into: &line) }, { _ = work.encodeInC(into: &room) })

        let octetsOfLine = line.readableBytes
        let reads = stride(from: 0, to: octetsOfLine, by: 4_095).compactMap {
            line.getSlice(at: line.readerIndex + $0, length: min(4_095, octetsOfLine - $0))
        }
        var frame = [UInt8](repeating: 0, count: payloadOctets + 6)
        func decodeInC() -> Int {
            room.withUnsafeBufferPointer { line in
                frame.withUnsafeMutableBufferPointer {
                    reference_decode(line.baseAddress, count, work.accm, $0.baseAddress, $0.count)
                }
            }
        }
        precondition(work.decode(reads) == frameCount * payloadOctets, "frames were lost")
        precondition(decodeInC() == frameCount * (payloadOctets + 4), "C lost frames")
        report("decode \(name)", { _ = work.decode(reads) }, { _ = decodeInC() })
    }
}
