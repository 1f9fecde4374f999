import ByteStreams
import NIOCore
import Scopes

/// One message to be delivered, and to whom.
public struct Mailing: Sendable {
    public let envelope: Envelope
    public let message: any OutgoingMessage

    public init(_ envelope: Envelope, _ message: any OutgoingMessage) {
        self.envelope = envelope
        self.message = message
    }
}

extension SMTPClient {
    /// Messages of one flight, and their octets together: were the link lost within it, all of them would be in doubt.
    static let messagesOfAFlight = 8
    static let octetsOfAFlight = 8192

    /// Sends a message to the recipients of `envelope`, in as few flights as the server's offers allow, and says what became
    /// of it for each.
    ///
    /// An error is thrown only while nothing of the envelope has been sent. Afterwards each recipient has a verdict, also
    /// when the link is lost or the task is cancelled. More recipients than one transaction takes go in several; whom this
    /// session cannot take is in `leftOver`.
    ///
    /// - Parameter isLast: QUIT goes in the same write as the message's end, and the session is over when this returns.
    public func deliver(
        _ envelope: Envelope, _ message: any OutgoingMessage, isLast: Bool
    ) async throws(SMTPError) -> DeliveryOutcome {
        var consignments = [try await consignment(Mailing(envelope, message))]
        let loss = await run(&consignments, isLast: isLast)
        return consignments[0].outcome(loss, goesOn: loss == nil || pipeliningFailed)
    }

    /// Sends several messages, small ones together in a flight with RSET between them: at most 8 messages and 8,192 octets.
    ///
    /// An error is thrown only when the session cannot take mail at all. A message that this server cannot be given (its
    /// size, its form) has that as the verdict of each of its recipients.
    ///
    /// - Returns: one outcome a message, in their order.
    public func deliver(_ mailings: [Mailing], isLast: Bool) async throws(SMTPError) -> [DeliveryOutcome] {
        var consignments: [Consignment] = []
        var outcomes: [DeliveryOutcome?] = []
        for mailing in mailings {
            do throws(SMTPError) {
                consignments.append(try await consignment(mailing))
                outcomes.append(nil)
            } catch .sessionOver {
                throw .sessionOver
            } catch {
                let verdict = error.isTemporary ? DeliveryOutcome.Verdict.deferred(error) : .refused(error)
                outcomes.append(
                    DeliveryOutcome(
                        recipients: mailing.envelope.recipients.map { .init(path: $0, verdict: verdict) }))
            }
        }
        let loss = await run(&consignments, isLast: isLast)
        let goesOn = loss == nil || pipeliningFailed
        var sent = consignments.map { $0.outcome(loss, goesOn: goesOn) }[...]
        return outcomes.compactMap { $0 ?? sent.popFirst() }
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

    /// What this server will be told, found out before anything goes over the air.
    private func consignment(_ mailing: Mailing) async throws(SMTPError) -> Consignment {
        guard case .ready(_, let capabilities) = state else { throw .sessionOver }
        guard !Task.isCancelled else { throw .stream(.cancelled, .sender) }
        let message = try await form(of: mailing.message, capabilities)
        let consignment = try Consignment(mailing.envelope, message, capabilities)
        if mailing.envelope.notification != nil, !capabilities.dsn { observe(.notificationsNotOffered) }
        return consignment
    }

    /// The message as this server can take it.
    private func form(
        of message: any OutgoingMessage, _ capabilities: Capabilities
    ) async throws(SMTPError) -> any OutgoingMessage {
        var message = message
        do {
            if message.needsSMTPUTF8, !capabilities.smtpUTF8, let form = try await message.formWithoutSMTPUTF8() {
                message = form
            }
            if message.needs8Bit, !capabilities.eightBitMIME, !message.needsSMTPUTF8 {
                guard let form = try await message.sevenBitForm(), !form.needs8Bit else {
                    throw SMTPError.eightBitNotOffered
                }
                message = form
            }
        } catch {
            throw SMTPError(underlying: error, at: .message)
        }
        if let limit = capabilities.sizeLimit, message.octets > limit {
            throw .tooLarge(octets: message.octets, limit: limit)
        }
        return message
    }
}

// MARK: - Transactions

extension SMTPClient {
    /// Sends until nobody waits, the session has no more room, or it ends. Answers with what ended it early.
    private func run(_ consignments: inout [Consignment], isLast: Bool) async -> SMTPError? {
        observe(.phaseStarted(.message))
        var loss: SMTPError?
        var index = 0
        while index < consignments.count, loss == nil, case .ready = state {
            let end = endOfBatch(consignments, from: index)
            if end > index + 1 {
                loss = await send(batch: index..<end, of: &consignments, isLast: isLast)
            }
            while index < end, loss == nil, case .ready = state {
                let isLastOne = isLast && index == consignments.count - 1
                loss = await send(&consignments[index], isLast: isLastOne)
                if loss == nil, case .ready = state { index += 1 } else { break }
            }
        }
        observe(.phaseEnded(.message))
        if isLast { await quit() }
        return loss
    }

    /// One message, in as many transactions as it takes.
    private func send(_ consignment: inout Consignment, isLast: Bool) async -> SMTPError? {
        while case .ready = state, var transaction = consignment.take(&room) {
            transaction.endsSession = isLast && !room.admitsAny(of: consignment.waiting)
            await transact(&transaction, isCautious: consignment.isCautious)
            if let loss = settle(transaction, &consignment) { return loss }
        }
        return nil
    }

    /// Answers with what ended the session; nil while it stands, or has said QUIT.
    private func settle(_ transaction: Transaction, _ consignment: inout Consignment) -> SMTPError? {
        consignment.settle(transaction, &room)
        if transaction.showedNoPipelining { notePipeliningFailed() }
        if case .over = state { return transaction.failure ?? .endedEarly(.sender) }
        return nil
    }

    private func notePipeliningFailed() {
        guard !pipeliningFailed else { return }
        pipeliningFailed = true
        observe(.pipeliningFailed)
    }

    private var pipelines: Bool {
        guard case .ready(_, let capabilities) = state else { return false }
        return capabilities.pipelining && configuration.usesPipelining && !pipeliningFailed
    }

    private var chunks: Bool {
        if case .ready(_, let capabilities) = state { capabilities.chunking } else { false }
    }

    private func transact(_ transaction: inout Transaction, isCautious: Bool) async {
        switch (pipelines, chunks) {
        case (true, true) where !isCautious:
            var flight = envelope(of: transaction)
            flight.add(chunk: transaction.message)
            flight.endsWithQuit = transaction.endsSession
            await fly(flight, &transaction)
        case (true, true):
            await fly(envelope(of: transaction), &transaction)
            if transaction.isWorthGoingOn, transaction.hasRecipients { await sendChunk(&transaction) }
        case (true, false):
            var flight = envelope(of: transaction)
            flight.add(.data)
            await fly(flight, &transaction)
            await sendText(&transaction)
        case (false, let chunking):
            await transactInLockStep(&transaction, chunking: chunking)
        }
        if transaction.isAccepted { isTransactionOpen = false }
    }

    private func transactInLockStep(_ transaction: inout Transaction, chunking: Bool) async {
        if isTransactionOpen { await fly(Flight([.rset], timeouts: configuration.timeouts), &transaction) }
        isTransactionOpen = true
        for command in transaction.envelopeCommands where transaction.isWorthGoingOn {
            await fly(Flight([command], timeouts: configuration.timeouts), &transaction)
        }
        guard transaction.isWorthGoingOn, transaction.hasRecipients else { return }
        if chunking {
            await sendChunk(&transaction)
        } else {
            await fly(Flight([.data], timeouts: configuration.timeouts), &transaction)
            await sendText(&transaction)
        }
    }

    /// MAIL and each RCPT, with RSET before them where something may be left over.
    private func envelope(of transaction: Transaction) -> Flight {
        var commands = transaction.envelopeCommands
        if isTransactionOpen { commands.insert(.rset, at: 0) }
        isTransactionOpen = true
        return Flight(commands, timeouts: configuration.timeouts)
    }

    private func sendChunk(_ transaction: inout Transaction) async {
        var flight = Flight([], timeouts: configuration.timeouts)
        flight.add(chunk: transaction.message)
        flight.endsWithQuit = mayQuit(after: transaction)
        await fly(flight, &transaction)
    }

    /// What follows the reply to DATA.
    private func sendText(_ transaction: inout Transaction) async {
        guard let flight = text(of: &transaction) else { return }
        await fly(flight, &transaction)
    }

    /// The message behind a 354; nil where the server does not want it. 354 although nobody receives it is answered by an
    /// empty message, whose reply decides nothing (RFC 2920 §3.1).
    private func text(of transaction: inout Transaction) -> Flight? {
        guard transaction.failure == nil, transaction.data?.code == 354 else { return nil }
        if !transaction.hasRecipients { transaction.message = BufferedMessage(ByteBuffer()) }
        var flight = Flight([], timeouts: configuration.timeouts)
        flight.add(text: transaction.message)
        flight.endsWithQuit = mayQuit(after: transaction)
        return flight
    }

    private func mayQuit(after transaction: Transaction) -> Bool {
        transaction.endsSession && transaction.hadNoRoomFor.isEmpty && pipelines
    }

    private func fly(_ flight: Flight, _ transaction: inout Transaction) async {
        guard let result = await fly(flight) else { return }
        transaction.add(result, to: flight.expected)
        guard flight.showsNoPipelining(result) else { return }
        transaction.showedNoPipelining = true
        // Octets of a message may have been taken for commands: nothing that comes now can be trusted.
        if flight.bodies > 0, case .ready = state { state = .over }
    }

    private func fly(_ flight: Flight) async -> FlightResult? {
        guard case .ready(let wire, _) = state else { return nil }
        let result = await wire.run(flight)
        if result.isBroken {
            state = .over
        } else if flight.endsWithQuit {
            state = .leaving(wire)
        }
        return result
    }
}

// MARK: - Several messages in one flight

extension SMTPClient {
    /// Up to where messages, from `index` on, go together: each in one transaction, all within the bounds of a flight.
    private func endOfBatch(_ consignments: [Consignment], from index: Int) -> Int {
        guard pipelines else { return index + 1 }
        var octets = 0
        var end = index
        while end < consignments.count, end - index < Self.messagesOfAFlight {
            let consignment = consignments[end]
            octets += consignment.message.octets
            guard octets <= Self.octetsOfAFlight, consignment.waiting.count <= room.recipients,
                !consignment.isCautious
            else { break }
            end += 1
        }
        return max(end, index + 1)
    }

    private func send(
        batch: Range<Int>, of consignments: inout [Consignment], isLast: Bool
    ) async -> SMTPError? {
        var transactions: [Transaction] = []
        for index in batch {
            guard let transaction = consignments[index].take(&room) else { break }
            transactions.append(transaction)
        }
        let isAll = transactions.count == batch.count
        let remaining = consignments[batch.lowerBound...].contains { room.admitsAny(of: $0.waiting) }
        if isLast, isAll, batch.upperBound == consignments.count, !remaining, !transactions.isEmpty {
            transactions[transactions.count - 1].endsSession = true
        }
        if chunks {
            await sendTogether(&transactions)
        } else {
            await sendInChain(&transactions)
        }
        let cause = transactions.lazy.compactMap(\.failure).first
        for index in transactions.indices { transactions[index].isUnsent(because: cause) }
        var loss: SMTPError?
        for (index, transaction) in zip(batch, transactions) {
            loss = settle(transaction, &consignments[index]) ?? loss
        }
        return loss
    }

    /// With CHUNKING: envelopes and messages one behind the other. RSET stands between them, since a BDAT that failed wants
    /// it and nobody knows yet (RFC 3030 §2).
    private func sendTogether(_ transactions: inout [Transaction]) async {
        var flight = Flight([], timeouts: configuration.timeouts)
        var entries: [Range<Int>] = []
        for transaction in transactions {
            let start = flight.expected.count
            if isTransactionOpen { flight.add(.rset) }
            isTransactionOpen = true
            for command in transaction.envelopeCommands { flight.add(command) }
            flight.add(chunk: transaction.message)
            flight.endsWithQuit = transaction.endsSession
            entries.append(start..<flight.expected.count)
        }
        guard let result = await fly(flight) else { return }
        let showsNoPipelining = flight.showsNoPipelining(result)
        for (index, part) in zip(transactions.indices, entries) {
            transactions[index].add(result.part(part, hasBody: true), to: flight.expected[part])
            transactions[index].showedNoPipelining = showsNoPipelining
        }
        if showsNoPipelining, case .ready = state { state = .over }
        if transactions.last?.isAccepted == true { isTransactionOpen = false }
    }

    /// With DATA: the next envelope goes behind the message before it, so that each message costs one round trip
    /// (RFC 2920 §3.1). A message that was ended by its dot leaves nothing open, whatever its reply.
    private func sendInChain(_ transactions: inout [Transaction]) async {
        var isAnnounced = false
        for index in transactions.indices {
            if !isAnnounced {
                var flight = envelope(of: transactions[index])
                flight.add(.data)
                await fly(flight, &transactions[index])
            }
            isAnnounced = false
            if transactions[index].showedNoPipelining {
                for later in transactions[index...].indices { transactions[later].showedNoPipelining = true }
                return
            }
            guard case .ready = state, var flight = text(of: &transactions[index]) else { continue }
            let hasNext = index + 1 < transactions.count
            if hasNext {
                for command in transactions[index + 1].envelopeCommands + [.data] { flight.add(command) }
                isAnnounced = true
            }
            guard let result = await fly(flight) else { continue }
            transactions[index].add(result.part(0..<1, hasBody: true), to: flight.expected.prefix(1))
            if hasNext {
                let rest = 1..<flight.expected.count
                transactions[index + 1].add(result.part(rest, hasBody: false), to: flight.expected[rest])
            } else if result.replies.first != nil {
                isTransactionOpen = false
            }
        }
    }
}
