/// The option negotiation automaton (RFC 1661 §4), without packets, options or time: the table of §4.1 is the code.
///
///     var automaton = Automaton()
///     automaton.handle(.open)     // [thisLayerStarted], now starting
///     automaton.handle(.up)       // [initializeRestartCount, sendConfigureRequest], now reqSent
///
/// An event that cannot come in a state ("-" in the table) changes nothing and asks for nothing.
struct Automaton: Sendable, Equatable {
    /// RFC 1661 §4.2, in the order of the table's columns.
    enum State: Int, Sendable, CaseIterable {
        case initial, starting, closed, stopped, closing, stopping, reqSent, ackRcvd, ackSent, opened
    }

    /// RFC 1661 §4.3, in the order of the table's rows.
    enum Event: Int, Sendable, CaseIterable {
        case up, down, open, close
        /// TO+ and TO-: the restart timer expired, and there are transmissions left, or not.
        case timeoutWithRetry, timeoutAtLast
        /// RCR+ and RCR-: a Configure-Request that is acceptable, or not.
        case goodRequest, badRequest
        case ack
        /// RCN: a Configure-Nak or Configure-Reject.
        case nakOrReject
        case terminateRequest, terminateAck
        /// RUC.
        case unknownCode
        /// RXJ+ and RXJ-: a Code-Reject or Protocol-Reject that can be lived with, or not.
        case tolerableReject, fatalReject
        /// RXR: Echo-Request, Echo-Reply, Discard-Request.
        case echo
    }

    /// RFC 1661 §4.4.
    enum Action: Sendable, Equatable {
        case thisLayerUp, thisLayerDown, thisLayerStarted, thisLayerFinished
        case initializeRestartCount, zeroRestartCount
        case sendConfigureRequest, sendConfigureAck, sendConfigureNak
        case sendTerminateRequest, sendTerminateAck, sendCodeReject, sendEchoReply
    }

    private(set) var state = State.initial

    mutating func handle(_ event: Event) -> [Action] {
        guard let cell = Self.table[event.rawValue][state.rawValue] else { return [] }
        state = cell.next
        return cell.actions
    }

    /// While the restart timer runs (RFC 1661 §4.2).
    var isTimed: Bool {
        switch state {
        case .closing, .stopping, .reqSent, .ackRcvd, .ackSent: true
        case .initial, .starting, .closed, .stopped, .opened: false
        }
    }

    private struct Cell: Sendable {
        var next: State
        var actions: [Action]
    }

    private static func to(_ next: State, _ actions: Action...) -> Cell { Cell(next: next, actions: actions) }

    /// A row for each event, a column for each state.
    private static let table: [[Cell?]] = below + above

    // The RFC's short names for the actions.
    private static let tlu = Action.thisLayerUp
    private static let tld = Action.thisLayerDown
    private static let tls = Action.thisLayerStarted
    private static let tlf = Action.thisLayerFinished
    private static let irc = Action.initializeRestartCount
    private static let zrc = Action.zeroRestartCount
    private static let scr = Action.sendConfigureRequest
    private static let sca = Action.sendConfigureAck
    private static let scn = Action.sendConfigureNak
    private static let str = Action.sendTerminateRequest
    private static let sta = Action.sendTerminateAck
    private static let scj = Action.sendCodeReject
    private static let ser = Action.sendEchoReply

    /// Events of the layers, and the timer. The passive and the restart options of the RFC are not taken.
    private static let below: [[Cell?]] = [
        // up
        [
            to(.closed), to(.reqSent, irc, scr), nil, nil, nil, nil, nil, nil, nil, nil,
        ],
        // down
        [
            nil, nil, to(.initial), to(.starting, tls), to(.initial), to(.starting), to(.starting), to(.starting),
            to(.starting), to(.starting, tld),
        ],
        // open
        [
            to(.starting, tls), to(.starting), to(.reqSent, irc, scr), to(.stopped), to(.stopping), to(.stopping),
            to(.reqSent), to(.ackRcvd), to(.ackSent), to(.opened),
        ],
        // close
        [
            to(.initial), to(.initial, tlf), to(.closed), to(.closed), to(.closing), to(.closing),
            to(.closing, irc, str), to(.closing, irc, str), to(.closing, irc, str), to(.closing, tld, irc, str),
        ],
        // timeoutWithRetry
        [
            nil, nil, nil, nil, to(.closing, str), to(.stopping, str), to(.reqSent, scr), to(.reqSent, scr),
            to(.ackSent, scr), nil,
        ],
        // timeoutAtLast
        [
            nil, nil, nil, nil, to(.closed, tlf), to(.stopped, tlf), to(.stopped, tlf), to(.stopped, tlf),
            to(.stopped, tlf), nil,
        ],
    ]

    /// Packets of the peer. Initial and Starting have no layer below that could bring one.
    private static let above: [[Cell?]] = [
        // goodRequest
        [
            nil, nil, to(.closed, sta), to(.ackSent, irc, scr, sca), to(.closing), to(.stopping), to(.ackSent, sca),
            to(.opened, sca, tlu), to(.ackSent, sca), to(.ackSent, tld, scr, sca),
        ],
        // badRequest
        [
            nil, nil, to(.closed, sta), to(.reqSent, irc, scr, scn), to(.closing), to(.stopping), to(.reqSent, scn),
            to(.ackRcvd, scn), to(.reqSent, scn), to(.reqSent, tld, scr, scn),
        ],
        // ack
        [
            nil, nil, to(.closed, sta), to(.stopped, sta), to(.closing), to(.stopping), to(.ackRcvd, irc),
            to(.reqSent, scr), to(.opened, irc, tlu), to(.reqSent, tld, scr),
        ],
        // nakOrReject
        [
            nil, nil, to(.closed, sta), to(.stopped, sta), to(.closing), to(.stopping), to(.reqSent, irc, scr),
            to(.reqSent, scr), to(.ackSent, irc, scr), to(.reqSent, tld, scr),
        ],
        // terminateRequest
        [
            nil, nil, to(.closed, sta), to(.stopped, sta), to(.closing, sta), to(.stopping, sta), to(.reqSent, sta),
            to(.reqSent, sta), to(.reqSent, sta), to(.stopping, tld, zrc, sta),
        ],
        // terminateAck
        [
            nil, nil, to(.closed), to(.stopped), to(.closed, tlf), to(.stopped, tlf), to(.reqSent), to(.reqSent),
            to(.ackSent), to(.reqSent, tld, scr),
        ],
        // unknownCode
        [
            nil, nil, to(.closed, scj), to(.stopped, scj), to(.closing, scj), to(.stopping, scj), to(.reqSent, scj),
            to(.ackRcvd, scj), to(.ackSent, scj), to(.opened, scj),
        ],
        // tolerableReject
        [
            nil, nil, to(.closed), to(.stopped), to(.closing), to(.stopping), to(.reqSent), to(.reqSent), to(.ackSent),
            to(.opened),
        ],
        // fatalReject
        [
            nil, nil, to(.closed, tlf), to(.stopped, tlf), to(.closed, tlf), to(.stopped, tlf), to(.stopped, tlf),
            to(.stopped, tlf), to(.stopped, tlf), to(.stopping, tld, irc, str),
        ],
        // echo
        [
            nil, nil, to(.closed), to(.stopped), to(.closing), to(.stopping), to(.reqSent), to(.ackRcvd), to(.ackSent),
            to(.opened, ser),
        ],
    ]
}
