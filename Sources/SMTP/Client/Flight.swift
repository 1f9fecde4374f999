import NIOCore

/// What goes out together, and the replies that it gets, in order: the table that writer and reader share.
struct Flight: Sendable {
    struct Body: Sendable {
        let message: any OutgoingMessage
        /// BDAT has the octets as they are, DATA has transparency and the lone dot.
        let isChunk: Bool
    }

    /// Lines ahead of the body; secret ones print redacted.
    var lines: [Line] = []
    var body: Body?
    /// QUIT in the same write as the last octets. Its reply is not in the table.
    var endsWithQuit = false
    /// One for each reply.
    var expected: [SMTPStep] = []
    let timeouts: SMTPTimeouts

    struct Line: Sendable {
        let octets: ByteBuffer
        let redacted: String
    }

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
        lines = [line]
        expected = [step]
        self.timeouts = timeouts
    }

    private mutating func add(_ command: SMTPCommand) {
        var octets = ByteBuffer()
        command.write(into: &octets)
        lines.append(Line(octets: octets, redacted: command.redacted))
        expected.append(command.step)
    }

    /// Whether the replies so far make it useless to send the rest of the body: MAIL or every RCPT refused, the session
    /// ended, or the body itself answered before its end.
    func isRefused(by replies: [Reply]) -> Bool {
        let answers = zip(expected, replies)
        if replies.last?.code == 421 || replies.count == expected.count { return true }
        if answers.contains(where: { $0 == .sender && !$1.isPositive }) { return true }
        let recipients = expected.count { $0 == .recipient }
        return recipients > 0 && answers.count { $0 == .recipient && !$1.isPositive } == recipients
    }
}

/// How a flight went.
struct FlightResult: Sendable {
    /// For the first so many entries of the table.
    var replies: [Reply] = []
    /// Why the others are missing.
    var failure: SMTPError?
    /// Whether the last octet of the body was offered to the link: from then on the server may have all of it.
    var offeredLastOctet = false
    /// Whether octets of this flight were held back or lost, so that the session is of no more use.
    var isBroken = false
}
