import NIOCore
import Scopes
import Synchronization

/// Carries octets both ways between two streams until both directions have ended.
///
/// Each direction holds at most one read, so a slow reader on one side holds back the writer on the other. The end of one
/// direction is handed on where the other stream can (`ByteStream.endWriting`), and the other direction goes on. The bridge
/// closes neither stream: whoever opened them does, by the outcome.
public struct StreamBridge: Sendable {
    public enum Side: String, Sendable, Equatable {
        case near
        case far
    }

    public enum Ending: Sendable, Equatable {
        /// Both directions ended, each behind its last octet.
        case both
        /// That side ended, the other could not be told or did not end, and no octet passed for `silenceLimit`.
        case silence(after: Side)
        /// That side failed: the octets of the other that were under way may be lost.
        case failed(Side, StreamFailure)
        /// The calling task was cancelled.
        case cancelled
    }

    public struct Outcome: Sendable, Equatable {
        public var ending: Ending
        /// Octets that the far stream took.
        public var up: Int
        /// Octets that the near stream took.
        public var down: Int

        public init(ending: Ending, up: Int, down: Int) {
            self.ending = ending
            self.up = up
            self.down = down
        }
    }

    /// Largest read of each direction, in octets.
    public static let chunk = 16_384

    private let near: any ByteStream
    private let far: any ByteStream
    private let silenceLimit: Duration
    private let clock: any Clock<Duration>

    /// - Parameter silenceLimit: how long a bridge of which one direction has ended may be silent; it counts when the far
    ///   side could not be told of the near one's end, and when the far side has ended. 10 s by default; noticed within twice that.
    public init(
        near: any ByteStream, far: any ByteStream, silenceLimit: Duration = .seconds(10),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.near = near
        self.far = far
        self.silenceLimit = silenceLimit
        self.clock = clock
    }

    /// Runs to the end of both directions, the first failure, or the caller's cancellation.
    public func run() async -> Outcome {
        let passed = Passed()
        let ending = await withTaskGroup(of: Event.self) { group in
            group.addTask { await pass(.near, passed) }
            group.addTask { await pass(.far, passed) }
            let ending = await end(&group, passed)
            group.cancelAll()
            return ending
        }
        let (up, down) = passed.octets
        return Outcome(ending: ending, up: up, down: down)
    }

    private enum Event: Sendable {
        /// What this side sent has ended; whether the other was told.
        case ended(Side, told: Bool)
        case failed(Side, StreamFailure)
        case silent(after: Side)
    }

    private func end(_ group: inout TaskGroup<Event>, _ passed: Passed) async -> Ending {
        var endedSides = 0
        while let event = await group.next() {
            switch event {
            case .ended(let side, let told):
                endedSides += 1
                if endedSides == 2 { return .both }
                if side == .far || !told {
                    group.addTask { await silence(after: side, passed) }
                }
            case .failed(_, .cancelled): return .cancelled
            case .failed(let side, let failure): return .failed(side, failure)
            case .silent(let side): return Task.isCancelled ? .cancelled : .silence(after: side)
            }
        }
        return .both
    }

    /// Passes on what `side` sends until its end.
    private func pass(_ side: Side, _ passed: Passed) async -> Event {
        let (source, sink, other) = side == .near ? (near, far, Side.far) : (far, near, Side.near)
        while true {
            let read: ByteBuffer?
            do {
                read = try await source.read(atMost: Self.chunk)
            } catch {
                return .failed(side, error)
            }
            do {
                guard var octets = read else { return .ended(side, told: try await sink.endWriting()) }
                while octets.readableBytes > 0 {
                    let before = octets.readableBytes
                    try await sink.write(&octets)
                    passed.add(before - octets.readableBytes, from: side)
                }
            } catch {
                return .failed(other, error)
            }
        }
    }

    /// Returns when no octet passed for a whole turn of `silenceLimit`.
    private func silence(after side: Side, _ passed: Passed) async -> Event {
        var before = passed.octets
        while true {
            guard (try? await clock.sleep(for: silenceLimit)) != nil else { return .silent(after: side) }
            let now = passed.octets
            if now == before { return .silent(after: side) }
            before = now
        }
    }

    /// What passed so far, up and down.
    private final class Passed: Sendable {
        private let state = Mutex((up: 0, down: 0))

        var octets: (up: Int, down: Int) { state.withLock { $0 } }

        func add(_ count: Int, from side: Side) {
            state.withLock { state in
                switch side {
                case .near: state.up += count
                case .far: state.down += count
                }
            }
        }
    }
}
