import Modem
import NIOCore
import Support
import Testing

/// DLE and ETX within a stream (at-dialects 3.10, "Escaping, mode 1").
@Suite(.timeLimit(.minutes(5))) struct OctetMarkingTests {
    private let marking = OctetMarking(escape: 0x10, end: 0x03)

    private func decoded(_ pieces: [[UInt8]]) -> (payload: [UInt8], behindEnd: [UInt8]?) {
        var decoder = OctetMarking.Decoder(marking)
        var payload: [UInt8] = []
        var behind: [UInt8]?
        for piece in pieces {
            let decoded = decoder.decode(ByteBuffer(bytes: piece))
            payload += decoded.payload.readableBytesView
            if let more = decoded.behindEnd { behind = (behind ?? []) + more.readableBytesView }
        }
        return (payload, behind)
    }

    @Test func eachMarkOfThePayloadHasAnEscapeBeforeIt() {
        let samples: [([UInt8], [UInt8])] = [
            ([], []), ([0x41], [0x41]), ([0x03], [0x10, 0x03]), ([0x10], [0x10, 0x10]),
            ([0x10, 0x03, 0x0D], [0x10, 0x10, 0x10, 0x03, 0x0D]), ([0x41, 0x03, 0x42], [0x41, 0x10, 0x03, 0x42]),
        ]
        for (payload, line) in samples {
            #expect(Array(marking.encoded(ByteBuffer(bytes: payload)).readableBytesView) == line)
            #expect(decoded([line]) == (payload, nil))
        }
    }

    @Test func aBareMarkEndsTheStreamAndWhatIsBehindItIsNoPayload() {
        #expect(decoded([[0x41, 0x03, 0x0D, 0x10, 0x03]]) == ([0x41], [0x0D, 0x10, 0x03]))
        #expect(decoded([[0x03], [0x42]]) == ([], [0x42]))
        #expect(decoded([[0x41, 0x10], [0x03], [0x03], []]) == ([0x41, 0x03], []))
    }

    /// It means nothing by the manual; no octet of it is lost.
    @Test func anEscapeBeforeAnyOtherOctetMakesItPayload() {
        #expect(decoded([[0x10, 0x41, 0x10], [0x42]]) == ([0x41, 0x42], nil))
    }

    @Test func splitsMakeNoDifference() {
        for seed in UInt64(1)...300 {
            var random = SeededGenerator(seed: seed)
            let octets: [UInt8] = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                [0x03, 0x10, 0x10, 0x41, 0x0D].randomElement(using: &random) ?? 0
            }
            let whole = decoded([octets])
            #expect(decoded(octets.map { [$0] }) == whole, "seed \(seed)")
            var rest = octets[...]
            var pieces: [[UInt8]] = []
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(decoded(pieces) == whole, "seed \(seed)")
        }
    }

    @Test func decodingUndoesEncodingOfAnything() {
        for seed in UInt64(1)...200 {
            var random = SeededGenerator(seed: seed)
            let payload: [UInt8] = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...255, using: &random) : [0x03, 0x10].randomElement(using: &random) ?? 0
            }
            let line = Array(marking.encoded(ByteBuffer(bytes: payload)).readableBytesView)
            #expect(line.count <= 2 * payload.count)
            #expect(decoded([line]) == (payload, nil), "seed \(seed)")
        }
    }
}
