import ByteStreams
import Modem
import NIOCore

/// The way out.
extension OnlineStream {
    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard octets.readableBytes > 0 else { return }
        guard !hasEndedWriting else { throw .closed }
        switch carriage.framing {
        case .plain: try await put(&octets)
        case .marked(let marking):
            try await putMarked()
            guard let slice = octets.readSlice(length: min(octets.readableBytes, Self.markedOctets)) else { return }
            marked = marking.encoded(slice)
            try await putMarked()
        }
    }

    /// The end mark, where the carriage has one: the peer is told, and may still be read from.
    func endWriting() async throws(StreamFailure) -> Bool {
        guard case .marked(let marking) = carriage.framing else { return false }
        guard !hasEndedWriting else { return true }
        try await putMarked()
        var mark = ByteBuffer(integer: marking.end)
        try await put(&mark)
        hasEndedWriting = true
        return true
    }

    /// The link cannot tell what was acknowledged.
    func flush() async throws(StreamFailure) {
        try await putMarked()
        guard case .online(let line) = life else { return }
        try await line.flush()
    }

    /// So many octets are no more than one write of the line when each needs an escape: none of these is split.
    private static let markedOctets = 8_192

    private func putMarked() async throws(StreamFailure) {
        var rest = marked
        marked = ByteBuffer()
        do throws(StreamFailure) {
            while rest.readableBytes > 0 { try await put(&rest) }
        } catch {
            marked = rest
            throw error
        }
    }

    /// Gives the line at least one octet, as soon as it is online.
    private func put(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        isWriting = true
        defer { isWriting = false }
        while true {
            switch life {
            case .online(let line):
                do throws(StreamFailure) {
                    try await line.write(&octets)
                    lastTraffic = dial.clock.now()
                    return
                } catch {
                    // The line of a connection that ended, or was left for a probe, says only that it is closed.
                    guard error == .closed, case .probing = life else { throw told(error) }
                }
            case .probing: try await waitForChange()
            case .ended(.peerClosed) where carriage.staysOnlineAtEnd: await reopen()
            case .ended(let ending): throw Self.failure(ending)
            case .closing, .closed: throw .closed
            }
        }
    }

    private func told(_ error: StreamFailure) -> StreamFailure {
        switch life {
        case .ended(let ending): Self.failure(ending)
        case .online, .probing, .closing, .closed: error
        }
    }

    private static func failure(_ ending: Ending) -> StreamFailure {
        switch ending {
        case .peerClosed: .reset("the peer closed the connection")
        case .reset(let words): .reset(words)
        case .lost(let words): .linkLost(words)
        }
    }
}
