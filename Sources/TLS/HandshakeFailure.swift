import Scopes

/// A handshake that ended without a verdict on a certificate.
public struct HandshakeFailure: Sendable, Equatable {
    public enum Peer: String, Sendable, Equatable {
        case server
        case client
    }

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

    /// The other side of the connection.
    public let peer: Peer
    public let reason: Reason
    /// Whether the peer, a server, had asked for a certificate: TLS 1.2 has no alert that says so.
    public let wantedCertificate: Bool

    public init(_ reason: Reason, peer: Peer = .server, wantedCertificate: Bool = false) {
        self.wantedCertificate = wantedCertificate
        self.peer = peer
        self.reason = reason
    }

    /// Whether the next connection may well fare better: this one ended without a word, or by an error within the peer.
    var isTemporary: Bool {
        switch reason {
        case .closedAtOnce, .closed: true
        case .alert(let code, _): code == 80
        case .notTLS, .version, .protocolViolation: false
        }
    }

    public var summary: String {
        let peer = peer.rawValue
        return switch reason {
        case .notTLS(let name?, let line): "the \(peer) speaks \(name) without TLS at this port (\"\(line)\")"
        case .notTLS(nil, let line): "the \(peer) does not speak TLS at this port (it said \"\(line)\")"
        case .closedAtOnce: "the \(peer) closed the connection instead of beginning TLS"
        case .closed: "the \(peer) closed the connection in the middle of the TLS handshake"
        case .alert(let code, let name): "the \(peer) refused the TLS handshake: \(name) (alert \(code))"
        case .version: "the \(peer) does not speak TLS 1.2 or 1.3"
        case .protocolViolation(let words): "the TLS handshake failed: \(words)"
        }
    }

    public var advice: String? {
        guard peer == .server else { return nil }
        switch reason {
        case .notTLS(protocolName: "SMTP", _):
            return "this port wants STARTTLS: write smtp:// for it, or use implicit TLS (smtps://, port 465)"
        case .notTLS(_, _): return "check the port: implicit TLS is 465, STARTTLS is 587"
        case .closedAtOnce, .closed:
            return "check the port (implicit TLS is 465, STARTTLS is 587), and whether a firewall stands between"
        case .alert(40...49, _) where wantedCertificate:
            return "the server had asked for a client certificate: check --client-certificate and --client-key"
        case .alert(let code, _): return HandshakeFailure.advice(alert: code)
        case .version: return "ask the server's owner to enable TLS 1.2 or newer"
        case .protocolViolation(let words): return HandshakeFailure.advice(violation: words)
        }
    }

    /// By the library's words for what is known to happen.
    private static func advice(violation words: String) -> String {
        switch words {
        case "unsafe legacy renegotiation disabled":
            "the server's TLS is too old to be safe (it lacks RFC 5746): ask its owner to update it"
        case "excessive message size":
            "the server sends more than 100 kB of certificates: ask its owner to send the chain alone"
        default: "try again; if it stays so, the server or something before it breaks TLS: tell the server's owner"
        }
    }

    /// RFC 8446 §6.2.
    static func advice(alert: UInt8) -> String? {
        switch alert {
        case 40, 71:
            """
            the server has no algorithm in common with this client, which wants ECDHE with AES-GCM or ChaCha20: try \
            --link-profile standard, else ask the server's owner
            """
        case 70: "ask the server's owner to enable TLS 1.2 or newer"
        case 112: "the server does not know the name that it was asked for: check the server's name"
        case 116: "give the client's certificate with --client-certificate and --client-key"
        case 42, 43, 44, 46, 48:
            "the server wants another client certificate, if any: check --client-certificate and what its owner trusts"
        case 45: "the server holds the client's certificate for expired: renew it"
        case 49: "the server refuses this client: ask its owner"
        case 80: "try again: the server had an internal error"
        default: nil
        }
    }

    /// What a peer's first octets say, when they are no record of TLS (RFC 8446 §5.1: types 20 to 23).
    static func reasonOfOpening(_ octets: [UInt8]) -> Reason? {
        guard let first = octets.first, !(20...23).contains(first) else { return nil }
        let line = String(decoding: octets.prefix { $0 != 10 && $0 != 13 }.prefix(80), as: UTF8.self).printable()
        let name: String? =
            if line.hasPrefix("HTTP/") || line.hasPrefix("GET ") || line.hasPrefix("POST ") {
                "HTTP"
            } else if line.hasPrefix("* ") {
                "IMAP"
            } else if line.hasPrefix("+OK") {
                "POP3"
            } else if octets.count >= 4, octets.prefix(3).allSatisfy({ (48...57).contains($0) }),
                [32, 45].contains(octets[3])
            {
                "SMTP"
            } else if line.hasPrefix("EHLO ") || line.hasPrefix("HELO ") {
                "SMTP"
            } else {
                nil
            }
        return .notTLS(protocolName: name, firstLine: line)
    }
}
