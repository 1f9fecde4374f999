import ByteStreams
import NIOCore
import Scopes

extension SMTPClient {
    /// Sends a message to the recipients of `envelope`, in as few flights as the server's offers allow, and says what became
    /// of it for each.
    ///
    /// An error is thrown only while nothing of the envelope has been sent. Afterwards each recipient has a verdict, also
    /// when the link is lost or the task is cancelled. More recipients than one transaction takes go in several.
    ///
    /// - Parameter isLast: QUIT goes in the same write as the message's end, and the session is over when this returns.
    public func deliver(
        _ envelope: Envelope, _ message: any OutgoingMessage, isLast: Bool
    ) async throws(SMTPError) -> DeliveryOutcome {
        guard case .ready(let wire, let capabilities) = state else { throw .sessionOver }
        guard !Task.isCancelled else { throw .stream(.cancelled, .sender) }
        let message = try await form(of: message, capabilities)
        let plan = try Plan(envelope, message, capabilities, atMost: configuration.recipientsPerTransaction)
        observe(.phaseStarted(.message))
        var verdicts: [MailPath: DeliveryOutcome.Verdict] = [:]
        for path in plan.unsayable { verdicts[path] = .refused(.smtpUTF8NotOffered) }
        var lost: SMTPError?
        for (index, recipients) in plan.transactions.enumerated() {
            if let lost {
                for path in recipients { verdicts[path] = .deferred(lost) }
                continue
            }
            var transaction = Transaction(
                reversePath: envelope.reversePath, parameters: plan.parameters, recipients: recipients,
                message: message,
                endsSession: isLast && index == plan.transactions.count - 1)
            await transact(&transaction, wire, capabilities)
            for (path, verdict) in zip(recipients, transaction.verdicts) { verdicts[path] = verdict }
            if case .ready = state {} else { lost = transaction.failure ?? .endedEarly(.sender) }
        }
        observe(.phaseEnded(.message))
        if isLast { await quit() }
        return DeliveryOutcome(
            recipients: envelope.recipients.map {
                DeliveryOutcome.Recipient(path: $0, verdict: verdicts[$0] ?? .deferred(.sessionOver))
            })
    }

    /// What MAIL will say, and who is in which transaction.
    private struct Plan {
        var parameters: MailParameters
        let transactions: [[MailPath]]
        /// Recipients that this server cannot be told.
        let unsayable: [MailPath]

        init(
            _ envelope: Envelope, _ message: any OutgoingMessage, _ capabilities: Capabilities, atMost limit: Int
        ) throws(SMTPError) {
            parameters = MailParameters(
                size: capabilities.size ? message.octets : nil,
                eightBit: message.needs8Bit && capabilities.eightBitMIME)
            let (sayable, unsayable) = envelope.recipients.separated { !$0.needsSMTPUTF8 || capabilities.smtpUTF8 }
            let needsSMTPUTF8 = envelope.reversePath?.needsSMTPUTF8 == true || message.needsSMTPUTF8
            guard !needsSMTPUTF8 || capabilities.smtpUTF8, !sayable.isEmpty else { throw .smtpUTF8NotOffered }
            parameters.smtpUTF8 =
                needsSMTPUTF8 || sayable.contains { $0.needsSMTPUTF8 }
            transactions = sayable.chunked(max(1, min(limit, capabilities.recipientLimit ?? .max)))
            self.unsayable = unsayable
        }
    }

    /// The whole of a session with one message: `open`, `deliver`, and QUIT on every way out.
    public func send(_ envelope: Envelope, _ message: any OutgoingMessage) async throws(SMTPError) -> DeliveryOutcome {
        do throws(SMTPError) {
            try await open()
            return try await deliver(envelope, message, isLast: true)
        } catch {
            await quit()
            throw error
        }
    }

    /// The message as this server can take it, found out before anything goes over the air.
    private func form(
        of message: any OutgoingMessage, _ capabilities: Capabilities
    ) async throws(SMTPError) -> any OutgoingMessage {
        var message = message
        if message.needs8Bit, !capabilities.eightBitMIME {
            let sevenBit: (any OutgoingMessage)?
            do {
                sevenBit = try await message.sevenBitForm()
            } catch {
                throw SMTPError(underlying: error, at: .message)
            }
            guard let sevenBit, !sevenBit.needs8Bit else { throw .eightBitNotOffered }
            message = sevenBit
        }
        if let limit = capabilities.sizeLimit, message.octets > limit {
            throw .tooLarge(octets: message.octets, limit: limit)
        }
        return message
    }
}

// MARK: - One transaction

extension SMTPClient {
    private func transact(_ transaction: inout Transaction, _ wire: SMTPWire, _ capabilities: Capabilities) async {
        var envelope = transaction.envelopeCommands
        if isTransactionOpen { envelope.insert(.rset, at: 0) }
        isTransactionOpen = true
        switch (capabilities.pipelining, capabilities.chunking) {
        case (true, true):
            await send(envelope + [transaction.chunkCommand], with: .chunk, &transaction, wire)
        case (true, false):
            await send(envelope + [.data], with: nil, &transaction, wire)
            await sendBodyOfData(&transaction, wire, mayPipeline: true)
        case (false, let chunking):
            for command in envelope where transaction.isWorthGoingOn {
                await send([command], with: nil, &transaction, wire)
            }
            guard transaction.isWorthGoingOn, transaction.hasRecipients else { break }
            if chunking {
                await send([transaction.chunkCommand], with: .chunkAlone, &transaction, wire)
            } else {
                await send([.data], with: nil, &transaction, wire)
                await sendBodyOfData(&transaction, wire, mayPipeline: false)
            }
        }
        if transaction.isAccepted { isTransactionOpen = false }
    }

    private func sendBodyOfData(_ transaction: inout Transaction, _ wire: SMTPWire, mayPipeline: Bool) async {
        guard transaction.failure == nil, transaction.data?.code == 354 else { return }
        guard transaction.hasRecipients else {
            // 354 although nobody receives it: an empty message, whose reply decides nothing (RFC 2920 §3.1).
            transaction.message = BufferedMessage(ByteBuffer())
            await send([], with: mayPipeline ? .data : .dataAlone, &transaction, wire)
            return
        }
        await send([], with: mayPipeline ? .data : .dataAlone, &transaction, wire)
    }

    private enum Body {
        case chunk, chunkAlone, data, dataAlone
    }

    private func send(
        _ commands: [SMTPCommand], with body: Body?, _ transaction: inout Transaction, _ wire: SMTPWire
    ) async {
        var flight = Flight(commands, timeouts: configuration.timeouts)
        switch body {
        case nil: break
        case .chunk?, .chunkAlone?:
            flight.body = Flight.Body(message: transaction.message, isChunk: true)
            flight.endsWithQuit = transaction.endsSession && body == .chunk
        case .data?, .dataAlone?:
            flight.body = Flight.Body(message: transaction.message, isChunk: false)
            flight.expected.append(.message)
            flight.endsWithQuit = transaction.endsSession && body == .data
        }
        let result = await wire.run(flight)
        transaction.add(result, of: flight)
        if result.isBroken {
            state = .over
        } else if flight.endsWithQuit {
            state = .leaving(wire)
        }
    }
}

extension Array {
    fileprivate func separated(_ holds: (Element) -> Bool) -> (holding: [Element], others: [Element]) {
        (filter(holds), filter { !holds($0) })
    }

    fileprivate func chunked(_ size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
