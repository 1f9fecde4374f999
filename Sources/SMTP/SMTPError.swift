public import ByteStreams
public import Credentials
public import Scopes

/// Where in the dialogue something happened.
public enum SMTPStep: String, Sendable, Equatable, CaseIterable {
    case greeting
    case ehlo = "EHLO"
    case startTLS = "STARTTLS"
    case auth = "AUTH"
    case sender = "MAIL"
    case recipient = "RCPT"
    case data = "DATA"
    case message
    case reset = "RSET"
    case quit = "QUIT"
}

/// How an SMTP dialogue failed. No case holds a secret or an address; a server's words are printable.
public enum SMTPError: Failure, Equatable {
    /// The server said no: 4yz for now, 5yz for good.
    case refused(SMTPStep, Reply)
    /// A reply code that means nothing at that place.
    case unexpectedReply(SMTPStep, Reply)
    /// What came is no reply; the line as received, printable.
    case malformedReply(String)
    /// A reply came before anything was asked, printable: which answer belongs to which command is no longer known.
    case unaskedReply(String)
    /// Octets followed the reply to STARTTLS in clear: somebody may have put them there (RFC 3207 §6).
    case surplusAfterStartTLS
    case startTLSNotOffered
    /// Credentials are configured, and no mechanism that fits them is offered; what is.
    case authNotOffered(wanted: [SASLMechanism], offered: [String])
    /// The server refused the login; what it said within the mechanism, in one printable line.
    case loginRefused(SASLMechanism, Reply, words: String?)
    /// The exchange of the mechanism failed.
    case login(SASLMechanism, SASLFailure)
    /// Credentials are configured for a connection without TLS.
    case credentialsWithoutTLS
    /// The message is larger than the server's limit; both in octets.
    case tooLarge(octets: Int, limit: Int)
    /// The message holds 8-bit text, the server takes 7 bits, and the message has no such form.
    case eightBitNotOffered
    /// An address needs SMTPUTF8, and the server does not offer it.
    case smtpUTF8NotOffered
    /// A value that cannot be said in SMTP: which, and why.
    case invalid(name: String, reason: String)
    /// The server closed the connection instead of replying.
    case endedEarly(SMTPStep)
    case stream(StreamFailure, SMTPStep)
    case timedOut(SMTPStep, Duration)
    /// What was handed to the client failed: the message's source, the upgrade to TLS.
    case underlying(UnderlyingFailure)
    /// The message gave another number of octets than it announced.
    case messageChanged(announced: Int, given: Int)
    /// The server's limits leave no room in this session (RFC 9422): another session can take it at once.
    case noRoomInSession
    /// The session had ended before.
    case sessionOver

    /// The reply that was the failure, and where it came; nil where no reply was.
    public var reply: (step: SMTPStep, reply: Reply)? {
        if case .refused(let step, let reply) = self { return (step, reply) }
        if case .unexpectedReply(let step, let reply) = self { return (step, reply) }
        return nil
    }

    /// Whether the same may succeed later without a change by anybody.
    public var isTemporary: Bool { exitStatus == .tryAgain }
}

/// A failure of something handed in, as it is, for its own words and advice.
public struct UnderlyingFailure: Sendable, Equatable {
    public let failure: any Failure

    public init(_ failure: any Failure) {
        self.failure = failure
    }

    public static func == (one: Self, other: Self) -> Bool {
        one.failure.line == other.failure.line && one.failure.exitStatus == other.failure.exitStatus
    }
}

extension SMTPError {
    public var failureClass: FailureClass {
        switch self {
        case .refused(let step, let reply): Refusal(step, reply).failureClass
        case .loginRefused(let mechanism, let reply, _): Refusal(.auth, reply, mechanism).failureClass
        case .login(_, let failure): failure.failureClass
        case .unexpectedReply, .malformedReply, .unaskedReply, .surplusAfterStartTLS, .startTLSNotOffered, .endedEarly,
            .timedOut:
            .peer
        case .authNotOffered, .credentialsWithoutTLS: .configuration
        case .tooLarge, .eightBitNotOffered, .smtpUTF8NotOffered, .invalid: .message
        case .stream(let failure, _): failure.failureClass
        case .underlying(let underlying): underlying.failure.failureClass
        case .messageChanged: .host
        case .noRoomInSession: .peer
        case .sessionOver: .defect
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .refused(let step, let reply): Refusal(step, reply).exitStatus
        case .loginRefused(let mechanism, let reply, _): Refusal(.auth, reply, mechanism).exitStatus
        case .login(_, let failure): failure.exitStatus
        case .unexpectedReply, .malformedReply, .unaskedReply, .surplusAfterStartTLS, .startTLSNotOffered: .peerProtocol
        case .authNotOffered, .credentialsWithoutTLS: .configuration
        case .tooLarge, .eightBitNotOffered, .smtpUTF8NotOffered, .invalid: .badMessage
        case .endedEarly, .timedOut, .noRoomInSession: .tryAgain
        case .stream(let failure, _): failure.exitStatus
        case .underlying(let underlying): underlying.failure.exitStatus
        case .messageChanged: .inputOutput
        case .sessionOver: .softwareDefect
        }
    }

    public var summary: String {
        switch self {
        case .refused(let step, let reply): Refusal(step, reply).summary
        case .loginRefused(let mechanism, let reply, let words):
            Refusal(.auth, reply, mechanism).summary + (words.map { " (\($0))" } ?? "")
        case .login(let mechanism, let failure): failure.summary(mechanism)
        case .unexpectedReply(let step, let reply): "the server answered \(step.words) with \(reply)"
        case .malformedReply(let line): "the server sent what is no SMTP reply: \(line)"
        case .unaskedReply(let words): "the server sent a reply that nobody asked for: \(words)"
        case .surplusAfterStartTLS: "the server sent more in clear after its reply to STARTTLS"
        case .startTLSNotOffered: "the server does not offer STARTTLS"
        case .authNotOffered(_, let offered) where offered.isEmpty: "the server offers no AUTH"
        case .authNotOffered(let wanted, let offered):
            "the server offers no AUTH"
                + (wanted.count == 1 ? " \(wanted[0].rawValue)" : " that fits the configuration")
                + ", only \(offered.joined(separator: " ").printable(limit: 120))"
        case .credentialsWithoutTLS: "credentials are configured for a connection without TLS"
        case .tooLarge(let octets, let limit): "the message has \(octets) octets, the server takes \(limit)"
        case .eightBitNotOffered: "the message holds 8-bit text, and the server takes 7-bit text only"
        case .smtpUTF8NotOffered: "an address is not ASCII, and the server does not offer SMTPUTF8"
        case .invalid(let name, let reason): "\(name) is not valid: \(reason)"
        case .endedEarly(let step): "the server closed the connection instead of answering \(step.words)"
        case .stream(let failure, let step): "\(failure.summary) (at \(step.words))"
        case .timedOut(let step, let limit): "the server did not answer \(step.words) within \(limit.words)"
        case .underlying(let underlying): underlying.failure.summary
        case .messageChanged(let announced, let given):
            "the message has \(given) octets, not \(announced) as announced"
        case .noRoomInSession: "the server takes no more recipients in this session"
        case .sessionOver: "the SMTP session is over"
        }
    }

    public var advice: String? {
        switch self {
        case .refused(let step, let reply): Refusal(step, reply).advice
        case .loginRefused(let mechanism, let reply, _): Refusal(.auth, reply, mechanism).advice
        case .login(let mechanism, let failure): failure.advice(mechanism)
        case .sessionOver: nil
        case .unexpectedReply, .unaskedReply: Refusal.brokenProtocolAdvice
        case .malformedReply: "check host and port: 465 begins with TLS (smtps), 587 in clear (smtp with STARTTLS)"
        case .surplusAfterStartTLS: "nothing was sent; somebody may interfere with the connection, use smtps (port 465)"
        case .startTLSNotOffered: "use smtps (port 465) if the server has it; mail is never sent in clear"
        case .authNotOffered(let wanted, let offered): Self.adviceWithoutAUTH(wanted, offered)
        case .credentialsWithoutTLS: "use smtps or STARTTLS"
        case .tooLarge: "send less, or in parts"
        case .eightBitNotOffered: "encode the message in 7 bits"
        case .smtpUTF8NotOffered: "use an address in ASCII"
        case .invalid: "correct that value"
        case .endedEarly, .timedOut: "try again later"
        case .noRoomInSession: "send the rest again"
        case .stream(let failure, _): failure.advice
        case .underlying(let underlying): underlying.failure.advice
        case .messageChanged: "do not change the message's files while it is sent"
        }
    }
}

extension SMTPError {
    private static func adviceWithoutAUTH(_ wanted: [SASLMechanism], _ offered: [String]) -> String {
        let known = offered.compactMap { SASLMechanism(rawValue: $0) }
        guard !known.isEmpty else { return "check host and port, or say --auth none if no login is wanted" }
        switch known[0].proof {
        case .token where !known.contains { $0.proof == .password }:
            return "the server wants an access token: give it with --token-file"
        case .certificate where known.count == 1: return "the server wants a client certificate"
        case .password, .token, .certificate:
            return wanted.count == 1 ? "choose another mechanism with --auth" : "check host and port"
        }
    }

    /// What something handed in threw, with its own words where it has any.
    init(underlying error: any Error, at step: SMTPStep) {
        switch error {
        case let error as SMTPError: self = error
        case let failure as StreamFailure: self = .stream(failure, step)
        case let failure as any Failure: self = .underlying(UnderlyingFailure(failure))
        case is CancellationError: self = .stream(.cancelled, step)
        default: self = .invalid(name: "the message", reason: String(describing: error).printable())
        }
    }
}

extension SMTPStep {
    /// As in "the server did not answer …".
    var words: String {
        switch self {
        case .greeting: "the connection"
        case .message: "the message"
        case .ehlo, .startTLS, .auth, .sender, .recipient, .data, .reset, .quit: rawValue
        }
    }
}
