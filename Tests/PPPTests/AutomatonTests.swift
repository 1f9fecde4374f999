import Testing

@testable import PPP

/// The table of RFC 1661 §4.1, as it stands there: action names of the RFC, then the new state's number. "p", "r" and "x", which mark
/// options and crossed connections, are left out.
private let table = """
    Up     |  2       irc,scr/6 -         -             -       -         -         -           -           -
    Down   |  -       -         0         tls/1         0       1         1         1           1           tld/1
    Open   |  tls/1   1         irc,scr/6 3             5       5         6         7           8           9
    Close  |  0       tlf/0     2         2             4       4         irc,str/4 irc,str/4   irc,str/4   tld,irc,str/4
    TO+    |  -       -         -         -             str/4   str/5     scr/6     scr/6       scr/8       -
    TO-    |  -       -         -         -             tlf/2   tlf/3     tlf/3     tlf/3       tlf/3       -
    RCR+   |  -       -         sta/2     irc,scr,sca/8 4       5         sca/8     sca,tlu/9   sca/8       tld,scr,sca/8
    RCR-   |  -       -         sta/2     irc,scr,scn/6 4       5         scn/6     scn/7       scn/6       tld,scr,scn/6
    RCA    |  -       -         sta/2     sta/3         4       5         irc/7     scr/6       irc,tlu/9   tld,scr/6
    RCN    |  -       -         sta/2     sta/3         4       5         irc,scr/6 scr/6       irc,scr/8   tld,scr/6
    RTR    |  -       -         sta/2     sta/3         sta/4   sta/5     sta/6     sta/6       sta/6       tld,zrc,sta/5
    RTA    |  -       -         2         3             tlf/2   tlf/3     6         6           8           tld,scr/6
    RUC    |  -       -         scj/2     scj/3         scj/4   scj/5     scj/6     scj/7       scj/8       scj/9
    RXJ+   |  -       -         2         3             4       5         6         6           8           9
    RXJ-   |  -       -         tlf/2     tlf/3         tlf/2   tlf/3     tlf/3     tlf/3       tlf/3       tld,irc,str/5
    RXR    |  -       -         2         3             4       5         6         7           8           ser/9
    """

private let events: [String: Automaton.Event] = [
    "Up": .up, "Down": .down, "Open": .open, "Close": .close, "TO+": .timeoutWithRetry, "TO-": .timeoutAtLast,
    "RCR+": .goodRequest, "RCR-": .badRequest, "RCA": .ack, "RCN": .nakOrReject, "RTR": .terminateRequest,
    "RTA": .terminateAck, "RUC": .unknownCode, "RXJ+": .tolerableReject, "RXJ-": .fatalReject, "RXR": .echo,
]

private let actions: [String: Automaton.Action] = [
    "tlu": .thisLayerUp, "tld": .thisLayerDown, "tls": .thisLayerStarted, "tlf": .thisLayerFinished,
    "irc": .initializeRestartCount, "zrc": .zeroRestartCount, "scr": .sendConfigureRequest,
    "sca": .sendConfigureAck, "scn": .sendConfigureNak, "str": .sendTerminateRequest, "sta": .sendTerminateAck,
    "scj": .sendCodeReject, "ser": .sendEchoReply,
]

/// A way from Initial to each state.
private let ways: [Automaton.State: [Automaton.Event]] = [
    .initial: [],
    .starting: [.open],
    .closed: [.up],
    .stopped: [.open, .up, .timeoutAtLast],
    .closing: [.open, .up, .close],
    .stopping: [.open, .up, .ack, .goodRequest, .terminateRequest],
    .reqSent: [.open, .up],
    .ackRcvd: [.open, .up, .ack],
    .ackSent: [.open, .up, .goodRequest],
    .opened: [.open, .up, .ack, .goodRequest],
]

@Suite struct AutomatonTests {
    @Test func everyCellIsTheOneOfTheRFC() throws {
        var cells = 0
        for row in table.split(separator: "\n") {
            let words = row.split(separator: " ").map(String.init)
            let event = try #require(events[words[0]])
            #expect(words.count == 12)
            for (column, cell) in words.dropFirst(2).enumerated() {
                let state = try #require(Automaton.State(rawValue: column))
                var automaton = Automaton()
                for step in try #require(ways[state]) { _ = automaton.handle(step) }
                #expect(automaton.state == state)
                let done = automaton.handle(event)
                let parts = cell.split(separator: "/").map(String.init)
                if cell == "-" {
                    #expect(done.isEmpty && automaton.state == state, "\(event) in \(state)")
                } else {
                    let names = parts.count == 2 ? parts[0].split(separator: ",").map(String.init) : []
                    #expect(done == names.compactMap { actions[$0] }, "\(event) in \(state)")
                    #expect(automaton.state.rawValue == parts.last.flatMap { Int($0) }, "\(event) in \(state)")
                }
                cells += 1
            }
        }
        #expect(cells == Automaton.State.allCases.count * Automaton.Event.allCases.count)
    }

    /// RFC 1661 §4.2: "The Restart timer is (not) running" of each state.
    @Test func theTimerRunsInTheStatesThatWaitForAnAnswer() {
        let timed: Set<Automaton.State> = [.closing, .stopping, .reqSent, .ackRcvd, .ackSent]
        for (state, way) in ways {
            var automaton = Automaton()
            for step in way { _ = automaton.handle(step) }
            #expect(automaton.isTimed == timed.contains(state), "\(state)")
        }
    }
}
