import Support
import Testing

@_spi(Fuzzing) @testable import Tunnel

/// The promises that `scripts/fuzz` looks at, with octets of this suite's own.
@Suite struct WireCheckTests {
    @Test(arguments: 0..<20) func noOctetsBreakThem(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<100 {
            var stream: [UInt8] = []
            for number in 0..<3 {
                let count = Int.random(in: 1...60, using: &generator)
                stream += [0, UInt8(count + 4), 0, 0, 0, UInt8(number), .random(in: 0...9, using: &generator)]
                stream += (1..<count).map { _ in .random(in: 0...20, using: &generator) }
            }
            #expect(WireCheck.messages(stream) == nil)
            let datagrams = (0..<8).map { _ -> [UInt8] in
                let count = Int.random(in: 0...60, using: &generator)
                return [.random(in: 0...255, using: &generator)]
                    + (0..<count).map { _ in .random(in: 0...255, using: &generator) }
            }
            #expect(WireCheck.answers(datagrams) == nil)
        }
    }

    @Test func whatTheyAreGivenIsReadAtAll() {
        // An A record behind the question that the check itself puts there: then the look-up ends with it.
        let answer: [UInt8] = [0x02, 0x80, 0, 1, 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1]
        #expect(WireCheck.answers([answer]) == nil)
    }
}
