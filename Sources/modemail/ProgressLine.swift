import Courier
import Glibc
import Scopes
import Synchronization

/// One line on a terminal that says what happens now: phase, octets, rate, time left. Nothing where stderr is no terminal.
final class ProgressLine: Sendable {
    private struct State {
        var phase = ""
        var note = ""
        var shown = false
        var started = ContinuousClock.now
        var drawn: ContinuousClock.Instant?
    }

    private static let interval = Duration.milliseconds(200)
    private let state = Mutex(State())

    /// nil when nobody can watch.
    static func onTerminal() -> ProgressLine? {
        isatty(STDERR_FILENO) == 1 ? ProgressLine() : nil
    }

    func observer(
        reported: @escaping @Sendable (String) -> Void, recorded: (@Sendable (String) -> Void)?
    ) -> Observer {
        Observer(
            phaseBegan: { phase in
                self.update(force: true) { state in
                    state.phase = phase.rawValue
                    state.note = ""
                    state.started = .now
                }
            },
            noted: { words in self.update(force: true) { $0.note = words } },
            progressed: { octets, all in
                self.update(force: octets == all) { state in
                    state.note = Self.words(octets, of: all, since: state.started)
                }
            }, reported: reported, recorded: recorded)
    }

    /// Takes the line away, so that the result stands alone.
    func clear() {
        let shown = state.withLock { state in
            defer { state.shown = false }
            return state.shown
        }
        if shown { Output.error("\r\u{1B}[K", terminator: "") }
    }

    private func update(force: Bool, _ change: (inout State) -> Void) {
        let text: String? = state.withLock { state in
            change(&state)
            let now = ContinuousClock.now
            if !force, let drawn = state.drawn, now - drawn < Self.interval { return nil }
            state.drawn = now
            state.shown = true
            return state.note.isEmpty ? state.phase : "\(state.phase): \(state.note)"
        }
        if let text { Output.error("\r\u{1B}[K\(text.printable(limit: 110))", terminator: "") }
    }

    private static func words(_ octets: Int, of all: Int, since start: ContinuousClock.Instant) -> String {
        guard all > 0 else { return "" }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        var text = "\(octets / 1000) of \(all / 1000) kB, \(octets * 100 / all) %"
        guard seconds > 1, octets > 0 else { return text }
        let rate = Double(octets) / seconds
        text += ", \(Int(rate / 1000)) kB/s"
        if octets < all { text += ", \(Int(Double(all - octets) / rate)) s left" }
        return text
    }
}
