import NIOCore

/// A message on its way in.
struct ServerTransaction: Sendable {
    var envelope: ServerEnvelope
    /// DATA or the first BDAT came.
    var hasBegun = false
    /// What the message will be refused with, found on the way; its other octets are dropped.
    var refusal: Reply?
    /// Content went to the driver and has not been taken back.
    var isGivenOut: Bool { hasBegun && refusal == nil }
    var octets = 0
    var decoder = TransparencyDecoder()
    var lines: LineCheck

    init(_ envelope: ServerEnvelope, lineOctets: Int) {
        self.envelope = envelope
        lines = LineCheck(lineOctets: lineOctets)
    }
}

extension SMTPServerSession {
    mutating func begin() {
        guard let envelope = transaction?.envelope, transaction?.hasBegun == false else { return }
        transaction?.hasBegun = true
        perform(.begin(envelope))
    }

    /// Octets after DATA; answers false when more are needed.
    mutating func takeData() -> Bool {
        guard var transaction, input.readableBytes > 0 else { return false }
        var content = ByteBuffer()
        transaction.decoder.decode(&input, into: &content)
        let isEnded = transaction.decoder.isEnded
        self.transaction = transaction
        take(content)
        guard isEnded else { return false }
        finishMessage()
        return true
    }

    /// Octets of a BDAT; answers false when more are needed.
    mutating func takeChunk(_ left: Int, _ last: Bool, _ refusal: Reply?) -> Bool {
        let count = min(left, input.readableBytes)
        if let content = input.readSlice(length: count), count > 0, refusal == nil { take(content) }
        guard left == count else {
            state = .chunk(left: left - count, last: last, refusal: refusal)
            return false
        }
        state = .command
        if let refusal {
            refuse(refusal)
        } else if last {
            finishMessage()
        } else if let refusal = transaction?.refusal {
            refuse(refusal)
        } else {
            reply(Reply(250, "2.0.0 chunk kept"))
        }
        return true
    }

    /// Octets of the message itself.
    private mutating func take(_ content: ByteBuffer) {
        guard transaction != nil, content.readableBytes > 0 else { return }
        transaction?.octets += content.readableBytes
        transaction?.lines.check(content)
        guard transaction?.refusal == nil else { return }
        if let refusal = fault() {
            transaction?.refusal = refusal
            perform(.discard)
        } else {
            perform(.content(content))
        }
    }

    private func fault() -> Reply? {
        guard let transaction else { return nil }
        if let limit = configuration.sizeLimit, transaction.octets > limit {
            return Reply(552, "5.3.4 a message has at most \(limit) octets")
        }
        if configuration.demandsDeclared8Bit, transaction.lines.has8Bit, !transaction.envelope.parameters.eightBit {
            return Reply(554, "5.6.3 8-bit text without BODY=8BITMIME")
        }
        switch transaction.lines.fault {
        case nil: return nil
        case .bareCarriageReturn?: return Reply(554, "5.6.0 a CR without its LF")
        case .bareLineFeed?: return Reply(554, "5.6.0 an LF without its CR")
        case .lineTooLong?: return Reply(554, "5.6.0 a line longer than \(configuration.textLineOctets) octets")
        }
    }

    private mutating func finishMessage() {
        state = .command
        transaction?.lines.finish()
        guard let transaction else { return }
        if transaction.refusal == nil, let refusal = fault() {
            perform(.discard)
            self.transaction?.refusal = refusal
        }
        if let refusal = self.transaction?.refusal {
            self.transaction = nil
            refuse(refusal)
        } else {
            ask(.message(transaction.envelope))
        }
    }
}
