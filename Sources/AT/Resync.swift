import NIOCore

/// A line that nothing is believed of: first late answers are let pass, then probes are written until one is answered.
struct Resync: Sendable {
    /// Why; it says what follows.
    enum Purpose: Sendable, Equatable {
        /// A command had no answer, or the modem started anew.
        case taint
        /// Somebody wants the line proven.
        case proof
        /// Data mode was left after so many escapes.
        case departure(escapes: Int)
    }

    enum Stage: Sendable, Equatable {
        case draining(until: NIODeadline)
        case probing(until: NIODeadline)
    }

    let purpose: Purpose
    var stage: Stage
    var probe: Probe
    /// How the lines of the command begin that is given up: they are nobody's any more.
    var abandonedPrefixes: [String] = []
    /// The character of a prompt that may still come, and must be answered with ESC.
    var prompt: UInt8?
    /// Octets of a counted payload that the modem may wait for.
    var missingOctets = 0
    /// Whether the command that was given up may still be answered with `CONNECT`.
    var mayConnect = false
    /// Whether the next probe ends first what may stand on the modem's command line.
    var needsLineEnd = false

    var deadline: NIODeadline {
        switch stage {
        case .draining(let until), .probing(let until): until
        }
    }

    /// After an exchange that was not answered.
    /// - Parameter question: where the other probes may have been asked before in vain.
    init(after flight: Flight, drainingUntil until: NIODeadline, question: RegisterQuestion?) {
        purpose = .taint
        stage = .draining(until: until)
        let text = flight.exchange.text.wire
        probe = question.map { Probe($0, excluding: text) } ?? Probe(excluding: text)
        abandonedPrefixes = flight.exchange.responsePrefixes
        mayConnect = flight.exchange.completion == .dataMode || flight.exchange.completion == .anyFinal
        guard let payload = flight.exchange.payload else { return }
        if case .prompt(let octet, _) = payload.goAhead, flight.stage == .awaitingGoAhead { prompt = octet }
        if payload.trailer.isEmpty { missingOctets = payload.octets.readableBytes }
    }

    init(_ purpose: Purpose, drainingUntil until: NIODeadline, question: RegisterQuestion?) {
        self.purpose = purpose
        stage = .draining(until: until)
        probe = question.map { Probe($0) } ?? Probe()
    }
}
