import Credentials
import NIOCore
import Scopes

extension SMTPServerSession {
    mutating func take(command line: ByteBuffer) {
        if let greeting = configuration.greeting, !greeting.isPositive {
            return takeAfterRefusal(line)
        }
        switch CommandParser.parse(line) {
        case .refused(let refusal): refuse(refusal)
        case .unbounded(let refusal):
            reply(refusal)
            end()
        case .command(let command):
            if let refusal = prerequisite(of: command) { return refuse(command, refusal) }
            take(command)
        }
    }

    /// After a 554 greeting only QUIT means anything (RFC 5321 §3.1).
    private mutating func takeAfterRefusal(_ line: ByteBuffer) {
        guard case .command(.quit) = CommandParser.parse(line) else {
            return refuse(Reply(503, "5.5.1 no service here"))
        }
        take(.quit)
    }

    /// A refused BDAT still has its octets behind it.
    private mutating func refuse(_ command: SMTPCommand, _ refusal: Reply) {
        if case .bdat(let octets, let last) = command {
            state = .chunk(left: octets, last: last, refusal: refusal)
        } else {
            refuse(refusal)
        }
    }

    /// What has to have happened before; the refusal when it has not.
    private func prerequisite(of command: SMTPCommand) -> Reply? {
        switch command {
        case .ehlo, .helo, .noop, .quit, .rset: return nil
        case .startTLS, .auth, .mail, .rcpt, .data, .bdat, .vrfy: break
        }
        guard hasGreeted else { return Reply(503, "5.5.1 say EHLO first") }
        if case .startTLS = command { return nil }
        guard configuration.security != .startTLS || isSecure else { return Reply(530, "5.7.0 say STARTTLS first") }
        switch command {
        case .mail where configuration.login == .required && user == nil:
            return Reply(530, "5.7.0 authentication required")
        case .mail where transaction != nil: return Reply(503, "5.5.1 one transaction at a time")
        case .rcpt where transaction == nil, .data where transaction == nil, .bdat where transaction == nil:
            return Reply(503, "5.5.1 say MAIL first")
        case .rcpt where transaction?.hasBegun == true, .data where transaction?.hasBegun == true:
            return Reply(503, "5.5.1 not within BDAT")
        case .data where transaction?.envelope.recipients.isEmpty == true,
            .bdat where transaction?.envelope.recipients.isEmpty == true:
            return Reply(554, "5.5.1 no valid recipients")
        case .bdat where transaction?.refusal != nil: return Reply(503, "5.5.1 say RSET first")
        case .bdat where !configuration.chunking: return Reply(502, "5.5.1 not implemented")
        case .ehlo, .helo, .noop, .quit, .rset, .startTLS, .auth, .mail, .rcpt, .data, .bdat, .vrfy: return nil
        }
    }

    private mutating func take(_ command: SMTPCommand) {
        switch command {
        case .ehlo(let name): greetBack(Reply(code: 250, lines: ["\(configuration.hostName) greets \(name)"] + offers))
        case .helo: greetBack(Reply(250, configuration.hostName))
        case .startTLS: startTLS()
        case .auth(let mechanism, let response): startAuthentication(mechanism, response)
        case .mail(let path, let parameters): takeSender(path, parameters)
        case .rcpt(let path, _): takeRecipient(path)
        case .data:
            begin()
            state = .data
            reply(Reply(354, "end with a lone dot"))
        case .bdat(let octets, let last):
            begin()
            state = .chunk(left: octets, last: last, refusal: nil)
        case .rset:
            dropContent()
            reply(Reply(250, "2.0.0 nothing is left of it"))
        case .noop: reply(Reply(250, "2.0.0 nothing done"))
        case .vrfy: reply(Reply(252, "2.5.2 send a message and see"))
        case .quit:
            reply(Reply(221, "2.0.0 \(configuration.hostName) goodbye"))
            end()
        }
    }

    private mutating func greetBack(_ greeting: Reply) {
        hasGreeted = true
        dropContent()
        reply(greeting)
    }

    /// The keywords that hold in this state of the session.
    private var offers: [String] {
        var lines: [String] = []
        if configuration.pipelining { lines.append("PIPELINING") }
        lines.append(configuration.sizeLimit.map { "SIZE \($0)" } ?? "SIZE")
        if configuration.security == .startTLS, !isSecure { lines.append("STARTTLS") }
        if mayAuthenticate { lines.append("AUTH PLAIN LOGIN") }
        lines.append("ENHANCEDSTATUSCODES")
        if configuration.eightBitMIME { lines.append("8BITMIME") }
        if configuration.smtpUTF8 { lines.append("SMTPUTF8") }
        if configuration.chunking { lines.append("CHUNKING") }
        return lines
    }

    var mayAuthenticate: Bool { configuration.login != .none && isSecure }

    private mutating func startTLS() {
        guard configuration.security == .startTLS else { return refuse(Reply(502, "5.5.1 not implemented")) }
        guard !isSecure else { return refuse(Reply(503, "5.5.1 TLS is active")) }
        guard input.readableBytes == 0 else {
            reply(Reply(554, "5.5.1 nothing may follow STARTTLS in its group"))
            return end()
        }
        dropContent()
        reply(Reply(220, "2.0.0 ready for TLS"))
        state = .tls
        perform(.startTLS)
    }

    // MARK: The envelope

    private mutating func takeSender(_ path: MailPath?, _ parameters: MailParameters) {
        if parameters.eightBit && !configuration.eightBitMIME || parameters.smtpUTF8 && !configuration.smtpUTF8 {
            return refuse(Reply(555, "5.5.4 parameter not offered"))
        }
        if path?.needsSMTPUTF8 == true, !parameters.smtpUTF8 {
            return refuse(Reply(553, "5.6.7 this address needs SMTPUTF8"))
        }
        if let limit = configuration.sizeLimit, let size = parameters.size, size > limit {
            return refuse(Reply(552, "5.3.4 a message has at most \(limit) octets"))
        }
        ask(.sender(ServerEnvelope(reversePath: path, parameters: parameters, user: user)))
    }

    private mutating func takeRecipient(_ path: MailPath) {
        guard let transaction else { return }
        guard transaction.envelope.recipients.count < configuration.recipientLimit else {
            return reply(Reply(452, "4.5.3 too many recipients"))
        }
        if path.needsSMTPUTF8, !transaction.envelope.parameters.smtpUTF8 {
            return refuse(Reply(553, "5.6.7 this address needs SMTPUTF8"))
        }
        ask(.recipient(path, transaction.envelope))
    }

    mutating func ask(_ question: Question) {
        state = .asking(question)
        perform(.ask(question))
    }

    /// The answer to a question becomes the reply.
    mutating func settle(_ question: Question, _ answer: Answer) {
        switch (question, answer) {
        case (.credentials(let user, _), .yes):
            self.user = user
            reply(Reply(235, "2.7.0 authenticated"))
        case (.sender(let envelope), .yes):
            transaction = ServerTransaction(envelope, lineOctets: configuration.textLineOctets)
            reply(Reply(250, "2.1.0 sender ok"))
        case (.recipient(let path, _), .yes):
            transaction?.envelope.recipients.append(path)
            reply(Reply(250, "2.1.5 recipient ok"))
        case (.message, .yes(let words)):
            transaction = nil
            reply(Reply(250, "2.0.0 \((words ?? "kept").printable(limit: 200))"))
        case (.message, .no(let refusal)):
            transaction = nil
            reply(refusal)
        case (.credentials, .no(let refusal)):
            refuse(refusal)
        case (.sender, .no(let refusal)), (.recipient, .no(let refusal)):
            reply(refusal)
        }
    }
}
