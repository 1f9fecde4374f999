import Credentials
import Scopes

/// What a negative reply at a step means for the sender (RFC 5321 §4.2, RFC 4954 §6, RFC 3463).
struct Refusal {
    let step: SMTPStep
    let reply: Reply
    /// By which AUTH mechanism, where that is known.
    let mechanism: SASLMechanism?

    init(_ step: SMTPStep, _ reply: Reply, _ mechanism: SASLMechanism? = nil) {
        self.step = step
        self.reply = reply
        self.mechanism = mechanism
    }

    /// Who has to act.
    private enum Meaning {
        case later
        case credentials
        case configuration
        case recipient
        case message
        case peerProtocol
    }

    private var meaning: Meaning {
        if reply.severity == .transient { return .later }
        switch (step, reply.code) {
        // A configured relay that does not want us now: 554 in place of a greeting loses no message.
        case (.greeting, _): return .later
        case (.ehlo, 550), (.ehlo, 501), (.ehlo, 504): return .configuration
        case (.ehlo, _), (.startTLS, _), (.reset, _), (.quit, _): return .peerProtocol
        case (.auth, 500...504), (.auth, 530), (.auth, 534), (.auth, 538): return .configuration
        case (.auth, _): return .credentials
        case (.sender, 530), (.recipient, 530), (.data, 530), (.message, 530): return .configuration
        case (.sender, 500...504), (.data, 500...504): return .peerProtocol
        // The command itself was not taken: 501 alone may be about the address.
        case (.recipient, 500), (.recipient, 502...504), (.message, 500), (.message, 502...504): return .peerProtocol
        case (.recipient, _): return .recipient
        case (.sender, _), (.data, _), (.message, _): return .message
        }
    }

    var failureClass: FailureClass {
        switch meaning {
        case .later, .peerProtocol: .peer
        case .credentials, .configuration: .configuration
        case .recipient, .message: .message
        }
    }

    var exitStatus: ExitStatus {
        switch meaning {
        case .later: .tryAgain
        case .peerProtocol: .peerProtocol
        case .credentials: .credentialsRefused
        case .configuration: .configuration
        case .recipient: .recipientRefused
        case .message: .badMessage
        }
    }

    var summary: String {
        switch step {
        case .greeting: "the server takes no mail now: \(reply)"
        case .ehlo: "the server refused our name (EHLO): \(reply)"
        case .startTLS: "the server refused STARTTLS: \(reply)"
        case .auth where meaning == .credentials: "the server refused \(proofWords): \(reply)"
        case .auth: "the server refused the login: \(reply)"
        case .sender: "the server refused the sender: \(reply)"
        case .recipient: "the server refused the recipient: \(reply)"
        case .data, .message: "the server refused the message: \(reply)"
        case .reset, .quit: "the server refused \(step.rawValue): \(reply)"
        }
    }

    var advice: String? {
        if let advice = adviceByEnhancedCode { return advice }
        switch meaning {
        case .later: return "try again later"
        case .credentials: return credentialsAdvice
        case .configuration where step == .ehlo: return "set a full host name for EHLO"
        case .configuration where reply.code == 530 || reply.code == 538:
            return "the server wants a login over TLS: give a user name and a password file"
        case .configuration: return "choose another mechanism with --auth"
        case .recipient: return "check the address"
        case .message where step == .sender && reply.code != 552: return "use a sender address of this account"
        case .message where reply.code == 552: return "send less, or in parts"
        case .message: return "change the message as the server's words say, or ask its operator"
        case .peerProtocol: return Self.brokenProtocolAdvice
        }
    }

    private var proofWords: String {
        switch mechanism?.proof {
        case .token?: "the access token"
        case .certificate?: "the client certificate for a login"
        case .password?, nil: "the user name or password"
        }
    }

    private var credentialsAdvice: String {
        switch mechanism?.proof {
        case .token?: "get a new token: most live for an hour, and what renews them writes the token file anew"
        case .certificate?: "check that the account knows this certificate, or give a password file"
        case .password?, nil: "check user name and password file; a refused password is not tried again by itself"
        }
    }

    static let brokenProtocolAdvice =
        "ask the server's operator, or try its other port: 465 (smtps) or 587 (smtp with STARTTLS)"

    private var adviceByEnhancedCode: String? {
        guard reply.severity == .permanent, let status = reply.enhanced else { return nil }
        switch (status.subject, status.detail) {
        // Microsoft's words: https://learn.microsoft.com/exchange, "Authenticated client SMTP submission".
        case (7, 139) where reply.text.lowercased().contains("credentials were incorrect"): return nil
        case (7, 139), (7, 30):
            return "the provider has switched passwords off for this account or tenant: let its administrator allow"
                + " authenticated SMTP, or use OAuth with --token-file"
        case (7, 57):
            return "the provider takes mail after a login only: give a user name with --password-file or --token-file"
        case (7, 9) where step == .auth: return "the provider wants an application password or another mechanism"
        case (7, 12) where step == .auth: return "change the password with the provider first"
        case (7, 14): return "sign in once with a browser and confirm the account, or use an application password"
        case (1, 1), (1, 10): return "there is no such mailbox: check the address"
        case (1, 2): return "there is no such domain: check the address"
        case (2, 2): return "the mailbox is full"
        case (3, 4), (2, 3): return "send less, or in parts"
        case (7, 1) where step == .recipient: return "the server does not relay to that address; is a login needed?"
        default: return nil
        }
    }
}
