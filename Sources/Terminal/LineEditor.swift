import Scopes

// Terminal: a line editor with history as a pure machine (octets of a keyboard in, octets for a screen out), and the thin
// driver that gives it a tty. It knows nothing of modems.

/// A line editor: what was typed, and what happened meanwhile, come in; what the screen shows and what the person wants go
/// out. Bounded: one line, so many lines of history, so many keys ahead.
///
///     editing ──enter──▶ busy ──ready──▶ editing ──▶ …      Ctrl-D on an empty line, from editing: ended
///
/// While busy, keys wait for the next line, but for Ctrl-C, which interrupts. Lines that are shown meanwhile stand above
/// the line that is being typed, which is drawn anew.
public struct LineEditor: Sendable {
    public enum Event: Sendable, Equatable {
        case typed([UInt8])
        /// Shows a line above the input.
        case show(String, Style)
        /// The submitted line is dealt with.
        case ready
    }

    public enum Action: Sendable, Equatable {
        case write(String)
        /// A line that is not empty. The editor is busy until `.ready`.
        case submit(String)
        /// The line is new in the history.
        case remember(String)
        /// What was submitted shall end.
        case interrupt
        case end
    }

    public enum Style: Sendable, Equatable {
        case plain
        /// What came unasked; marked, and coloured where colours are allowed.
        case unsolicited
        case failure
    }

    public struct Configuration: Sendable {
        public var prompt = "> "
        public var usesColour = false
        /// What the text left of the cursor may become.
        public var completions: @Sendable (String) -> [String] = { _ in [] }
        /// Whether a line may stand in the history.
        public var mayRemember: @Sendable (String) -> Bool = { _ in true }

        public init() {}
    }

    private enum State: Sendable {
        case editing
        case busy(waiting: [Key])
        case ended
    }

    private let configuration: Configuration
    /// Cells of the screen's lines.
    public var columns = 80
    private var state = State.editing
    private var decoder = KeyDecoder()
    private var buffer = LineBuffer()
    private var history: History
    private var actions: [Action] = []
    private static let waitingLimit = 4_096
    private static let listLimit = 120

    public init(_ configuration: Configuration, history: [String] = []) {
        self.configuration = configuration
        self.history = History(history.filter(configuration.mayRemember))
    }

    /// The empty line, drawn.
    public var opening: String { drawn }

    public mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.ended, _): return []
        case (_, .typed(let octets)):
            for key in decoder.decode(octets) { take(key) }
        case (.editing, .show(let text, let style)): write(Self.erased + shown(text, style) + drawn)
        case (.busy, .show(let text, let style)): write(shown(text, style))
        case (.editing, .ready): break
        case (.busy(let waiting), .ready):
            state = .editing
            write(drawn)
            for key in waiting { take(key) }
        }
        defer { actions = [] }
        return merged(actions)
    }

    private mutating func take(_ key: Key) {
        switch state {
        case .ended: break
        case .editing: edit(key)
        case .busy(let waiting):
            if key == .control("c") {
                state = .busy(waiting: [])
                actions.append(.interrupt)
            } else if waiting.count < Self.waitingLimit {
                state = .busy(waiting: waiting + [key])
            }
        }
    }
}

extension LineEditor {
    private mutating func edit(_ key: Key) {
        switch key {
        case .character(let scalar):
            if !buffer.insert(scalar) { return write(Self.bell) }
        case .enter: return enter()
        case .tab: return complete()
        case .up, .control("p"): recall(history.older(than: buffer.text))
        case .down, .control("n"): recall(history.newer())
        case .control("c"):
            write("^C\r\n")
            buffer = LineBuffer()
            history.leave()
        case .control("d"):
            guard buffer.characters.isEmpty else {
                buffer.deleteRight()
                break
            }
            write("\r\n")
            state = .ended
            actions.append(.end)
            return
        case .control("l"): write("\u{1B}[H\u{1B}[2J")
        default: guard move(key) else { return }
        }
        write(drawn)
    }

    /// False for a key without meaning.
    private mutating func move(_ key: Key) -> Bool {
        switch key {
        case .left, .control("b"): buffer.move(by: -1)
        case .right, .control("f"): buffer.move(by: 1)
        case .home, .control("a"): buffer.moveToStart()
        case .end, .control("e"): buffer.moveToEnd()
        case .wordLeft: buffer.moveWordLeft()
        case .wordRight: buffer.moveWordRight()
        case .backspace, .control("h"): buffer.deleteLeft()
        case .delete: buffer.deleteRight()
        case .control("k"): buffer.deleteToEnd()
        case .control("u"): buffer.deleteToStart()
        case .control("w"): buffer.deleteWordLeft()
        case .character, .enter, .tab, .up, .down, .control: return false
        }
        return true
    }

    private mutating func enter() {
        let line = buffer.text
        buffer.moveToEnd()
        write(drawn + "\r\n")
        buffer = LineBuffer()
        history.leave()
        guard line.contains(where: { !$0.isWhitespace }) else { return write(drawn) }
        if configuration.mayRemember(line), history.add(line) { actions.append(.remember(line)) }
        state = .busy(waiting: [])
        actions.append(.submit(line))
    }

    private mutating func recall(_ line: String?) {
        guard let line else { return write(Self.bell) }
        buffer = LineBuffer(line)
    }

    private mutating func complete() {
        let left = buffer.leftText
        let all = configuration.completions(left)
        guard let first = all.first else { return write(Self.bell) }
        let common = all.dropFirst().reduce(first) { $0.commonPrefix(with: $1) }
        if common.count > left.count {
            buffer.replaceLeft(common)
            write(drawn)
        } else if all.count > 1 {
            write(Self.erased + list(all) + drawn)
        } else {
            write(Self.bell)
        }
    }

    private func list(_ all: [String]) -> String {
        let names = all.prefix(Self.listLimit)
        let width = (names.map(\.count).max() ?? 0) + 2
        let perLine = max(1, (columns - 1) / width)
        var text = ""
        for (index, name) in names.enumerated() {
            text += name
            let isLast = (index + 1).isMultiple(of: perLine) || index + 1 == names.count
            text += isLast ? "\r\n" : String(repeating: " ", count: width - name.count)
        }
        return all.count > names.count ? text + "and \(all.count - names.count) more\r\n" : text
    }

    private mutating func write(_ text: String) { actions.append(.write(text)) }

    /// Writes that follow each other in one.
    private func merged(_ actions: [Action]) -> [Action] {
        var result: [Action] = []
        for action in actions {
            if case .write(let more) = action, case .write(let text)? = result.last {
                result[result.count - 1] = .write(text + more)
            } else {
                result.append(action)
            }
        }
        return result
    }

    private static let erased = "\r\u{1B}[K"
    private static let bell = "\u{7}"

    private var drawn: String {
        let prompt = configuration.prompt
        let (text, cell) = buffer.window(cells: max(8, columns - prompt.count - 1))
        let move = cell + prompt.count
        return "\r\(prompt)\(text)\u{1B}[K\r" + (move > 0 ? "\u{1B}[\(move)C" : "")
    }

    private func shown(_ text: String, _ style: Style) -> String {
        let text = text.printable(limit: 4_096)
        let (mark, colour) =
            switch style {
            case .plain: ("", "")
            case .unsolicited: ("* ", "\u{1B}[36m")
            case .failure: ("", "\u{1B}[31m")
            }
        guard configuration.usesColour, !colour.isEmpty else { return mark + text + "\r\n" }
        return colour + mark + text + "\u{1B}[0m\r\n"
    }
}

extension String {
    fileprivate func commonPrefix(with other: String) -> String {
        String(zip(self, other).prefix { $0 == $1 }.map(\.0))
    }
}
