import NIOCore

/// How a line that is not trusted becomes trusted again, and how data mode is left.
extension ATEngine {
    mutating func begin(_ resync: Resync) {
        framer.abandon()
        framer.expectation = resync.prompt.map { .prompt($0) } ?? .lines
        state = .resyncing(resync)
    }

    /// Proves a line that nobody doubts.
    mutating func prove(_ now: NIODeadline) {
        writeProbe(of: Resync(.proof, drainingUntil: now, question: freshQuestion()), now)
    }

    mutating func take(_ line: ATLine, for current: Resync, _ now: NIODeadline) {
        var resync = current
        if takeAwaited(line) { return }
        let text = line.text.squeezed
        let code = FinalResultCode(line: text, isNumeric: rules.isNumeric)
        if resync.mayConnect, case .connect? = code {
            // The dial that was given up: a data mode that nobody wants.
            beginEscape(escapes: 1, now)
            return
        }
        guard case .probing = resync.stage else {
            // The late result code is what the draining waited for.
            let isLate = code != nil
            if isLate, resync.purpose == .taint, resync.missingOctets == 0 {
                writeProbe(of: resync, now)
            } else if !isLate {
                abandon(line, of: resync, now)
            }
            return
        }
        let verdict = resync.probe.take(text)
        state = .resyncing(resync)
        switch verdict {
        case .proven(let isNumeric): trust(resync, isNumeric: isNumeric, now)
        case .refused: proceed(resync, now)
        case .swallowed, .surplus: break
        case .foreign: abandon(line, of: resync, now)
        }
    }

    /// Lines of the command that was given up are nobody's.
    private mutating func abandon(_ line: ATLine, of resync: Resync, _ now: NIODeadline) {
        let text = line.text.squeezed
        if resync.abandonedPrefixes.contains(where: { text.hasPrefix($0.squeezed) }) { return }
        stray(line, now)
    }

    private mutating func trust(_ resync: Resync, isNumeric: Bool, _ now: NIODeadline) {
        rules.isNumeric = isNumeric
        owesProbes = false
        rest(now)
        switch resync.purpose {
        case .taint: break
        case .proof: wantsProof = true
        case .departure: actions.append(.leftDataMode(nil))
        }
        if wantsProof { actions.append(.proven(nil)) }
        wantsProof = false
    }

    mutating func passDeadline(of current: Resync, _ now: NIODeadline) {
        var resync = current
        switch resync.stage {
        case .draining: writeProbe(of: resync, now)
        case .probing:
            resync.needsLineEnd = true
            guard resync.missingOctets > 0, resync.probe.advance() else {
                proceed(resync, now)
                return
            }
            supply(resync.missingOctets, now)
            resync.missingOctets = 0
            resync.stage = .draining(until: now + profile.drainTime)
            state = .resyncing(resync)
        }
    }

    /// A counted payload that the modem still waits for would swallow every probe. Its octets are made up: CRs, which mean
    /// nothing on a command line. The exchange has failed, so its stream is broken already.
    private mutating func supply(_ octets: Int, _ now: NIODeadline) {
        actions.append(.write(ByteBuffer(repeating: 0x0D, count: octets)))
        record(.sent, .octets(octets))
        lastWrite = now
    }

    /// The next probe, or what is left when there is none.
    private mutating func proceed(_ current: Resync, _ now: NIODeadline) {
        var resync = current
        guard !resync.probe.advance() else {
            writeProbe(of: resync, now)
            return
        }
        owesProbes = true
        if case .departure(let escapes) = resync.purpose, escapes < Self.escapeLimit {
            beginEscape(escapes: escapes + 1, now)
            return
        }
        fail(.outOfStep)
        framer.abandon()
        framer.expectation = .lines
        state = .outOfStep(.outOfStep)
    }

    /// Where the other probes were asked in vain, what none of them was.
    mutating func freshQuestion() -> RegisterQuestion? { owesProbes ? questions.next() : nil }

    private mutating func writeProbe(of current: Resync, _ now: NIODeadline) {
        var resync = current
        let text = resync.probe.text
        write((resync.needsLineEnd ? "\r" : "") + text + "\r", as: text, now)
        framer.expectEcho(of: text)
        resync.stage = .probing(until: now + profile.probeTime)
        state = .resyncing(resync)
    }

    static let escapeLimit = 2
}

extension ATEngine {
    mutating func leave(_ now: NIODeadline) {
        switch state {
        case .data: beginEscape(escapes: 1, now)
        case .leaving: break
        case .resyncing(let resync):
            if case .departure = resync.purpose { return }
            actions.append(.leftDataMode(nil))
        case .idle, .waking, .running, .starting: actions.append(.leftDataMode(nil))
        case .outOfStep(let error), .closed(let error): actions.append(.leftDataMode(error))
        }
    }

    mutating func markLeft(_ now: NIODeadline) {
        guard case .data = state else {
            leave(now)
            return
        }
        var resync = Resync(.departure(escapes: 0), drainingUntil: now + profile.drainTime, question: freshQuestion())
        resync.needsLineEnd = true
        begin(resync)
    }

    private mutating func beginEscape(escapes: Int, _ now: NIODeadline) {
        framer.abandon()
        framer.expectation = .data
        state = .leaving(Escape(guardTime: profile.guardTime, now: now), escapes: escapes)
    }

    mutating func checkEscape(_ now: NIODeadline) {
        guard case .leaving(var escape, let escapes) = state else { return }
        let verdict = escape.check(now: now)
        state = .leaving(escape, escapes: escapes)
        switch verdict {
        case .waiting: break
        case .writeEscape: write("+++", as: "+++", now)
        case .answered(let data, let rest):
            depart(data, escapes: escapes, needsLineEnd: false, now)
            pump(rest, now)
        case .silent(let data): depart(data, escapes: escapes, needsLineEnd: true, now)
        }
    }

    private mutating func depart(_ data: ByteBuffer, escapes: Int, needsLineEnd: Bool, _ now: NIODeadline) {
        if data.readableBytes > 0 { actions.append(.deliver(data)) }
        var resync = Resync(.departure(escapes: escapes), drainingUntil: now, question: freshQuestion())
        resync.needsLineEnd = needsLineEnd
        begin(resync)
        writeProbe(of: resync, now)
    }
}

extension ATEngine {
    mutating func perform(_ steps: [StartUp.Step], _ now: NIODeadline) {
        if case .starting(let startUp) = state { questions = startUp.questions }
        for step in steps {
            switch step {
            case .write(let octets, let words):
                actions.append(.write(octets))
                record(.sent, .text(words, payload: nil))
                lastWrite = now
            case .ask(let text, let isBehindLineEnd):
                write((isBehindLineEnd ? "\r" : "") + text + "\r", as: text, now)
                framer.expectEcho(of: text)
            case .publish(let line): stray(ATLine(line), now)
            case .reached(let report):
                owesProbes = false
                rules.isNumeric = report.isNumeric
                rest(now)
                actions.append(.synchronised(.success(report)))
                if wantsProof { actions.append(.proven(nil)) }
                wantsProof = false
            case .failed(let error):
                fail(error)
                framer.abandon()
                framer.expectation = .lines
                state = .outOfStep(error)
            }
        }
    }
}
