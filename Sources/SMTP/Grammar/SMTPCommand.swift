public import Credentials
public import NIOCore

/// What a MAIL command says besides the reverse-path.
public struct MailParameters: Sendable, Equatable {
    /// `SIZE=`: octets of the message (RFC 1870).
    public var size: Int?
    /// `BODY=8BITMIME` (RFC 6152).
    public var eightBit: Bool
    /// `SMTPUTF8` (RFC 6531).
    public var smtpUTF8: Bool
    /// `RET=` (RFC 3461 §4.3).
    public var returned: NotificationRequest.Returned?
    /// `ENVID=`, before xtext (RFC 3461 §4.4).
    public var envelopeID: String?

    public init(
        size: Int? = nil, eightBit: Bool = false, smtpUTF8: Bool = false,
        returned: NotificationRequest.Returned? = nil, envelopeID: String? = nil
    ) {
        self.size = size
        self.eightBit = eightBit
        self.smtpUTF8 = smtpUTF8
        self.returned = returned
        self.envelopeID = envelopeID
    }
}

/// What a RCPT command says besides the forward-path.
public struct RecipientParameters: Sendable, Equatable {
    /// `NOTIFY=` (RFC 3461 §4.1): empty is `NEVER`, nil says nothing.
    public var notify: Set<NotificationRequest.Occasion>?

    public init(notify: Set<NotificationRequest.Occasion>? = nil) {
        self.notify = notify
    }
}

/// A command line of SMTP. `write` gives its wire form, `redacted` what may be shown: they differ where a secret stands.
public enum SMTPCommand: Sendable, Equatable {
    case ehlo(String)
    case helo(String)
    case startTLS
    /// The initial response as it is before base64; empty is written as `=` (RFC 4954 §4).
    case auth(mechanism: String, initialResponse: Secret?)
    case mail(MailPath?, MailParameters)
    case rcpt(MailPath, RecipientParameters = RecipientParameters())
    case data
    case bdat(octets: Int, last: Bool)
    case rset
    case noop
    case vrfy(String)
    case quit

    /// Octets of the longest command line with its CR LF (RFC 5321 §4.5.3.1.4).
    public static let lineLimit = 512

    /// The whole line with CR LF.
    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .auth(let mechanism, let initialResponse?):
            buffer.writeString("AUTH \(mechanism) ")
            buffer.writeBytes(initialResponse.isEmpty ? [0x3D] : Base64.encode(initialResponse.reveal()))
        case .auth(_, nil), .ehlo, .helo, .startTLS, .mail, .rcpt, .data, .bdat, .rset, .noop, .vrfy, .quit:
            buffer.writeString(redacted)
        }
        buffer.writeStaticString("\r\n")
    }

    /// The line without its end and without secrets.
    public var redacted: String {
        switch self {
        case .ehlo(let name): "EHLO \(name)"
        case .helo(let name): "HELO \(name)"
        case .startTLS: "STARTTLS"
        case .auth(let mechanism, nil): "AUTH \(mechanism)"
        case .auth(let mechanism, _?): "AUTH \(mechanism) <redacted>"
        case .mail(let path, let parameters): "MAIL FROM:<\(path?.description ?? "")>\(parameters.text)"
        case .rcpt(let path, let parameters): "RCPT TO:<\(path)>\(parameters.text)"
        case .data: "DATA"
        case .bdat(let octets, let last): last ? "BDAT \(octets) LAST" : "BDAT \(octets)"
        case .rset: "RSET"
        case .noop: "NOOP"
        case .vrfy(let word): "VRFY \(word)"
        case .quit: "QUIT"
        }
    }

    /// Where in the dialogue its reply belongs.
    var step: SMTPStep {
        switch self {
        case .ehlo, .helo: .ehlo
        case .startTLS: .startTLS
        case .auth: .auth
        case .mail: .sender
        case .rcpt: .recipient
        case .data: .data
        case .bdat: .message
        case .rset, .noop, .vrfy: .reset
        case .quit: .quit
        }
    }
}

extension MailParameters {
    fileprivate var text: String {
        (size.map { " SIZE=\($0)" } ?? "") + (eightBit ? " BODY=8BITMIME" : "") + (smtpUTF8 ? " SMTPUTF8" : "")
            + (returned.map { " RET=\($0.rawValue)" } ?? "")
            + (envelopeID.map { " ENVID=\(XText.encode($0))" } ?? "")
    }
}

extension RecipientParameters {
    fileprivate var text: String {
        notify.map { " NOTIFY=\(NotificationRequest.text(of: $0))" } ?? ""
    }
}
