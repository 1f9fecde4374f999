/// A handshake that ended without a verdict on a certificate.
public struct HandshakeFailure: Sendable, Equatable {
    public enum Reason: Sendable, Equatable {
        /// The peer speaks something else at that port: "SMTP", "HTTP", "IMAP", "POP3", or nil when that is unknown.
        case notTLS(protocolName: String?, firstLine: String)
        /// The peer closed before its first octet.
        case closedAtOnce
        /// The peer closed in the middle of the handshake.
        case closed
        /// The peer refused with an alert (RFC 8446 §6.2), by its number and name.
        case alert(code: UInt8, name: String)
        /// No common protocol version.
        case version
        /// What the peer sent breaks the protocol, in the library's words.
        case protocolViolation(String)
    }

    public let reason: Reason

    public init(_ reason: Reason) {
        self.reason = reason
    }

    public var summary: String {
        switch reason {
        case .notTLS(let name?, let line):
            "the server speaks \(name) without TLS at this port (\"\(line)\")"
        case .notTLS(nil, let line):
            "the server does not speak TLS at this port (it said \"\(line)\")"
        case .closedAtOnce: "the server closed the connection instead of beginning TLS"
        case .closed: "the server closed the connection in the middle of the TLS handshake"
        case .alert(let code, let name): "the server refused the TLS handshake: \(name) (alert \(code))"
        case .version: "the server does not speak TLS 1.2 or 1.3"
        case .protocolViolation(let words): "the TLS handshake failed: \(words)"
        }
    }

    public var advice: String? {
        switch reason {
        case .notTLS(protocolName: "SMTP", _):
            "this is a port for STARTTLS: write smtp:// (port 587), or use the port for implicit TLS (smtps://, port 465)"
        case .notTLS(_, _): "check the port: implicit TLS is 465, STARTTLS is 587"
        case .closedAtOnce, .closed:
            "check the port (implicit TLS is 465, STARTTLS is 587) and whether a firewall stands between"
        case .alert(let code, _): HandshakeFailure.advice(alert: code)
        case .version: "ask the server's owner to enable TLS 1.2 or newer"
        case .protocolViolation: nil
        }
    }

    /// RFC 8446 §6.2.
    private static func advice(alert: UInt8) -> String? {
        switch alert {
        case 40, 71: "the server has no algorithm in common with this client: try the link profile \"standard\""
        case 70: "ask the server's owner to enable TLS 1.2 or newer"
        case 112: "the server does not know the name it was asked for: check the server's name"
        case 42, 43, 44, 45, 46, 48, 116: "the server wants a client certificate, or refuses the one it got"
        case 49: "the server refuses this client"
        case 80: "try again; the server had an internal error"
        default: nil
        }
    }
}
