import Support
import Terminal
import Testing

@Suite struct LineEditorTests {
    /// An editor at work on a screen.
    struct Desk {
        var editor: LineEditor
        var screen = Screen()
        var wishes: [LineEditor.Action] = []

        init(columns: Int = 40, history: [String] = [], _ change: (inout LineEditor.Configuration) -> Void = { _ in }) {
            var configuration = LineEditor.Configuration()
            change(&configuration)
            editor = LineEditor(configuration, history: history)
            editor.columns = columns
            screen.take(editor.opening)
        }

        mutating func handle(_ event: LineEditor.Event) {
            for action in editor.handle(event) {
                if case .write(let text) = action { screen.take(text) } else { wishes.append(action) }
            }
        }

        mutating func type(_ text: String) { handle(.typed(Array(text.utf8))) }
    }

    static let up = "\u{1B}[A"
    static let down = "\u{1B}[B"
    static let left = "\u{1B}[D"

    @Test func aLineIsShownAndSubmitted() {
        var desk = Desk()
        #expect(desk.screen.line == "> ")
        desk.type("AT+CSQ")
        #expect(desk.screen.line == "> AT+CSQ")
        #expect(desk.screen.column == 8)
        desk.type("\r")
        #expect(desk.wishes == [.remember("AT+CSQ"), .submit("AT+CSQ")])
        #expect(desk.screen.above == ["> AT+CSQ"])
        #expect(desk.screen.line == "")
        desk.handle(.show("+CSQ: 20,99", .plain))
        desk.handle(.ready)
        #expect(desk.screen.above == ["> AT+CSQ", "+CSQ: 20,99"])
        #expect(desk.screen.line == "> ")
    }

    @Test func theCursorMovesAndWhatStandsThereChanges() {
        var desk = Desk()
        desk.type("AT+CQ" + Self.left + "S")
        #expect(desk.screen.line == "> AT+CSQ")
        #expect(desk.screen.column == 7)
        desk.type("\u{1}X\u{7F}\u{5}?")
        #expect(desk.screen.line == "> AT+CSQ?")
        desk.type("\u{17}")
        #expect(desk.screen.line == "> AT+")
        desk.type("\u{15}")
        #expect(desk.screen.line == "> ")
        desk.type("abc\u{2}\u{2}\u{B}")
        #expect(desk.screen.line == "> a")
        desk.type("\u{1}\u{4}")
        #expect(desk.screen.line == "> ")
        desk.type("a b.c\u{1B}[1;5D\u{1B}[3~x\u{1B}b\u{1B}by")
        #expect(desk.screen.line == "> a yb.x")
    }

    @Test func whatComesMeanwhileStandsAboveTheInputWithoutDisturbingIt() {
        var desk = Desk()
        desk.type("AT+COPS" + Self.left + Self.left)
        desk.handle(.show("+CREG: 1", .unsolicited))
        #expect(desk.screen.above == ["* +CREG: 1"])
        #expect(desk.screen.line == "> AT+COPS")
        #expect(desk.screen.column == 7)
        desk.type("x\r")
        #expect(desk.wishes.last == .submit("AT+COxPS"))
    }

    @Test func aModemCannotWriteToTheTerminal() {
        var desk = Desk()
        desk.handle(.show("a\u{1B}[2Jb\rc\u{9B}d", .unsolicited))
        #expect(desk.screen.above == ["* a\\x1b[2Jb\\xdc\\x9bd"])
    }

    @Test func linesOfTheHistoryComeBackAndTheDraftIsKept() {
        var desk = Desk(history: ["ATI", "AT+CSQ"])
        desk.type("draft" + Self.up)
        #expect(desk.screen.line == "> AT+CSQ")
        desk.type(Self.up)
        #expect(desk.screen.line == "> ATI")
        desk.type(Self.up)
        #expect(desk.screen.line == "> ATI")
        #expect(desk.screen.bells == 1)
        desk.type(Self.down + Self.down)
        #expect(desk.screen.line == "> draft")
        desk.type(Self.up + "?\r")
        #expect(desk.wishes == [.remember("AT+CSQ?"), .submit("AT+CSQ?")])
        desk.handle(.ready)
        desk.type("AT+CSQ?\r")
        #expect(desk.wishes.last == .submit("AT+CSQ?"))
        #expect(desk.wishes.count == 3, "a line that is the same as the last is not new")
    }

    @Test func whatMayNotBeRememberedIsNot() {
        var desk = Desk(history: ["secret 1", "ATI"]) { $0.mayRemember = { !$0.hasPrefix("secret") } }
        desk.type("secret 2\r")
        #expect(desk.wishes == [.submit("secret 2")])
        desk.handle(.ready)
        desk.type(Self.up + Self.up)
        #expect(desk.screen.line == "> ATI")
    }

    @Test func keysPressedWhileBusyWaitButForTheInterrupt() {
        var desk = Desk()
        desk.type("one\rtwo\rthr")
        #expect(desk.wishes == [.remember("one"), .submit("one")])
        desk.handle(.ready)
        #expect(desk.wishes.suffix(2) == [.remember("two"), .submit("two")])
        desk.type("ee\u{3}")
        #expect(desk.wishes.last == .interrupt)
        desk.handle(.ready)
        #expect(desk.screen.line == "> ", "the interrupt takes away what was typed ahead")
    }

    @Test func anInterruptTakesTheLineAndAnEndEndsAnEmptyOne() {
        var desk = Desk()
        desk.type("AT+C\u{3}")
        #expect(desk.screen.above == ["> AT+C^C"])
        #expect(desk.screen.line == "> ")
        #expect(desk.wishes.isEmpty)
        desk.type("\r\u{4}")
        #expect(desk.wishes == [.end])
        desk.type("more\r")
        #expect(desk.wishes == [.end])
    }

    @Test func aBegunNameIsCompletedAndManyAreListed() {
        var desk = Desk {
            $0.completions = { text in ["AT+CGDCONT", "AT+CGDATA", "AT+CSQ"].filter { $0.hasPrefix(text) } }
        }
        desk.type("AT+CS\t")
        #expect(desk.screen.line == "> AT+CSQ")
        desk.type("\u{15}AT+CG\t")
        #expect(desk.screen.line == "> AT+CGD")
        desk.type("\t")
        #expect(desk.screen.above == ["AT+CGDCONT  AT+CGDATA"])
        #expect(desk.screen.line == "> AT+CGD")
        desk.type("?\t")
        #expect(desk.screen.bells == 1)
    }

    @Test func aLineThatIsTooLongForTheScreenIsShownAroundTheCursor() {
        var desk = Desk(columns: 20)
        desk.type(String((0..<30).map { Character(Unicode.Scalar(UInt8(ascii: "a") + UInt8($0 % 26))) }))
        #expect(desk.screen.line.count <= 20)
        #expect(desk.screen.line.hasSuffix("abcd"))
        desk.type("\u{1}")
        #expect(desk.screen.line.hasPrefix("> abc"))
        #expect(desk.screen.line.count <= 20)
        #expect(desk.screen.column == 2)
    }

    @Test func charactersOfSeveralOctetsAreOne() {
        var desk = Desk()
        desk.type("e\u{301}漢b" + Self.left + Self.left + "\u{7F}x\r")
        #expect(desk.wishes.last == .submit("x漢b"))
    }

    @Test func aLineIsBounded() {
        var desk = Desk()
        desk.type(String(repeating: "x", count: 3_000) + "\r")
        #expect(desk.wishes.last == .submit(String(repeating: "x", count: 1_000)))
        #expect(desk.screen.bells > 0)
    }

    @Test func anyKeysInAnyOrderAreSurvived() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<50 {
            var desk = Desk(columns: Int.random(in: 0...30, using: &generator), history: ["a", "bb"]) {
                $0.completions = { [$0 + "x", $0 + "y"] }
            }
            for _ in 0..<100 {
                let octets = (0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) }
                desk.handle(.typed(octets))
                if Bool.random(using: &generator) { desk.handle(.ready) }
                if Bool.random(using: &generator) { desk.handle(.show("u", .unsolicited)) }
            }
        }
    }
}
