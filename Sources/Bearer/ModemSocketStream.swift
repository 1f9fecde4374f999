public import ByteStreams
public import Modem
public import NIOCore
public import Scopes

/// A TCP connection by the modem's own sockets.
///
/// A write takes at most two sends' worth ahead of the modem and returns; larger writes keep every send full. A read fetches
/// ahead by at most one fetch. Both may be at work at once; on the line their turns alternate.
public final class ModemSocketStream: ByteStream {
    private let sockets: ModemSockets
    private let id: SocketMachine.SocketID
    private let clock: BearerClock

    init(_ sockets: ModemSockets, _ id: SocketMachine.SocketID, _ clock: BearerClock) {
        self.sockets = sockets
        self.id = id
        self.clock = clock
    }

    /// What passed so far, octets taken, accepted and acknowledged apart; nil once closed.
    public var counts: SocketCounts? { sockets.counts(of: id) }

    public func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        precondition(atMost > 0, "a read asks for at least one octet")
        return try await sockets.read(id, atMost: atMost)
    }

    public func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        let taken = try await sockets.write(id, octets)
        octets.moveReaderIndex(forwardBy: taken)
    }

    public func flush() async throws(StreamFailure) {
        try await sockets.flush(id)
    }

    /// Sends first what a write took, for 3 s at most. A caller that is cancelled meanwhile is told `.cut`; the slot is
    /// freed all the same.
    public func close() async -> TeardownStep {
        let start = clock.now()
        let outcome = await sockets.close(id)
        let took = clock.now() - start
        return TeardownStep(name: "socket", outcome: outcome, duration: .nanoseconds(took.nanoseconds))
    }
}
