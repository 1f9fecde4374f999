/// One MAIL with its recipients and its message, and what the server has said of each (RFC 5321 §3.3). Pure.
struct Transaction: Sendable {
    let reversePath: MailPath?
    let parameters: MailParameters
    let recipients: [MailPath]
    var message: any OutgoingMessage
    let endsSession: Bool

    private(set) var mail: Reply?
    /// In the order of `recipients`, as far as they came.
    private(set) var recipientReplies: [Reply] = []
    private(set) var data: Reply?
    private(set) var final: Reply?
    /// Why replies are missing.
    private(set) var failure: SMTPError?
    private var offeredLastOctet = false

    init(
        reversePath: MailPath?, parameters: MailParameters, recipients: [MailPath], message: any OutgoingMessage,
        endsSession: Bool
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.message = message
        self.endsSession = endsSession
    }

    var envelopeCommands: [SMTPCommand] {
        [.mail(reversePath, parameters)] + recipients.map { .rcpt($0) }
    }

    var chunkCommand: SMTPCommand { .bdat(octets: message.octets, last: true) }

    mutating func add(_ result: FlightResult, of flight: Flight) {
        for (step, reply) in zip(flight.expected, result.replies) {
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

    /// Whether the next command of the envelope can be of use.
    var isWorthGoingOn: Bool { failure == nil && mail?.isPositive != false }

    var hasRecipients: Bool { mail?.isPositive == true && recipientReplies.contains(where: \.isPositive) }

    var isAccepted: Bool { final?.isPositive == true && hasRecipients }

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
