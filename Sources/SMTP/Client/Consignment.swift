/// One message on its way to its recipients: who is still to be told, and what became of the others. Pure.
struct Consignment: Sendable {
    let envelope: Envelope
    let message: any OutgoingMessage
    private let parameters: MailParameters
    private let recipientParameters: RecipientParameters
    /// In the order of the envelope.
    private(set) var waiting: [MailPath]
    private var verdicts: [MailPath: DeliveryOutcome.Verdict] = [:]
    /// A recipient lacked room before: the message waits for the replies to the envelope, since it may find nobody.
    private(set) var isCautious = false

    /// What MAIL and RCPT will say, decided by what the server offers.
    init(_ envelope: Envelope, _ message: any OutgoingMessage, _ capabilities: Capabilities) throws(SMTPError) {
        let waiting = envelope.recipients.filter { !$0.needsSMTPUTF8 || capabilities.smtpUTF8 }
        let needsSMTPUTF8 = envelope.reversePath?.needsSMTPUTF8 == true || message.needsSMTPUTF8
        guard !needsSMTPUTF8 || capabilities.smtpUTF8, !waiting.isEmpty else { throw .smtpUTF8NotOffered }
        let request = capabilities.dsn ? envelope.notification : nil
        parameters = MailParameters(
            size: capabilities.size ? message.octets : nil,
            eightBit: message.needs8Bit && capabilities.eightBitMIME,
            smtpUTF8: needsSMTPUTF8 || waiting.contains { $0.needsSMTPUTF8 },
            returned: request?.returned, envelopeID: request?.envelopeID)
        recipientParameters = RecipientParameters(notify: request?.occasions)
        self.envelope = envelope
        self.message = message
        self.waiting = waiting
        if waiting.count < envelope.recipients.count {
            for path in envelope.recipients where path.needsSMTPUTF8 { verdicts[path] = .refused(.smtpUTF8NotOffered) }
        }
    }

    /// The next transaction; nil when nobody waits, or the session has no room for them.
    mutating func take(_ room: inout SessionRoom) -> Transaction? {
        guard room.hasTransaction else { return nil }
        let (taken, others) = room.admit(waiting)
        guard !taken.isEmpty else { return nil }
        room.beginTransaction()
        waiting = others
        return Transaction(
            reversePath: envelope.reversePath, parameters: parameters, recipientParameters: recipientParameters,
            recipients: taken, message: message)
    }

    /// Takes the verdicts; who had no room waits again, as does everybody when the server lost the order of a group.
    mutating func settle(_ transaction: Transaction, _ room: inout SessionRoom) {
        for (path, verdict) in zip(transaction.recipients, transaction.verdicts) { verdicts[path] = verdict }
        if transaction.showedNoPipelining, !transaction.isAccepted {
            let open = transaction.recipients.filter { path in
                if case .perhapsDelivered = verdicts[path] { false } else { true }
            }
            waiting = open + waiting
        } else if transaction.isAccepted, !transaction.hadNoRoomFor.isEmpty {
            waiting = transaction.hadNoRoomFor + waiting
            isCautious = true
            if let limit = transaction.recipientLimit { room.limit(recipients: limit) }
        }
    }

    /// Nothing more is sent in this session.
    ///
    /// - Parameters:
    ///   - loss: what ended it early; nil when it only has no more room.
    ///   - goesOn: whether another session may take at once whom this one did not.
    func outcome(_ loss: SMTPError?, goesOn: Bool) -> DeliveryOutcome {
        DeliveryOutcome(
            recipients: envelope.recipients.map {
                DeliveryOutcome.Recipient(path: $0, verdict: verdicts[$0] ?? .deferred(loss ?? .noRoomInSession))
            },
            leftOver: goesOn ? waiting : [])
    }
}
