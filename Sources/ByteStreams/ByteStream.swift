public import NIOCore
public import Scopes

/// An ordered stream of octets both ways: a modem's socket, a kernel's socket, TLS over either, a pair in memory.
///
/// One reader and one writer may be at work at the same time, never two of one kind.
public protocol ByteStream: Sendable {
    /// Waits for at least one octet and answers with at most `atMost` (1 or more); nil at the peer's end, after its last
    /// octet, with or without notice. Nil again at each later call. A cancelled read loses no octet.
    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer?

    /// Suspends until at least one octet is taken, and moves the reader index by what was taken. An empty buffer returns at
    /// once. Zero taken and "would block" are never errors; they are waited for.
    func write(_ octets: inout ByteBuffer) async throws(StreamFailure)

    /// Returns when the far TCP has acknowledged all, or at once where the link cannot tell.
    func flush() async throws(StreamFailure)

    /// Ends the direction of writing alone, behind what was written; the peer reads its end, and may still be read from. Later
    /// writes fail with `.closed`. Answers whether the peer was told: false, and nothing is changed, where the stream has no
    /// such end (a modem's own sockets).
    func endWriting() async throws(StreamFailure) -> Bool

    /// Ends the stream, both ways. When it returns, the slot or descriptor is reusable. Idempotent, never throws; a pending
    /// read or write ends with `.closed`.
    func close() async -> TeardownStep
}

extension ByteStream {
    public func endWriting() async throws(StreamFailure) -> Bool { false }

    /// Writes all of `octets`, in as many calls as the stream needs.
    public func writeAll(_ octets: ByteBuffer) async throws(StreamFailure) {
        var rest = octets
        while rest.readableBytes > 0 {
            try await write(&rest)
        }
    }
}

/// Why a stream ended before its time.
public enum StreamFailure: Failure, Equatable {
    /// This side closed it.
    case closed
    /// The calling task was cancelled; the stream stays usable.
    case cancelled
    /// The peer reset the connection, or the modem reported it dead.
    case reset(String)
    /// What carries the stream is gone: bearer, line or device. The words say which.
    case linkLost(String)
    /// No progress within the time limit of the operation.
    case timedOut(String)
    /// The layer above the transport is broken: a bad TLS record, a truncated frame.
    case corrupt(String)
    /// The peer ended the layer above the transport on purpose and said why: an alert of TLS.
    case refused(String, advice: String?)

    public var failureClass: FailureClass {
        switch self {
        case .closed, .cancelled: .defect
        case .reset, .corrupt, .refused, .timedOut: .peer
        case .linkLost: .network
        }
    }

    public var summary: String {
        switch self {
        case .closed: "the connection was closed here"
        case .cancelled: "interrupted"
        case .reset(let words): "the connection was reset: \(words)"
        case .linkLost(let words): "the link was lost: \(words)"
        case .timedOut(let words): "no progress: \(words)"
        case .corrupt(let words): "the stream is corrupt: \(words)"
        case .refused(let words, _): words
        }
    }

    public var advice: String? {
        switch self {
        case .closed, .cancelled: nil
        case .corrupt: "try again; if it stays so, tell the server's owner"
        case .refused(_, let advice): advice
        case .reset, .linkLost, .timedOut: "try again"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .closed: .softwareDefect
        case .cancelled, .reset, .linkLost, .timedOut: .tryAgain
        case .corrupt, .refused: .peerProtocol
        }
    }
}
