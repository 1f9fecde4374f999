public import NIOCore

/// Which addresses of a name are tried, and when (RFC 8305): each is given a head start over the next, a failed one is followed
/// at once, and the first that answers wins. Pure; it numbers the addresses from 0 and knows no clock.
public struct HappyEyeballs: Sendable {
    public enum Event: Sendable, Equatable {
        case begun
        /// The delay of that attempt is over.
        case delayPassed(Int)
        case connected(Int)
        case failed(Int)
    }

    public enum Action: Sendable, Equatable {
        /// Connect to that address, and say when its delay is over.
        case attempt(Int)
        /// It is no longer wanted.
        case abandon(Int)
        /// The end: who won; nil when all have failed.
        case finish(Int?)
    }

    private enum State {
        case fresh
        /// `latest` is the attempt whose delay counts; `running` are those without an outcome.
        case racing(latest: Int, running: Set<Int>)
        case finished
    }

    private let count: Int
    private var state = State.fresh

    /// - Parameter count: how many addresses there are.
    public init(count: Int) {
        self.count = count
    }

    public mutating func handle(_ event: Event) -> [Action] {
        switch (state, event) {
        case (.fresh, .begun): return start(0, running: [])
        case (.racing(let latest, let running), .delayPassed(let passed)):
            // A later attempt was begun meanwhile: its own delay counts.
            guard passed == latest else { return [] }
            return start(latest + 1, running: running)
        case (.racing(let latest, var running), .failed(let address)):
            guard running.remove(address) != nil else { return [] }
            return start(latest + 1, running: running)
        case (.racing(_, var running), .connected(let address)):
            guard running.remove(address) != nil else { return [] }
            state = .finished
            return running.sorted().map { .abandon($0) } + [.finish(address)]
        case (.fresh, .delayPassed), (.fresh, .connected), (.fresh, .failed), (.racing, .begun), (.finished, _):
            return []
        }
    }

    private mutating func start(_ next: Int, running: Set<Int>) -> [Action] {
        guard next < count else {
            state = running.isEmpty ? .finished : .racing(latest: max(next - 1, 0), running: running)
            return running.isEmpty ? [.finish(nil)] : []
        }
        state = .racing(latest: next, running: running.union([next]))
        return [.attempt(next)]
    }

    // MARK: Order and delay

    /// The families in turn (§4), beginning with that of the first address; within a family in the given order. The address that
    /// worked last comes first when it is still one of them.
    public static func order(_ addresses: [SocketAddress], lastGood: SocketAddress? = nil) -> [SocketAddress] {
        var ordered = addresses
        if let lastGood, let index = ordered.firstIndex(of: lastGood) {
            ordered.insert(ordered.remove(at: index), at: 0)
        }
        guard let first = ordered.first else { return [] }
        let own = ordered.filter { $0.protocol == first.protocol }
        let others = ordered.filter { $0.protocol != first.protocol }
        return (0..<max(own.count, others.count)).flatMap { index in
            [own, others].compactMap { index < $0.count ? $0[index] : nil }
        }
    }

    /// The connection attempt delay (§5): 250 ms, and on a slow link as long as an answer takes there and half again, up to 2 s,
    /// so that a handshake that goes well costs one SYN.
    /// - Parameter answer: how long some other answer took on this link, as that of the name server.
    public static func delay(answer: Duration? = nil) -> Duration {
        guard let answer else { return shortest }
        return min(max(answer * 3 / 2, shortest), longest)
    }

    private static let shortest = Duration.milliseconds(250)
    private static let longest = Duration.seconds(2)
}
