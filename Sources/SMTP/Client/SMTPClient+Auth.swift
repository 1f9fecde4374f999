import Credentials
import NIOCore
import Scopes

/// AUTH (RFC 4954): the mechanism is chosen among what is offered, and an exchange of it runs over the wire.
extension SMTPClient {
    /// Octets of a line within AUTH, with its CR LF, that every server takes (RFC 4954 §4).
    private static let responseLimit = 12_288

    func authenticate(
        _ wire: SMTPWire, _ capabilities: Capabilities, _ credentials: LoginCredentials
    ) async throws(SMTPError) {
        let mechanism = try choose(credentials, capabilities)
        var exchange: SASLExchange
        do throws(SASLFailure) {
            exchange = try SASLExchange(mechanism, credentials, try terms(mechanism, capabilities))
        } catch {
            throw .login(mechanism, error)
        }
        var reply = try await begin(exchange, on: wire)
        while reply.code == 334 {
            reply = try await answer(reply, &exchange, on: wire)
        }
        guard reply.isPositive else {
            guard reply.severity != .intermediate else { throw .unexpectedReply(.auth, reply) }
            let words = exchange.serverWords.map { Redaction(credentials).redacted($0) }
            throw .loginRefused(mechanism, reply, words: words)
        }
        do throws(SASLFailure) {
            try exchange.succeeded()
        } catch {
            throw .login(mechanism, error)
        }
    }

    private func choose(
        _ credentials: LoginCredentials, _ capabilities: Capabilities
    ) throws(SMTPError) -> SASLMechanism {
        let offered = capabilities.authMechanisms
        let usable = credentials.mechanisms.filter { isUsable($0) }
        guard let mechanism = usable.first(where: { offered.contains($0.rawValue) }) else {
            throw .authNotOffered(wanted: usable, offered: offered)
        }
        return mechanism
    }

    private func isUsable(_ mechanism: SASLMechanism) -> Bool {
        switch mechanism {
        case .plain, .login, .xoauth2, .external: true
        case .scramSHA256, .scramSHA256Plus, .oauthBearer: configuration.sasl != nil
        case .cramMD5: configuration.sasl?.digests.hmacMD5([], []) != nil
        }
    }

    /// SCRAM says how it stands to the channel: a server whose offer of -PLUS was taken away on its way to us is told that we
    /// would have bound (RFC 5802 §6).
    private func terms(
        _ mechanism: SASLMechanism, _ capabilities: Capabilities
    ) throws(SASLFailure) -> SASLExchange.Terms? {
        guard let means = configuration.sasl else { return nil }
        let isPlusOffered = capabilities.authMechanisms.contains(SASLMechanism.scramSHA256Plus.rawValue)
        let binding: SCRAMClient.Binding
        switch mechanism {
        case .scramSHA256Plus:
            do {
                binding = .bound(try means.channelBinding())
            } catch {
                throw .noChannelBinding((error as? any Failure)?.summary ?? String(describing: error).printable())
            }
        case .scramSHA256: binding = isPlusOffered ? .none : .notOffered
        case .plain, .login, .cramMD5, .xoauth2, .oauthBearer, .external: binding = .none
        }
        // 24 octets are 32 characters, none of them a comma.
        let nonce = String(decoding: Base64.encode(means.digests.randomOctets(24)), as: UTF8.self)
        return SASLExchange.Terms(
            digests: means.digests, nonce: nonce, binding: binding, host: means.host, port: means.port)
    }

    /// The initial response goes with the command, unless the line would be too long for a server (RFC 4954 §4).
    private func begin(_ exchange: SASLExchange, on wire: SMTPWire) async throws(SMTPError) -> Reply {
        let name = exchange.mechanism.rawValue
        guard let response = exchange.initialResponse else {
            return try await command(.auth(mechanism: name, initialResponse: nil), on: wire)
        }
        let whole = SMTPCommand.auth(mechanism: name, initialResponse: response)
        var line = ByteBuffer()
        whole.write(into: &line)
        if line.readableBytes <= SMTPCommand.lineLimit { return try await command(whole, on: wire) }
        let prompt = try await command(.auth(mechanism: name, initialResponse: nil), on: wire)
        guard prompt.code == 334 else { return prompt }
        return try await respond(response, on: wire)
    }

    /// A challenge that cannot be answered ends the exchange by `*`; what the server says to that changes nothing.
    private func answer(
        _ challenge: Reply, _ exchange: inout SASLExchange, on wire: SMTPWire
    ) async throws(SMTPError) -> Reply {
        let response: Secret
        do throws(SASLFailure) {
            response = try exchange.respond(to: Self.octets(of: challenge))
        } catch {
            _ = try? await send(line: ByteBuffer(string: "*\r\n"), redacted: "*", on: wire)
            throw .login(exchange.mechanism, error)
        }
        return try await respond(response, on: wire)
    }

    /// Nil for what is no base64.
    private static func octets(of challenge: Reply) -> [UInt8]? {
        guard challenge.lines.count <= 1 else { return nil }
        let text = challenge.lines.first ?? ""
        return Base64.decode(text.utf8.filter { $0 != 0x20 })
    }

    private func respond(_ response: Secret, on wire: SMTPWire) async throws(SMTPError) -> Reply {
        var octets = ByteBuffer()
        octets.writeBytes(Base64.encode(response.reveal()))
        octets.writeStaticString("\r\n")
        guard octets.readableBytes <= Self.responseLimit else {
            throw .invalid(name: "the login", reason: "its response is longer than AUTH can carry")
        }
        return try await send(line: octets, redacted: "<redacted>", on: wire)
    }

    private func send(line: ByteBuffer, redacted: String, on wire: SMTPWire) async throws(SMTPError) -> Reply {
        let line = Flight.Line(octets: line, redacted: redacted)
        return try await exchange(Flight(line: line, step: .auth, timeouts: configuration.timeouts), on: wire)
    }
}
