import Synchronization

/// What writer, reader and watchdog of one flight know together.
final class FlightRecord: Sendable {
    private struct State {
        var result = FlightResult()
        var isWriterDone = false
        var isReaderDone = false
        /// Octets of the body that the link has not taken.
        var left: Int
    }

    private let flight: Flight
    private let state: Mutex<State>

    init(_ flight: Flight) {
        self.flight = flight
        state = Mutex(State(left: flight.bodyOctets))
    }

    var result: FlightResult { state.withLock { $0.result } }

    /// What is waited for now.
    var step: SMTPStep { state.withLock { step($0) } }

    /// How long that may take: a body that is being sent has its own limit, since its octets are the progress.
    var limit: Duration {
        state.withLock { state in
            let isSending = flight.bodies > 0 && !state.isWriterDone
            return isSending ? flight.timeouts.dataBlock : flight.timeouts.limit(of: step(state))
        }
    }

    private func step(_ state: borrowing State) -> SMTPStep {
        let index = min(state.result.replies.count, flight.expected.count - 1)
        return index >= 0 ? flight.expected[index] : .quit
    }

    func left(_ octets: Int) {
        state.withLock { $0.left = octets }
    }

    func offeringLastOctet(_ isOffered: Bool) {
        state.withLock { state in
            state.left = 0
            state.result.offeredLastOctet = isOffered && flight.bodies > 0
        }
    }

    /// A message that has not left whole cannot have been taken: a positive reply to it belongs to something else.
    func mayBeAnswered(by reply: Reply, _ step: SMTPStep) -> Bool {
        guard step == .message, reply.isPositive, flight.bodies == 1 else { return true }
        return state.withLock { $0.result.offeredLastOctet }
    }

    func received(_ reply: Reply) {
        state.withLock { $0.result.replies.append(reply) }
    }

    /// Whether the replies say that the body need not be sent, and enough of it is left to stop there.
    func isUseless(finishWhenLeft: Int) -> Bool {
        state.withLock { state in
            state.left > finishWhenLeft && flight.isRefused(by: state.result.replies)
        }
    }

    /// Answers whether replies are still to be waited for: not when all are there, and not when the message's source failed,
    /// of which the server knows nothing.
    func writerEnded(_ failure: SMTPError?) -> Bool {
        state.withLock { state in
            state.isWriterDone = true
            guard let failure else { return !state.isReaderDone }
            state.result.isBroken = true
            guard state.result.replies.count < flight.expected.count else { return false }
            // What the reader or the watchdog find after it is a consequence.
            state.result.failure = state.result.failure ?? failure
            if case .stream = failure { return true }
            return false
        }
    }

    /// Answers whether the flight is over.
    func readerEnded(_ failure: SMTPError?, finishWhenLeft: Int) -> Bool {
        state.withLock { state in
            state.isReaderDone = true
            if let failure {
                if case .refused = failure {
                    state.result.failure = failure  // the server's last words (421) explain a failed write
                } else {
                    state.result.failure = state.result.failure ?? failure
                }
                state.result.isBroken = true
                return true
            }
            let isAbandoned = state.left > finishWhenLeft
            if isAbandoned { state.result.isBroken = true }
            return state.isWriterDone || isAbandoned
        }
    }

    func timedOut(_ limit: Duration) {
        state.withLock { state in
            state.result.isBroken = true
            guard state.result.replies.count < flight.expected.count else { return }
            state.result.failure = state.result.failure ?? .timedOut(step(state), limit)
        }
    }
}
