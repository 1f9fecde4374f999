import NIOCore

// Output: framing by V.250 §5.7, result codes, URCs in the gaps, and the way to the wire.
extension ModemMachine {
    /// URCs that are kept while the line is not free for them; later ones are lost, as in a real modem.
    static let unsolicitedLimit = 64

    /// The characters of S3 and S4.
    var lineEnd: [UInt8] { [settings.lineEnd, settings.lineFeed] }

    /// Information text, one block.
    mutating func inform(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        gap()
        send(
            (settings.verbose ? lineEnd : []) + Array(lines.map { Array($0.utf8) }.joined(separator: lineEnd)) + lineEnd
        )
    }

    /// A final result code, by its words.
    mutating func result(_ words: String) {
        gap()
        guard !settings.quiet else { return }
        if let number = Self.numbers[words], !settings.verbose {
            send(Array("\(number)".utf8) + [settings.lineEnd])
        } else {
            send(lineEnd + Array(words.utf8) + lineEnd)
        }
    }

    mutating func refuse(_ refusal: Refusal) {
        switch (refusal, settings.errorMode) {
        case (.plain, _), (.cme, 0): result("ERROR")
        case (.cme(let code), 1): result("+CME ERROR: \(code)")
        case (.cme(let code), _): result("+CME ERROR: \(Refusal.words(code))")
        }
    }

    private static let numbers = ["OK": 0, "CONNECT": 1, "RING": 2, "NO CARRIER": 3, "ERROR": 4]

    /// Queues an unsolicited line; it leaves in the next gap: never within payload, a half-typed line or data mode.
    mutating func announce(_ text: String) {
        guard power == .on, unsolicited.count < Self.unsolicitedLimit else { return }
        unsolicited.append(text)
    }

    /// Whether an unsolicited line may leave now.
    private var hasGap: Bool {
        switch activity {
        case .idle: !reader.isMidLine
        case .running: true
        case .prompting(let prompt): prompt.collected.readableBytes == 0
        case .online, .calling: false
        }
    }

    mutating func releaseUnsolicited() {
        guard hasGap, !unsolicited.isEmpty else { return }
        for text in unsolicited { send(lineEnd + Array(text.utf8) + lineEnd) }
        unsolicited.removeAll()
    }

    /// A gap between two lines: what waits leaves, and by seed something harmless joins it.
    mutating func gap() {
        releaseUnsolicited()
        let isForced = carrier.chatterLeft > 0
        guard random.percent(options.chatter) || isForced, hasGap else { return }
        if isForced { carrier.chatterLeft -= 1 }
        send(lineEnd + Array((options.profile.chatter.randomElement(using: &random) ?? "RING").utf8) + lineEnd)
    }

    /// Puts octets behind what waits for the wire. They are lost when no host has the port open, or the modem is silent.
    mutating func send(_ octets: [UInt8]) {
        guard hosts > 0, !carrier.isSilent(now) else { return }
        serial.queue(octets)
    }

    /// Writes what may leave now; whether anything did.
    @discardableResult
    mutating func flush() -> Bool {
        guard hosts > 0, !carrier.isUnplugged else { return false }
        var wrote = false
        while true {
            let limit = faults.lineOctets(until: .down)
            guard let piece = serial.piece(options.fragmentation, limit: limit, now: now, random: &random) else {
                break
            }
            let count = piece.readableBytes
            actions.append(.write(faults.transferred(piece, .down)))
            wrote = true
            for effect in faults.linePassed(count, .down) { suffer(effect) }
        }
        return babble() || wrote
    }

    /// Puts the next part of a babble on the line, a little at a time, so that the driver can say when the host reads no more.
    private mutating func babble() -> Bool {
        guard carrier.babbleLeft > 0, serial.output.readableBytes < 1_024 else { return false }
        guard actions.count < 32 else {
            agenda.add(.wake, at: now + .milliseconds(1))
            return false
        }
        let count = min(carrier.babbleLeft, 1_024)
        carrier.babbleLeft -= count
        send((0..<count).map { _ in UInt8.random(in: 0x3F...0x7E, using: &random) })
        return true
    }

    // MARK: the host

    mutating func hostOpened() {
        hosts += 1
        ledger.opened(.port, "", now: now)
        step(.portOpened)
    }

    /// The last descriptor of the slave was closed: what a port with modem lines shows as the drop of DTR.
    mutating func hostClosed() {
        guard hosts > 0 else { return }
        hosts -= 1
        if hosts == 0 {
            serial.dropOutput()
            serial.isWritable = true
            dropDTR()
        }
        ledger.closed(.port, hosts == 0 ? "DTR dropped, &D\(settings.dataTerminalReady)" : "", now: now)
        step(.portClosed)
    }
}
