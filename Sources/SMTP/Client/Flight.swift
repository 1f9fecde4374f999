import NIOCore

/// What goes out together, and the replies that it gets, in order: the table that writer and reader share.
struct Flight: Sendable {
    struct Body: Sendable {
        let message: any OutgoingMessage
        /// BDAT has the octets as they are, DATA has transparency and the lone dot.
        let isChunk: Bool
    }

    struct Line: Sendable {
        let octets: ByteBuffer
        let redacted: String
    }

    enum Item: Sendable {
        /// A secret one prints redacted.
        case line(Line)
        case body(Body)
    }

    private(set) var items: [Item] = []
    /// QUIT in the same write as the last octets. Its reply is not in the table.
    var endsWithQuit = false
    /// One for each reply.
    private(set) var expected: [SMTPStep] = []
    /// Of all bodies, before transparency.
    private(set) var bodyOctets = 0
    private(set) var bodies = 0
    let timeouts: SMTPTimeouts

    /// No line, one reply: the greeting.
    init(expecting step: SMTPStep, timeouts: SMTPTimeouts) {
        expected = [step]
        self.timeouts = timeouts
    }

    init(_ commands: [SMTPCommand], timeouts: SMTPTimeouts) {
        self.timeouts = timeouts
        for command in commands { add(command) }
    }

    init(line: Line, step: SMTPStep, timeouts: SMTPTimeouts) {
        items = [.line(line)]
        expected = [step]
        self.timeouts = timeouts
    }

    mutating func add(_ command: SMTPCommand) {
        var octets = ByteBuffer()
        command.write(into: &octets)
        items.append(.line(Line(octets: octets, redacted: command.redacted)))
        expected.append(command.step)
    }

    /// BDAT with its octets: one reply.
    mutating func add(chunk message: any OutgoingMessage) {
        add(.bdat(octets: message.octets, last: true))
        add(Body(message: message, isChunk: true))
    }

    /// What follows the 354 of DATA: one reply.
    mutating func add(text message: any OutgoingMessage) {
        expected.append(.message)
        add(Body(message: message, isChunk: false))
    }

    private mutating func add(_ body: Body) {
        items.append(.body(body))
        bodies += 1
        bodyOctets += body.message.octets
    }

    /// Whether the replies so far make it useless to send the rest of the only body: MAIL or every RCPT refused, the session
    /// ended, or the body itself answered before its end.
    func isRefused(by replies: [Reply]) -> Bool {
        if replies.last?.code == 421 || replies.count == expected.count { return true }
        guard bodies == 1 else { return false }
        let answers = zip(expected, replies)
        if answers.contains(where: { $0 == .sender && !$1.isPositive }) { return true }
        let recipients = expected.count { $0 == .recipient }
        return recipients > 0 && answers.count { $0 == .recipient && !$1.isPositive } == recipients
    }
}

/// How a flight went, or a part of it.
struct FlightResult: Sendable {
    /// For the first so many entries of the table.
    var replies: [Reply] = []
    /// Why the others are missing.
    var failure: SMTPError?
    /// Whether the last octet of the body was offered to the link: from then on the server may have all of it.
    var offeredLastOctet = false
    /// Whether octets of this flight were held back or lost, so that the session is of no more use.
    var isBroken = false

    /// What belongs to these entries of the table.
    ///
    /// - Parameter hasBody: whether a message is among them.
    func part(_ entries: Range<Int>, hasBody: Bool) -> FlightResult {
        var part = self
        part.replies = Array(replies.dropFirst(entries.lowerBound).prefix(entries.count))
        part.offeredLastOctet = offeredLastOctet && hasBody
        return part
    }
}

extension Flight {
    /// Whether the answers to this group show that the server cannot bear one, whatever it offers: it closed before it had
    /// answered the envelope, it lost the order of the commands (503), or it says so.
    func showsNoPipelining(_ result: FlightResult) -> Bool {
        guard expected.count > 1, let end = expected.firstIndex(where: { $0 == .data || $0 == .message }), end > 0
        else {
            return false
        }
        if case .endedEarly = result.failure, result.replies.count < end { return true }
        var hasSender = false
        var hasRecipient = false
        for (step, reply) in zip(expected, result.replies).prefix(end + 1) {
            let text = reply.text.lowercased()
            if !reply.isPositive, text.contains("pipelin") || text.contains("synchroni") { return true }
            let isOutOfStep = reply.code == 503
            switch step {
            case .sender:
                if isOutOfStep, !text.contains("auth") { return true }
                hasSender = reply.isPositive
            case .recipient:
                if isOutOfStep, hasSender { return true }
                hasRecipient = hasRecipient || reply.isPositive
            case .data, .message:
                if isOutOfStep, hasRecipient { return true }
            case .greeting, .ehlo, .startTLS, .auth, .reset, .quit: break
            }
        }
        return false
    }
}
