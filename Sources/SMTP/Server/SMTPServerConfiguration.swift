public import NIOCore

/// What a server session offers, demands and bears.
public struct SMTPServerConfiguration: Sendable, Equatable {
    public enum Security: Sendable, Equatable {
        /// No TLS at all; AUTH is not offered then.
        case clear
        /// TLS from the first octet: the driver has done the handshake before `.opened`.
        case tls
        /// STARTTLS is offered, and nothing but it and EHLO is taken before it.
        case startTLS
    }

    public enum Login: Sendable, Equatable {
        case none
        /// MAIL only after AUTH.
        case required
    }

    /// In the greeting and the reply to EHLO.
    public var hostName: String
    public var security: Security
    public var login: Login
    public var pipelining = true
    public var chunking = true
    public var eightBitMIME = true
    public var smtpUTF8 = true
    /// Octets of a message; nil offers SIZE without a limit.
    public var sizeLimit: Int?
    /// Recipients of one transaction, at least 100 (RFC 5321 §4.5.3.1.8); the next ones get 452.
    public var recipientLimit = 1000
    /// Octets of a command line with its CR LF; the standard's 512 and room for parameters (RFC 5321 §4.5.3.1.4).
    public var commandOctets = 2048
    /// Octets of a line within AUTH (RFC 4954 §4).
    public var authOctets = 12_288
    /// Octets of a line of text with its CR LF (RFC 5321 §4.5.3.1.6).
    public var textLineOctets = 1000
    /// Whether text above 0x7F must have been announced by BODY=8BITMIME.
    public var demandsDeclared8Bit = false
    /// Errors of one session before 421 ends it.
    public var errorLimit = 10
    /// The longest pause between two reads (RFC 5321 §4.5.3.2.7).
    public var idle = TimeAmount.minutes(5)
    /// In place of 220: for tests of clients.
    public var greeting: Reply?

    public init(hostName: String, security: Security, login: Login = .none) {
        self.hostName = hostName
        self.security = security
        self.login = login
    }
}

/// From whom and to whom a server session was told to take a message.
public struct ServerEnvelope: Sendable, Equatable {
    public var reversePath: MailPath?
    public var parameters: MailParameters
    public var recipients: [MailPath] = []
    /// The user that AUTH verified.
    public var user: String?

    public init(reversePath: MailPath?, parameters: MailParameters, recipients: [MailPath] = [], user: String? = nil) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.user = user
    }
}
