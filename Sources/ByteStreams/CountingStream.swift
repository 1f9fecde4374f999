public import NIOCore
public import Scopes
import Synchronization

/// What passed over a stream.
public struct StreamCount: Sendable, Equatable {
    /// Octets taken by the link.
    public var up = 0
    /// Octets given to the reader.
    public var down = 0
    /// Reads that followed a write: each waited for the far end once.
    public var roundTrips = 0

    public init(up: Int = 0, down: Int = 0, roundTrips: Int = 0) {
        self.up = up
        self.down = down
        self.roundTrips = roundTrips
    }

    public static func + (one: StreamCount, other: StreamCount) -> StreamCount {
        StreamCount(
            up: one.up + other.up, down: one.down + other.down, roundTrips: one.roundTrips + other.roundTrips)
    }

    public static func - (after: StreamCount, before: StreamCount) -> StreamCount {
        StreamCount(
            up: after.up - before.up, down: after.down - before.down, roundTrips: after.roundTrips - before.roundTrips)
    }
}

/// Passes everything on and counts it.
public final class CountingStream: ByteStream {
    private struct State {
        var count = StreamCount()
        var wroteSinceRead = false
    }

    private let base: any ByteStream
    private let state = Mutex(State())

    public init(_ base: any ByteStream) {
        self.base = base
    }

    public var count: StreamCount { state.withLock { $0.count } }

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        let octets = try await base.read(atMost: atMost)
        state.withLock { state in
            state.count.down += octets?.readableBytes ?? 0
            guard state.wroteSinceRead else { return }
            state.wroteSinceRead = false
            state.count.roundTrips += 1
        }
        return octets
    }

    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        let before = octets.readableBytes
        try await base.write(&octets)
        let taken = before - octets.readableBytes
        state.withLock { state in
            state.count.up += taken
            state.wroteSinceRead = true
        }
    }

    public func flush() async throws(StreamFailure) {
        try await base.flush()
    }

    public func endWriting() async throws(StreamFailure) -> Bool {
        try await base.endWriting()
    }

    public func close() async -> TeardownStep {
        await base.close()
    }
}
