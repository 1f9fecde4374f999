/// One MAIL with its recipients and its message, and what the server has said of each (RFC 5321 §3.3). Pure.
struct Transaction: Sendable {
    let reversePath: MailPath?
    let parameters: MailParameters
    let recipientParameters: RecipientParameters
    let recipients: [MailPath]
    var message: any OutgoingMessage
    /// Nothing is to follow it in this session, so that QUIT may go with the message's end.
    var endsSession = false

    private(set) var mail: Reply?
    /// In the order of `recipients`, as far as they came.
    private(set) var recipientReplies: [Reply] = []
    private(set) var data: Reply?
    private(set) var final: Reply?
    /// Why replies are missing.
    private(set) var failure: SMTPError?
    /// The server could not bear the group in which this transaction went.
    var showedNoPipelining = false
    private var offeredLastOctet = false

    init(
        reversePath: MailPath?, parameters: MailParameters, recipientParameters: RecipientParameters,
        recipients: [MailPath], message: any OutgoingMessage
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipientParameters = recipientParameters
        self.recipients = recipients
        self.message = message
    }

    var envelopeCommands: [SMTPCommand] {
        [.mail(reversePath, parameters)] + recipients.map { .rcpt($0, recipientParameters) }
    }

    mutating func add(_ result: FlightResult, to steps: some Sequence<SMTPStep>) {
        for (step, reply) in zip(steps, result.replies) {
            switch step {
            case .sender: mail = reply
            case .recipient: recipientReplies.append(reply)
            case .data: data = reply
            case .message: final = reply
            case .greeting, .ehlo, .startTLS, .auth, .reset, .quit: break  // a reply to RSET decides nothing
            }
        }
        failure = failure ?? result.failure
        offeredLastOctet = offeredLastOctet || result.offeredLastOctet
    }

    /// It was not begun, since the session ended before.
    mutating func isUnsent(because cause: SMTPError?) {
        if mail == nil { failure = failure ?? cause }
    }

    /// Whether the next command of the envelope can be of use.
    var isWorthGoingOn: Bool { failure == nil && mail?.isPositive != false }

    var hasRecipients: Bool { mail?.isPositive == true && recipientReplies.contains(where: \.isPositive) }

    var isAccepted: Bool { final?.isPositive == true && hasRecipients }

    /// Recipients for whom this transaction had no room, while it took others: they go in another (RFC 5321 §4.5.3.1.10).
    var hadNoRoomFor: [MailPath] {
        guard mail?.isPositive == true, recipientReplies.contains(where: \.isPositive) else { return [] }
        return zip(recipients, recipientReplies).filter { $1.saysTooManyRecipients }.map(\.0)
    }

    /// How many recipients it took before it said so; nil when it did not.
    var recipientLimit: Int? {
        recipientReplies.firstIndex(where: \.saysTooManyRecipients)
            .map { recipientReplies[..<$0].count(where: \.isPositive) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// One for each recipient, in order.
    var verdicts: [DeliveryOutcome.Verdict] {
        recipients.indices.map(verdict)
    }

    private func verdict(_ index: Int) -> DeliveryOutcome.Verdict {
        if let mail, !mail.isPositive { return .init(negative: mail, at: .sender) }
        let reply = index < recipientReplies.count ? recipientReplies[index] : nil
        if let reply, !reply.isPositive { return .init(negative: reply, at: .recipient) }
        if let data, data.code != 354 { return .init(negative: data, at: .data) }
        if let final {
            return final.isPositive ? .accepted(final) : .init(negative: final, at: .message)
        }
        let cause = failure ?? .endedEarly(.message)
        // A server that says 421 in place of an earlier reply has not come to the message.
        if case .refused = cause { return .deferred(cause) }
        return offeredLastOctet ? .perhapsDelivered(cause) : .deferred(cause)
    }
}

extension DeliveryOutcome.Verdict {
    init(negative reply: Reply, at step: SMTPStep) {
        switch reply.severity {
        case .transient: self = .deferred(.refused(step, reply))
        // "Too many recipients" by its older code: these go in another transaction (RFC 5321 §4.5.3.1.10).
        case .permanent where step == .recipient && reply.code == 552: self = .deferred(.refused(step, reply))
        case .permanent: self = .refused(.refused(step, reply))
        case .completion, .intermediate: self = .refused(.unexpectedReply(step, reply))
        }
    }
}

extension Reply {
    /// 452 or, from old servers, 552; with an enhanced status code only x.5.3, since 452 means a full disk, too.
    fileprivate var saysTooManyRecipients: Bool {
        guard code == 452 || code == 552 else { return false }
        return enhanced.map { $0.subject == 5 && $0.detail == 3 } ?? true
    }
}
