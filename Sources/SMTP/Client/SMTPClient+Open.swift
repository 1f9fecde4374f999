import ByteStreams
import Scopes

extension SMTPClient {
    /// Greeting, EHLO, STARTTLS with a second EHLO where the transport says so, and AUTH where credentials are given.
    ///
    /// After an error `quit` may still be called; then the stream is to be closed.
    public func open() async throws(SMTPError) {
        guard case .new(let transport) = state else { throw .sessionOver }
        let wire: SMTPWire
        switch transport {
        case .verifiedTLS(let stream): wire = self.wire(on: stream, isProtected: true)
        case .startTLS(let stream, _): wire = self.wire(on: stream, isProtected: false)
        case .clear(let stream):
            guard configuration.credentials == nil else { throw .credentialsWithoutTLS }
            wire = self.wire(on: stream, isProtected: false)
        }
        state = .connected(wire)
        try await phase(.greeting) { () throws(SMTPError) in try await greet(wire) }
        var opened = (wire: wire, capabilities: try await hello(wire, transport))
        if case .startTLS(_, let upgrade) = transport {
            opened = try await startTLS(on: wire, opened.capabilities, upgrade, transport)
        }
        if let credentials = configuration.credentials {
            try await phase(.auth) { () throws(SMTPError) in
                try await authenticate(opened.wire, opened.capabilities, credentials)
            }
        }
        room.limit(by: opened.capabilities)
        state = .ready(opened.wire, opened.capabilities)
    }

    private func wire(on stream: any ByteStream, isProtected: Bool) -> SMTPWire {
        SMTPWire(
            stream, isProtected: isProtected, clock: clock, finishWhenLeft: configuration.finishWhenLeft,
            redaction: Redaction(configuration.credentials), observe: observe)
    }

    private func greet(_ wire: SMTPWire) async throws(SMTPError) {
        let reply = try await exchange(Flight(expecting: .greeting, timeouts: configuration.timeouts), on: wire)
        switch reply.severity {
        case .completion where reply.code == 220: return
        case .completion, .intermediate: throw .unexpectedReply(.greeting, reply)
        case .transient, .permanent: throw .refused(.greeting, reply)
        }
    }

    private func hello(_ wire: SMTPWire, _ transport: SMTPTransport) async throws(SMTPError) -> Capabilities {
        try await phase(.ehlo) { () throws(SMTPError) in
            let reply = try await command(.ehlo(configuration.name.description), on: wire)
            if reply.isPositive { return Capabilities(reply) }
            guard reply.code == 500 || reply.code == 502, mayFallBackToHELO(transport) else {
                throw SMTPError(negative: reply, at: .ehlo)
            }
            let second = try await command(.helo(configuration.name.description), on: wire)
            guard second.isPositive else { throw SMTPError(negative: second, at: .ehlo) }
            return Capabilities()
        }
    }

    /// HELO has neither STARTTLS nor AUTH.
    private func mayFallBackToHELO(_ transport: SMTPTransport) -> Bool {
        guard configuration.credentials == nil else { return false }
        return switch transport {
        case .startTLS: false
        case .verifiedTLS, .clear: true
        }
    }

    /// A new wire over TLS, and what the server offers there: nothing learnt in clear is kept (RFC 3207 §4.2).
    private func startTLS(
        on wire: SMTPWire, _ capabilities: Capabilities, _ upgrade: StreamUpgrade, _ transport: SMTPTransport
    ) async throws(SMTPError) -> (wire: SMTPWire, capabilities: Capabilities) {
        try await phase(.startTLS) { () throws(SMTPError) in
            guard capabilities.startTLS else { throw .startTLSNotOffered }
            let reply = try await command(.startTLS, on: wire)
            guard reply.code == 220 else { throw SMTPError(negative: reply, at: .startTLS) }
            guard !wire.hasSurplus else {
                state = .over
                throw .surplusAfterStartTLS
            }
        }
        // From here on a failure leaves no session to say QUIT in.
        state = .over
        let stream: any ByteStream
        do {
            stream = try await upgrade(wire.stream)
        } catch {
            throw SMTPError(underlying: error, at: .startTLS)
        }
        let secure = self.wire(on: stream, isProtected: true)
        state = .connected(secure)
        return (secure, try await hello(secure, transport))
    }

    /// A command that is a flight of its own.
    func command(_ command: SMTPCommand, on wire: SMTPWire) async throws(SMTPError) -> Reply {
        try await exchange(Flight([command], timeouts: configuration.timeouts), on: wire)
    }

    /// Sends a flight with one reply, and ends the session when none comes or it is 421.
    func exchange(_ flight: Flight, on wire: SMTPWire) async throws(SMTPError) -> Reply {
        let result = await wire.run(flight)
        if result.isBroken { state = .over }
        if let failure = result.failure { throw failure }
        guard let reply = result.replies.first else { throw .endedEarly(flight.expected.first ?? .quit) }
        return reply
    }
}

extension SMTPError {
    /// A reply that is not the wanted one: 4yz and 5yz are refusals, anything else has no meaning there.
    init(negative reply: Reply, at step: SMTPStep) {
        switch reply.severity {
        case .transient, .permanent: self = .refused(step, reply)
        case .completion, .intermediate: self = .unexpectedReply(step, reply)
        }
    }
}
