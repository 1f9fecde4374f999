import Credentials
import NIOCore

/// Where an AUTH exchange stands (RFC 4954 §4).
enum ServerAuthentication: Sendable, Equatable {
    case plain
    case loginUser
    case loginPassword(user: String)
}

extension SMTPServerSession {
    mutating func startAuthentication(_ mechanism: String, _ response: Secret?) {
        guard configuration.login != .none else { return refuse(Reply(502, "5.5.1 not implemented")) }
        guard mayAuthenticate else { return refuse(Reply(538, "5.7.11 encryption required")) }
        guard user == nil else { return refuse(Reply(503, "5.5.1 authenticated already")) }
        guard transaction == nil else { return refuse(Reply(503, "5.5.1 not within a transaction")) }
        switch (mechanism, response) {
        case (SASLMechanism.plain.rawValue, let response?): takePlain(response)
        case (SASLMechanism.plain.rawValue, nil): prompt("", .plain)
        case (SASLMechanism.login.rawValue, let response?): takeLoginUser(response)
        case (SASLMechanism.login.rawValue, nil): prompt("Username:", .loginUser)
        case (_, _): refuse(Reply(504, "5.5.4 mechanism not known"))
        }
    }

    mutating func take(response line: ByteBuffer, to exchange: ServerAuthentication) {
        state = .command
        if line.readableBytesView.elementsEqual([0x2A]) { return refuse(Reply(501, "5.7.0 cancelled")) }
        guard let octets = Base64.decode(line.readableBytesView) else {
            return refuse(Reply(501, "5.5.2 the response is no base64"))
        }
        switch exchange {
        case .plain: takePlain(Secret(octets))
        case .loginUser: takeLoginUser(Secret(octets))
        case .loginPassword(let user): ask(.credentials(user: user, password: Secret(octets)))
        }
    }

    private mutating func prompt(_ words: String, _ exchange: ServerAuthentication) {
        reply(Reply(334, String(decoding: Base64.encode(Array(words.utf8)), as: UTF8.self)))
        state = .authenticating(exchange)
    }

    /// `[authorization identity] NUL user NUL password` (RFC 4616 §2). Nobody acts for another here.
    private mutating func takePlain(_ response: Secret) {
        let parts = response.reveal().split(separator: 0, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, let user = String(validating: parts[1], as: UTF8.self), !user.isEmpty else {
            return refuse(Reply(501, "5.5.2 the response is not as RFC 4616 wants it"))
        }
        guard parts[0].isEmpty || parts[0] == parts[1] else {
            return refuse(Reply(535, "5.7.8 nobody may act for another"))
        }
        ask(.credentials(user: user, password: Secret(parts[2])))
    }

    private mutating func takeLoginUser(_ response: Secret) {
        guard let user = response.revealText(), !user.isEmpty else {
            return refuse(Reply(501, "5.5.2 the user name is no UTF-8"))
        }
        prompt("Password:", .loginPassword(user: user))
    }
}
