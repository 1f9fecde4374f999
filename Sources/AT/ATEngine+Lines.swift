import NIOCore
import Scopes

/// What comes from the modem.
extension ATEngine {
    mutating func receive(_ octets: ByteBuffer, _ now: NIODeadline) {
        switch state {
        case .closed: return
        case .leaving: data(octets, now)
        case .idle, .waking, .running, .resyncing, .data, .outOfStep: pump(octets, now)
        case .starting(var startUp):
            startUp.inspect(octets.readableBytesView)
            state = .starting(startUp)
            pump(octets, now)
        }
    }

    /// One item after the other: what the next octet is may depend on what this one changed.
    mutating func pump(_ octets: ByteBuffer, _ now: NIODeadline) {
        framer.append(octets)
        while let item = framer.next() {
            switch item {
            case .line(let line): take(line, now)
            case .prompt: takePrompt(now)
            case .octets(let octets): data(octets, now)
            case .echo(let isWhole):
                guard case .starting(var startUp) = state else { continue }
                startUp.sawEcho(isWhole: isWhole)
                state = .starting(startUp)
            case .babble(let words): babble(words, now)
            }
            if case .closed = state { return }
        }
    }

    private mutating func data(_ octets: ByteBuffer, _ now: NIODeadline) {
        record(.received, .octets(octets.readableBytes))
        guard case .leaving(var escape, let escapes) = state else {
            actions.append(.deliver(octets))
            return
        }
        if let data = escape.take(octets) { actions.append(.deliver(data)) }
        state = .leaving(escape, escapes: escapes)
        checkEscape(now)
    }

    private mutating func take(_ line: ATLine, _ now: NIODeadline) {
        record(line)
        switch state {
        case .closed: break
        case .idle, .data, .leaving, .outOfStep: stray(line, now)
        case .waking:
            if FinalResultCode(line: line.text, isNumeric: rules.isNumeric) == .ok {
                state = .idle(notBefore: now + profile.gap)
            } else {
                stray(line, now)
            }
        case .running(let flight): take(line, for: flight, now)
        case .resyncing(let resync): take(line, for: resync, now)
        case .starting(var startUp):
            let steps = startUp.take(line.text, now)
            state = .starting(startUp)
            perform(steps, now)
        }
    }

    private mutating func take(_ line: ATLine, for running: Flight, _ now: NIODeadline) {
        if takeAwaited(line) { return }
        var flight = running
        let meaning = flight.meaning(of: line, rules: rules)
        state = .running(flight)
        follow(meaning, of: flight, line, now)
    }

    private mutating func follow(_ meaning: Flight.Meaning, of running: Flight, _ line: ATLine, _ now: NIODeadline) {
        var flight = running
        switch meaning {
        case .foreign: stray(line, now)
        case .information, .completion: break
        case .goAhead(let octets, let pause):
            framer.expectation = .lines
            if pause > .zero {
                flight.stage = .pausing(until: now + pause, octets: octets)
                state = .running(flight)
            } else {
                writePayload(octets, of: flight, now)
            }
        case .ended(let answer): finish(flight, answer, now)
        case .awaitsLine(let limit):
            flight.deadline = now + limit
            if !flight.isOrphan { addAwaiting(flight) }
            rest(now)
        case .settles:
            flight.stage = .settling(until: now + Self.settlingTime)
            state = .running(flight)
        case .tooMuch: babble("an answer of more than \(profile.answerOctetLimit) octets", now)
        }
    }

    private mutating func addAwaiting(_ flight: Flight) {
        if awaiting.count >= Self.awaitingLimit {
            actions.append(.finish(flight.id, .failure(.queueFull)))
        } else {
            awaiting.append(flight)
        }
    }

    private mutating func takePrompt(_ now: NIODeadline) {
        if case .prompt(let octet) = framer.expectation {
            record(.received, .text(String(UnicodeScalar(octet)), payload: nil))
        }
        switch state {
        case .running(let flight): follow(flight.meaningOfPrompt(), of: flight, ATLine(">"), now)
        case .resyncing: write("\u{1B}", as: "<ESC>", now)
        case .starting(var startUp):
            let steps = startUp.sawPrompt(now)
            state = .starting(startUp)
            perform(steps, now)
        case .idle, .waking, .data, .leaving, .outOfStep, .closed: break
        }
    }

    /// A line that is nobody's who runs: awaited, a restart, a late result code, or unsolicited.
    mutating func stray(_ line: ATLine, _ now: NIODeadline) {
        if takeAwaited(line) { return }
        let text = line.text.squeezed
        if rules.isReboot(text) {
            publish(line)
            reboot(line, now)
            return
        }
        switch FinalResultCode(line: text) {
        case .ok, .error, .cme, .cms, .connect: break
        case .noCarrier, .busy, .noAnswer, .noDialtone, .vendor, nil: publish(line)
        }
    }

    mutating func publish(_ line: ATLine) {
        if secrets.contains(where: { line.text.contains($0) }) { return }
        actions.append(.publish(line))
    }

    mutating func takeAwaited(_ line: ATLine) -> Bool {
        for (index, flight) in awaiting.enumerated() {
            guard let answer = flight.answer(awaited: line) else { continue }
            awaiting.remove(at: index)
            actions.append(.finish(flight.id, .success(answer)))
            return true
        }
        return false
    }

    private mutating func reboot(_ line: ATLine, _ now: NIODeadline) {
        fail(.rebooted(line.text))
        switch state {
        case .data, .leaving, .starting, .outOfStep, .closed: break
        case .idle, .waking, .running, .resyncing:
            begin(Resync(.taint, drainingUntil: now + profile.drainTime, question: freshQuestion()))
        }
    }

    private mutating func babble(_ words: String, _ now: NIODeadline) {
        record(.received, .text("(\(words))", payload: nil))
        guard case .running(let flight) = state else { return }
        if !flight.isOrphan { actions.append(.finish(flight.id, .failure(.babbling(words)))) }
        begin(Resync(after: flight, drainingUntil: now + profile.drainTime, question: freshQuestion()))
    }

    /// For an `OK` that some firmwares add to an answer without one.
    private static let settlingTime = TimeAmount.milliseconds(100)
    /// Most exchanges that await a line after their final result code.
    private static let awaitingLimit = 32
}

/// What goes to the modem, and what time does.
extension ATEngine {
    mutating func startNext(_ now: NIODeadline) {
        guard case .idle(let notBefore) = state else { return }
        if wantsProof {
            wantsProof = false
            prove(now)
            return
        }
        guard let next = queue.first else { return }
        if let pause = profile.sleepsAfter, let lastWrite, now >= lastWrite + pause {
            write("AT\r", as: "AT", now)
            framer.expectEcho(of: "AT")
            state = .waking(until: now + profile.probeTime)
            return
        }
        guard now >= notBefore || next.exchange.isStreaming else { return }
        queue.removeFirst()
        start(next, now)
    }

    private mutating func start(_ next: Waiting, _ now: NIODeadline) {
        let text = next.exchange.text
        write(text.wire + "\r", as: text.redacted, now)
        framer.expectEcho(of: text.wire)
        secrets = (secrets + text.secrets).suffix(Self.secretsKept)
        let flight = Flight(id: next.id, exchange: next.exchange, timeout: profile.timeout(of: next.exchange), now: now)
        framer.expectation = flight.expectation
        framer.answerPayload = next.exchange.answerPayload
        state = .running(flight)
        guard let payload = next.exchange.payload, payload.goAhead == .none else { return }
        writePayload(payload.octets.readableBytes, of: flight, now)
    }

    private mutating func writePayload(_ octets: Int, of running: Flight, _ now: NIODeadline) {
        var flight = running
        if let payload = flight.takePayload(octets: octets, now: now) {
            actions.append(.write(payload))
            record(.sent, .octets(payload.readableBytes))
            lastWrite = now
        }
        state = .running(flight)
    }

    mutating func write(_ text: String, as words: String, _ now: NIODeadline) {
        actions.append(.write(ByteBuffer(string: text)))
        record(.sent, .text(words, payload: nil))
        lastWrite = now
    }

    mutating func finish(_ flight: Flight, _ answer: Exchange.Answer, _ now: NIODeadline) {
        if !flight.isOrphan { actions.append(.finish(flight.id, .success(answer))) }
        rest(now)
        guard case .connect = answer.result else { return }
        framer.expectation = .data
        state = .data
        // Nobody wants this data mode: it is left at once, and what waits goes behind that.
        guard !flight.isOrphan else { return leave(now) }
        for waiting in queue { actions.append(.finish(waiting.id, .failure(.inDataMode))) }
        queue = []
    }

    /// Back to a line that is trusted and free.
    mutating func rest(_ now: NIODeadline) {
        framer.expectation = .lines
        framer.answerPayload = nil
        framer.forgetEchoes()
        state = .idle(notBefore: now + profile.gap)
    }

    mutating func passDeadline(_ now: NIODeadline) {
        for flight in awaiting where flight.deadline <= now {
            actions.append(.finish(flight.id, .failure(.timedOut(command: flight.exchange.text.redacted))))
        }
        awaiting.removeAll { $0.deadline <= now }
        switch state {
        case .idle, .data, .outOfStep, .closed: break
        case .waking(let until):
            if until <= now { begin(Resync(.taint, drainingUntil: now, question: freshQuestion())) }
        case .running(let flight):
            if flight.nextDeadline <= now { passDeadline(of: flight, now) }
        case .resyncing(let resync):
            if resync.deadline <= now { passDeadline(of: resync, now) }
        case .leaving: checkEscape(now)
        case .starting(var startUp):
            let steps = startUp.passDeadline(now)
            state = .starting(startUp)
            perform(steps, now)
        }
    }

    private mutating func passDeadline(of flight: Flight, _ now: NIODeadline) {
        switch flight.stage {
        case .settling: finish(flight, flight.answer, now)
        case .pausing(let until, let octets) where until <= now: writePayload(octets, of: flight, now)
        case .pausing, .awaitingGoAhead, .awaitingEnd:
            if !flight.isOrphan {
                actions.append(.finish(flight.id, .failure(.timedOut(command: flight.exchange.text.redacted))))
            }
            begin(Resync(after: flight, drainingUntil: now + profile.drainTime, question: freshQuestion()))
            guard case .resyncing(let resync) = state, resync.prompt != nil else { return }
            write("\u{1B}", as: "<ESC>", now)
        }
    }

    private static let secretsKept = 8
}

extension ATEngine {
    mutating func record(_ direction: LineRecord.Direction, _ content: LineRecord.Content) {
        if isRecording { actions.append(.record(direction, content)) }
    }

    /// A line as a transcript may show it.
    private mutating func record(_ line: ATLine) {
        guard isRecording else { return }
        let isFinal = FinalResultCode(line: line.text, isNumeric: rules.isNumeric) != nil
        let text = LineRedaction.received(
            line.text, isSecretAnswer: isSecretAnswer && !isFinal, mayBeEcho: !isFinal && mayBeEcho(line.text))
        // A line is never longer than the framer lets it be.
        actions.append(
            .record(
                .received, .text(text.printable(limit: profile.lineLimit), payload: line.payload?.readableBytes)))
    }

    private var isSecretAnswer: Bool {
        if case .running(let flight) = state { flight.exchange.answerIsSecret } else { false }
    }

    /// Whether a line may be the copy of a command with a secret, as it was sent or garbled: of this run, or of an earlier one.
    private func mayBeEcho(_ line: String) -> Bool {
        if secrets.contains(where: { line.contains($0) }) { return true }
        let text = line.squeezed
        let isMarked = text.first.map { "+^*#$%&".contains($0) } ?? true
        switch state {
        case .running(let flight): return !flight.exchange.text.secrets.isEmpty && !isMarked && !rules.isReboot(text)
        case .starting: return !isMarked && line.contains { $0 == "\"" || $0 == "=" }
        case .idle, .waking, .resyncing, .data, .leaving, .outOfStep, .closed: return false
        }
    }
}
