import AT
import Glibc
import Modem
import NIOCore

// How fast the framer takes a modem's octets apart, in reads of 4,095 octets, as a tty gives them. Beside it, in the same run:
// memchr(3) over the same reads and a copy of each line, which is the least that any reader of lines must do.
// Usage: swift run -c release framer [MEGABYTES]     default: 64

let megabytes = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 64
let total = max(1, megabytes) * 1_000_000

/// The octets over and over, up to `total`, in reads.
func reads(of unit: [UInt8]) -> [ByteBuffer] {
    var octets: [UInt8] = []
    octets.reserveCapacity(total + unit.count)
    while octets.count < total { octets += unit }
    return stride(from: 0, to: octets.count, by: 4_095).map {
        ByteBuffer(bytes: octets[$0..<min($0 + 4_095, octets.count)])
    }
}

/// Megabytes a second.
func rate(_ reads: [ByteBuffer], _ body: ([ByteBuffer]) -> Int) -> (rate: Double, items: Int) {
    let clock = ContinuousClock()
    var best = 0.0
    var items = 0
    let octets = reads.reduce(0) { $0 + $1.readableBytes }
    for _ in 0..<3 {
        let duration = clock.measure { items = body(reads) }
        best = max(best, Double(octets) / 1e6 / (duration / .seconds(1)))
    }
    return (best, items)
}

func frame(_ reads: [ByteBuffer], expectation: LineFramer.Expectation) -> Int {
    var framer = LineFramer()
    framer.introducers = Quectel(mode: .buffer).introducers
    framer.expectation = expectation
    var items = 0
    for read in reads {
        framer.append(read)
        while framer.next() != nil { items += 1 }
    }
    return items
}

/// The floor: the line ends of each read, and a copy of what stands between them.
func split(_ reads: [ByteBuffer]) -> Int {
    var items = 0
    var line: [UInt8] = []
    for read in reads {
        read.withUnsafeReadableBytes { octets in
            var rest = octets[...]
            while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, let end = memchr(base, 0x0A, rest.count) {
                let count = UnsafeRawPointer(end) - base + 1
                line.append(contentsOf: rest.prefix(count))
                if line.count > 2 { items += 1 }
                line.removeAll(keepingCapacity: true)
                rest = rest.dropFirst(count)
            }
            line.append(contentsOf: rest)
        }
    }
    return items
}

func report(_ name: String, _ unit: [UInt8], expectation: LineFramer.Expectation = .lines) {
    let reads = reads(of: unit)
    let ours = rate(reads) { frame($0, expectation: expectation) }
    let floor = rate(reads, split)
    let columns = [ours.rate, floor.rate].map { "\(Int($0.rounded()))" }.map {
        String(repeating: " ", count: max(0, 10 - $0.count)) + $0
    }
    print(name + String(repeating: " ", count: max(1, 34 - name.count)) + columns.joined() + "   \(ours.items) items")
}

let payload = (0..<1_460).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
print("MB/s" + String(repeating: " ", count: 34) + "framer    memchr")
report("short lines", Array("\r\n+CREG: 1,5\r\n\r\nOK\r\n".utf8))
report("counted payload of 1,460", Array("\r\n+QIRD: 1460\r\n".utf8) + payload + Array("\r\n\r\nOK\r\n".utf8))
report("data", payload, expectation: .data)
