import Support
import Testing

@testable import Settings

@Suite struct YAMLTests {
    private func problem(_ text: String) -> String? {
        do throws(YAMLProblem) {
            _ = try YAMLDocument.parse(Array(text.utf8))
            return nil
        } catch {
            return "\(error.position.line):\(error.position.column): \(error.words)"
        }
    }

    @Test func valuesHaveTheirPlaces() throws {
        let root = try #require(try YAMLDocument.parse(Array("# c\na: 1\nb:\n  - x\n  - {c: \"d e\"}\n".utf8)))
        guard case .mapping(let entries) = root.content, case .list(let items) = entries[1].value.content else {
            Issue.record("no mapping")
            return
        }
        #expect(entries.map(\.key) == ["a", "b"])
        #expect(entries[0].value == YAMLNode(position: .init(line: 2, column: 4), content: .scalar("1")))
        #expect(items[0].position == YAMLPosition(line: 4, column: 5))
        guard case .mapping(let inner) = items[1].content else {
            Issue.record("no mapping")
            return
        }
        #expect(inner[0].value == YAMLNode(position: .init(line: 5, column: 9), content: .scalar("d e")))
    }

    @Test(arguments: ["", "# nothing\n", "\u{FEFF}", "---\n"])
    func anEmptyDocumentIsNoError(_ text: String) {
        #expect(problem(text) == nil)
    }

    @Test(arguments: [
        ("a: 1\na: 2\n", "2:1: the key a is there twice"), ("a: &x 1\nb: 2\n", "1:4: anchors"),
        ("a: *x\n", "1:4: anchors"),
        ("a: !!str 1\n", "1:4: anchors"), ("a: 1\n---\nb: 2\n", "3:1: a second document"), ("a:\n\t- b\n", "2:1: "),
        ("a: [1, 2\n", "2:1: "), ("{a: 1}}\n", "1:7: "), ("? [a]\n: 1\n", "1:3: a key must be plain text"),
        ("a: \"x\n", "2:1: "),
        ("a: \u{1}\n", "1:4: control characters"), ("a: b: c\n", "1:5: "),
        ("<<: {a: 1}\na: {<<: *x}\n", "2:9: anchors"),
    ])
    func whatSettingsAreNotWrittenInIsRefusedWithItsPlace(_ text: String, _ expected: String) {
        #expect(problem(text)?.hasPrefix(expected) == true, "\(problem(text) ?? "taken")")
    }

    @Test func whatIsNoUTF8IsRefusedWithItsPlace() {
        let error = #expect(throws: YAMLProblem.self) {
            try YAMLDocument.parse(Array("a: 1\nb: ".utf8) + [0xFC, 0x0A])
        }
        #expect(error?.position.line == 2)
        #expect(throws: YAMLProblem.self) { try YAMLDocument.parse([0xFF, 0xFE, 0x61, 0x00]) }
    }

    @Test func aliasesCannotMultiply() {
        let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"
        #expect(problem(bomb)?.hasPrefix("1:4: anchors") == true)
    }

    @Test func depthNodesAndOctetsAreBounded() {
        #expect(problem("a: " + String(repeating: "[", count: 7) + "x" + String(repeating: "]", count: 7)) == nil)
        #expect(
            problem("a: " + String(repeating: "[", count: 8) + "x" + String(repeating: "]", count: 8))?.contains(
                "too deep") == true)
        #expect(problem(String(repeating: "[", count: 100_000))?.contains("too deep") == true)
        // The list itself is one of them.
        #expect(problem(String(repeating: "- x\n", count: 9999)) == nil)
        #expect(problem(String(repeating: "- x\n", count: 10_000))?.contains("more than 10000") == true)
        let full = "a: " + String(repeating: "x", count: 262_141)
        #expect(problem(full) == nil)
        #expect(problem(full + "x")?.contains("larger than 262144") == true)
    }

    @Test func randomTextNeverTraps() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", ":", ": ", "\n", "- ", "[", "]", "{", "}", ",", "\"", "'", "\t", "  ", "&x ", "*x", "|", ">", "#",
            "\0", "ü", "---\n", "?", "!t ",
        ]
        var taken = 0
        for _ in 0..<3000 {
            let count = Int.random(in: 0...15, using: &random)
            let text = (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }.joined()
            if problem(text) == nil { taken += 1 }
        }
        #expect(taken > 0, "seed \(seed)")
    }
}
