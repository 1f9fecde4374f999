import NIOCore

/// Which address is tried when, and which connection counts (RFC 8305 §5): sans-IO.
///
/// Addresses come in the order of §4. The next attempt begins when the one before failed, or when it has been silent for the
/// connection attempt delay; the first that stands wins. On a cellular link a handshake is answered in 0.1 to 2 s and each one
/// costs octets, so the delay is the longest that the document recommends.
struct ConnectionRace: Sendable {
    enum Event: Sendable, Equatable {
        case begin
        case connected(Int)
        case failed(Int)
        case deadlinePassed
    }

    enum Action: Sendable, Equatable {
        /// Begins the attempt with the address of this number.
        case attempt(Int)
        /// This one counts; the others are given up.
        case won(Int)
        /// Every attempt failed.
        case lost
    }

    private enum State: Sendable {
        case ready
        case racing(next: Int, running: Set<Int>, until: NIODeadline)
        case over
    }

    private var state = State.ready
    private let addresses: Int
    private let delay: TimeAmount

    /// - Parameter addresses: how many there are.
    init(addresses: Int, delay: TimeAmount = .seconds(2)) {
        self.addresses = addresses
        self.delay = delay
    }

    /// When the next address is due.
    var deadline: NIODeadline? {
        switch state {
        case .racing(let next, _, let until): next < addresses ? until : nil
        case .ready, .over: nil
        }
    }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        switch (state, event) {
        case (.ready, .begin): return next(0, running: [], now)
        case (.racing(_, let running, _), .connected(let winner)) where running.contains(winner):
            state = .over
            return [.won(winner)]
        case (.racing(let next, var running, let until), .failed(let loser)) where running.contains(loser):
            running.remove(loser)
            guard next >= addresses, !running.isEmpty else { return self.next(next, running: running, now) }
            state = .racing(next: next, running: running, until: until)
            return []
        case (.racing(let next, let running, let until), .deadlinePassed) where next < addresses && now >= until:
            return self.next(next, running: running, now)
        case (.ready, _), (.racing, _), (.over, _): return []
        }
    }

    private mutating func next(_ next: Int, running: Set<Int>, _ now: NIODeadline) -> [Action] {
        guard next < addresses else {
            state = .over
            return [.lost]
        }
        state = .racing(next: next + 1, running: running.union([next]), until: now + delay)
        return [.attempt(next)]
    }
}
