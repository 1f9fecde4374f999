import ByteStreams
import NIOCore
import Scopes

extension TLSStream {
    /// Makes the handshake's steps until it is done. Each flight is one write below.
    static func handshake(
        _ session: TLSSession, over base: any ByteStream, peer: HandshakeFailure.Peer
    ) async throws(TLSError) {
        while true {
            let progress = session.handshake()
            // A ticket leaves with the server's first octets: in a segment of its own it would hold them up (RFC 1122
            // §4.2.3.4: Nagle's algorithm waits for its acknowledgement).
            if progress == .done, session.hasOnlyTicketsToSend { return }
            var flight = ByteBuffer()
            session.takeCiphertext(into: &flight)
            switch progress {
            case .done:
                try await send(flight, over: base)
                return
            case .needsInput:
                try await send(flight, over: base)
                try await receive(session, from: base, peer: peer)
            case .ended:
                throw .handshake(HandshakeFailure(.closed, peer: peer))
            case .failed(let failure):
                await tell(flight, over: base)
                throw error(failure, of: session, peer: peer)
            }
        }
    }

    private static func send(_ flight: ByteBuffer, over base: any ByteStream) async throws(TLSError) {
        do {
            try await base.writeAll(flight)
        } catch {
            throw .stream(error)
        }
    }

    private static func receive(
        _ session: TLSSession, from base: any ByteStream, peer: HandshakeFailure.Peer
    ) async throws(TLSError) {
        let ciphertext: ByteBuffer?
        do {
            ciphertext = try await base.read(atMost: ciphertextChunk)
        } catch {
            throw .stream(error)
        }
        guard let ciphertext else {
            let reason = HandshakeFailure.reasonOfOpening(session.opening)
            throw .handshake(
                HandshakeFailure(reason ?? (session.opening.isEmpty ? .closedAtOnce : .closed), peer: peer))
        }
        session.receive(ciphertext)
    }

    /// The alert that tells the peer why, as far as the link takes it at once.
    private static func tell(_ alert: ByteBuffer, over base: any ByteStream) async {
        guard alert.readableBytes > 0 else { return }
        try? await withDeadline(.seconds(1), clock: ContinuousClock()) { try await base.writeAll(alert) }
    }

    private static func error(
        _ failure: SessionFailure, of session: TLSSession, peer: HandshakeFailure.Peer
    ) -> TLSError {
        if case .certificate(let failure) = failure { return .certificate(failure) }
        // What is no TLS at all fails in many ways; its first octets say which it is.
        if let reason = HandshakeFailure.reasonOfOpening(session.opening) {
            return .handshake(HandshakeFailure(reason, peer: peer))
        }
        return switch failure {
        case .certificate(let failure): .certificate(failure)
        case .alert(let code, let name):
            .handshake(
                HandshakeFailure(
                    .alert(code: code, name: name), peer: peer, wantedCertificate: session.isCertificateWanted))
        case .version: .handshake(HandshakeFailure(.version, peer: peer))
        case .violation(let words): .handshake(HandshakeFailure(.protocolViolation(words), peer: peer))
        }
    }
}
