public import Credentials
public import NIOCore

/// The server's side of one SMTP session as a machine without I/O: octets and time in, actions out (RFC 5321, 2034, 2920,
/// 3030, 3207, 4954, 1870, 6152, 6531). It serves the sink of tests and a submission listener alike.
///
/// It decides what the protocol decides. What is policy it asks: `.ask` is answered by one `.answered`, and until then
/// nothing further is read. A message's octets leave as they come, so a session holds a read and a line at most.
///
///     opened → command ⇄ asking            command → tls → command
///              command ⇄ authenticating → asking
///              command ⇄ data, chunk → asking (message)
public struct SMTPServerSession: Sendable {
    public enum Event: Sendable {
        /// The connection stands (with `.tls`: after the handshake).
        case opened
        case received(ByteBuffer)
        /// The handshake that `.startTLS` began has succeeded.
        case tlsEstablished
        case answered(Answer)
        case deadlinePassed
        /// The peer ended the connection, or it broke.
        case ended
    }

    public enum Question: Sendable, Equatable {
        case credentials(user: String, password: Secret)
        case sender(ServerEnvelope)
        /// The recipient, and the envelope without it.
        case recipient(MailPath, ServerEnvelope)
        /// The message is whole: is it kept? Say yes only when it is safe on disk.
        case message(ServerEnvelope)
    }

    public enum Answer: Sendable, Equatable {
        /// With words for the reply, such as the message's name in a queue.
        case yes(String? = nil)
        /// With a 4yz or 5yz reply.
        case no(Reply)
    }

    public enum Action: Sendable, Equatable {
        case write(ByteBuffer)
        /// Start the handshake; what was read before it has been dropped.
        case startTLS
        case ask(Question)
        /// A message begins; `.content` follows, then `.ask(.message)` or `.discard`.
        case begin(ServerEnvelope)
        case content(ByteBuffer)
        case discard
        /// Close the connection once what was written is out.
        case close
    }

    enum State: Equatable {
        case idle
        case command
        case asking(Question)
        case authenticating(ServerAuthentication)
        case data
        /// Octets that are still to come of a BDAT, and the reply at its end if it was refused at its start.
        case chunk(left: Int, last: Bool, refusal: Reply?)
        case tls
        case closed
    }

    public let configuration: SMTPServerConfiguration
    var state = State.idle
    var isSecure = false
    var hasGreeted = false
    var user: String?
    var transaction: ServerTransaction?
    var errors = 0
    var input = ByteBuffer()
    var isSkippingLine = false
    var output = ByteBuffer()
    var actions: [Action] = []
    private var lastInput: NIODeadline?

    public init(_ configuration: SMTPServerConfiguration) {
        self.configuration = configuration
    }

    /// Whether the driver should read: not while a question is open, a handshake runs or the session is over.
    public var wantsInput: Bool {
        switch state {
        case .command, .authenticating, .data, .chunk: true
        case .idle, .asking, .tls, .closed: false
        }
    }

    /// When the driver owes us `.deadlinePassed`.
    public var deadline: NIODeadline? {
        wantsInput ? lastInput.map { $0 + configuration.idle } : nil
    }

    public mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        lastInput = now
        switch (state, event) {
        case (.idle, .opened):
            isSecure = configuration.security == .tls
            greet()
        case (.tls, .tlsEstablished):
            isSecure = true
            hasGreeted = false
            user = nil
            state = .command
        case (.asking(let question), .answered(let answer)):
            state = .command
            settle(question, answer)
        case (.command, .received(let octets)), (.authenticating, .received(let octets)),
            (.data, .received(let octets)), (.chunk, .received(let octets)), (.asking, .received(let octets)):
            input.writeImmutableBuffer(octets)
        case (.command, .deadlinePassed), (.authenticating, .deadlinePassed), (.data, .deadlinePassed),
            (.chunk, .deadlinePassed):
            reply(Reply(421, "4.4.2 \(configuration.hostName) waited too long"))
            end()
        case (.idle, .ended), (.command, .ended), (.asking, .ended), (.authenticating, .ended), (.data, .ended),
            (.chunk, .ended), (.tls, .ended):
            end()
        case (.closed, _):
            return []
        case (.idle, .received), (.idle, .tlsEstablished), (.idle, .answered), (.idle, .deadlinePassed),
            (.tls, .opened), (.tls, .received), (.tls, .answered), (.tls, .deadlinePassed),
            (.asking, .opened), (.asking, .tlsEstablished), (.asking, .deadlinePassed),
            (.command, .opened), (.command, .tlsEstablished), (.command, .answered),
            (.authenticating, .opened), (.authenticating, .tlsEstablished), (.authenticating, .answered),
            (.data, .opened), (.data, .tlsEstablished), (.data, .answered),
            (.chunk, .opened), (.chunk, .tlsEstablished), (.chunk, .answered):
            break  // late or early: nothing to do with where we are
        }
        advance()
        return takeActions()
    }

    /// Works through what has been read, as far as it can be taken.
    private mutating func advance() {
        var goesOn = true
        while goesOn {
            switch state {
            case .command: goesOn = takeLine(limit: configuration.commandOctets) { $0.take(command: $1) }
            case .authenticating(let exchange):
                goesOn = takeLine(limit: configuration.authOctets) { $0.take(response: $1, to: exchange) }
            case .data: goesOn = takeData()
            case .chunk(let left, let last, let refusal): goesOn = takeChunk(left, last, refusal)
            case .idle, .asking, .tls, .closed: goesOn = false
            }
        }
        input.discardReadBytes()
        // A driver that goes on reading in spite of `wantsInput` must not fill the memory.
        if input.readableBytes > Self.inputLimit { end() }
    }

    private static let inputLimit = 1 << 20

    private mutating func greet() {
        if let greeting = configuration.greeting {
            reply(greeting)
            if !greeting.isPositive { transaction = nil }
        } else {
            reply(Reply(220, "\(configuration.hostName) ESMTP ready"))
        }
        state = .command
    }

    mutating func reply(_ reply: Reply) {
        for (index, line) in reply.lines.enumerated() {
            output.writeString("\(reply.code)\(index == reply.lines.count - 1 ? " " : "-")\(line)\r\n")
        }
    }

    /// An error of the peer: its reply, or the end when there were too many.
    mutating func refuse(_ refusal: Reply) {
        errors += 1
        reply(refusal)
        guard errors >= configuration.errorLimit else { return }
        reply(Reply(421, "4.7.0 \(configuration.hostName) too many errors"))
        end()
    }

    mutating func end() {
        dropContent()
        state = .closed
        input.clear()
        perform(.close)
    }

    /// Ends a transaction; what was given out of a message is to be thrown away, unless the driver has it in hand as whole.
    mutating func dropContent() {
        if case .asking(.message) = state {} else if transaction?.isGivenOut == true { perform(.discard) }
        transaction = nil
    }

    /// Actions in order; replies that stand together are one write.
    mutating func perform(_ action: Action) {
        flushReplies()
        actions.append(action)
    }

    private mutating func flushReplies() {
        guard output.readableBytes > 0 else { return }
        actions.append(.write(output))
        output = ByteBuffer()
    }

    private mutating func takeActions() -> [Action] {
        flushReplies()
        defer { actions = [] }
        return actions
    }

    /// One line with CR LF from the input; answers false when there is none yet.
    private mutating func takeLine(limit: Int, _ take: (inout Self, ByteBuffer) -> Void) -> Bool {
        let view = input.readableBytesView
        guard let end = view.firstIndex(of: 0x0A) else {
            guard isSkippingLine || view.count >= limit else { return false }
            isSkippingLine = true
            input.clear()
            return false
        }
        let length = view.distance(from: view.startIndex, to: end)
        guard var line = input.readSlice(length: length) else { return false }
        input.moveReaderIndex(forwardBy: 1)
        guard !isSkippingLine, length < limit else {
            isSkippingLine = false
            state = .command
            refuse(Reply(500, "5.5.2 line too long"))
            return true
        }
        let isWhole = line.readableBytesView.last == 0x0D
        if isWhole { line.moveWriterIndex(to: line.writerIndex - 1) }
        guard isWhole, !line.readableBytesView.contains(0x0D) else {
            state = .command
            refuse(Reply(500, "5.5.2 a line ends with CR LF and holds neither"))
            return true
        }
        take(&self, line)
        return true
    }
}
