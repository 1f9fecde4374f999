import Support
import Terminal
import Testing

@Suite struct KeyDecoderTests {
    private static let cases: [(octets: [UInt8], keys: [Key])] = [
        (Array("aZ".utf8), [.character("a"), .character("Z")]),
        (Array("é€😀".utf8), [.character("é"), .character("€"), .character("😀")]),
        ([0x0D], [.enter]), ([0x0A], [.enter]), ([0x0D, 0x0A], [.enter]), ([0x0D, 0x0D], [.enter, .enter]),
        ([0x09], [.tab]), ([0x7F], [.backspace]), ([0x08], [.backspace]),
        ([0x03], [.control("c")]), ([0x04], [.control("d")]),
        (Array("\u{1B}[A\u{1B}[B\u{1B}[C\u{1B}[D".utf8), [.up, .down, .right, .left]),
        (Array("\u{1B}OA\u{1B}OH".utf8), [.up, .home]),
        (Array("\u{1B}[H\u{1B}[F\u{1B}[1~\u{1B}[4~\u{1B}[3~".utf8), [.home, .end, .home, .end, .delete]),
        (Array("\u{1B}[1;5C\u{1B}[1;5D\u{1B}b\u{1B}f".utf8), [.wordRight, .wordLeft, .wordLeft, .wordRight]),
        // What is not known is dropped, and what follows is not.
        (Array("\u{1B}[200~x\u{1B}[99zq\u{1B}\u{1B}[A".utf8), [.character("x"), .character("q"), .up]),
        ([0xC3, 0x61, 0xFF, 0x80, 0x62], [.character("a"), .character("b")]),
        // A surrogate, an overlong form, a control character in UTF-8, one that turns the direction of writing.
        ([0xED, 0xA0, 0x80, 0xE0, 0x80, 0x80, 0xC2, 0x9B, 0xE2, 0x80, 0xAE, 0x63], [.character("c")]),
        (Array("\u{1B}[".utf8) + [UInt8](repeating: 0x31, count: 100) + Array("A".utf8), []),
    ]

    @Test(arguments: cases.indices) func octetsBecomeKeysHoweverTheyAreCut(_ index: Int) {
        let (octets, expected) = Self.cases[index]
        var whole = KeyDecoder()
        let keys = whole.decode(octets)
        if !expected.isEmpty { #expect(keys == expected) }
        var single = KeyDecoder()
        #expect(octets.flatMap { single.decode([$0]) } == keys)
        var generator = SeededGenerator(seed: UInt64(index))
        for _ in 0..<20 {
            var decoder = KeyDecoder()
            var rest = octets[...]
            var pieces: [Key] = []
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &generator)
                pieces += decoder.decode(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(pieces == keys)
        }
    }

    @Test func anyOctetsAreSurvived() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            var decoder = KeyDecoder()
            _ = decoder.decode((0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
    }
}
