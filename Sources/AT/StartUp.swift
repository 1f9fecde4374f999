import NIOCore

/// Brings a line of which nothing is known to command mode: asks, and works through what the silence may mean.
///
/// The first command goes out at once and is a `RegisterQuestion`, which no earlier run asked: its answer proves that the
/// modem has answered all that stood before it, too, so a ready modem costs one command and no pause, and answers that an
/// earlier run did not wait for are let pass, however many. Where late answers were seen, a second question confirms the
/// first. A modem without registers refuses two of them; then two `Probe`s have to be answered with a silence in between.
///
/// The remedies, in order, when it is not answered: end a half-typed line and ask again; a guarded `+++`, and behind it `ATH` (a
/// transparent socket, a call: nobody wants it any more); the octets that a counted payload lacks; close down a multiplexer;
/// end a link of PPP by its Terminate-Request, for a modem that knows no escape; then ask once a second until the limit, as a
/// modem that is starting needs. An open text prompt shows itself and is cancelled with ESC. Frames of PPP or of 3GPP TS
/// 27.010 bring their remedy forward: a link is asked to end before the escape, which costs its guard time.
struct StartUp: Sendable {
    enum Step: Sendable, Equatable {
        /// Octets, and how the transcript shows them.
        case write(ByteBuffer, String)
        case ask(String, isBehindLineEnd: Bool)
        case publish(String)
        case reached(StartUpReport)
        case failed(ATError)
    }

    enum Stage: Sendable, Equatable {
        case asking(until: NIODeadline)
        /// Before `+++`.
        case silence(until: NIODeadline)
        /// `+++` is written.
        case escaped(until: NIODeadline)
        case hangingUp(until: NIODeadline)
        /// A Terminate-Request is written; so many frames had come before.
        case terminating(until: NIODeadline, frames: Int)
        /// A question that may have been asked before was answered: late answers would come now.
        case listening(until: NIODeadline)
        /// Something was written that is no question.
        case settling(until: NIODeadline)
    }

    enum Remedy: Sendable, Equatable {
        case endLine
        case escape
        case supply
        case closeMultiplexer
        case terminate
    }

    private let guardTime: TimeAmount
    private let rebootLines: [LinePattern]
    private let begun: NIODeadline
    private let end: NIODeadline
    private var stage: Stage
    private(set) var questions: RegisterQuestions
    private var probe = Probe()
    private var remedies: [Remedy] = [.endLine, .escape, .supply, .closeMultiplexer, .terminate]
    private var report = StartUpReport(commands: 0)
    /// What the next proof would prove.
    private var suspicion: StartUpReport.Finding?
    /// Late answers were seen, so one answer alone is not enough.
    private var needsConfirmation = false
    /// A question that may have been asked before was answered, and nothing came behind the answer.
    private var isQuiet = false
    private var refusals = 0
    /// Result codes of success that were not the question's.
    private var surpluses = 0
    /// Whether one came since the last question.
    private var hasSurplus = false
    /// Whether it answered a question for registers: nil, not yet.
    private var hasRegisters: Bool?
    private var triedResultCodes = false
    private var weakForm = Probe.Form.attention
    private var refusedForms: [Probe.Form] = []
    private var sawLateAnswer = false
    private var sawText = false
    private var watch = FrameWatch()
    private var noise = 0
    private var prompts = 0

    init(profile: LineProfile, limit: TimeAmount, questions: RegisterQuestions, now: NIODeadline) {
        self.questions = questions
        guardTime = profile.guardTime
        rebootLines = profile.rebootLines
        begun = now
        end = now + limit
        stage = .asking(until: now)
    }

    var deadline: NIODeadline {
        switch stage {
        case .asking(let until), .silence(let until), .escaped(let until), .hangingUp(let until), .listening(let until),
            .settling(let until), .terminating(let until, _):
            min(until, end)
        }
    }

    mutating func begin(_ now: NIODeadline) -> [Step] { [ask(now)] }

    /// Octets before they are cut: frames, and noise.
    mutating func inspect(_ octets: ByteBufferView) {
        for octet in octets {
            watch.take(octet)
            if octet >= 0x80, octet != 0xF9 { noise = min(noise + 1, 1_000) }
        }
    }

    mutating func sawEcho(isWhole: Bool) {
        sawText = true
        report.echoes = true
        // Behind `+++` it was not somebody else who typed.
        if !isWhole, remedies.contains(.escape) { find(.halfTypedLine) }
    }

    mutating func sawPrompt(_ now: NIODeadline) -> [Step] {
        prompts += 1
        guard prompts <= Self.promptLimit else { return [] }
        find(.openPrompt)
        stage = .settling(until: now + Self.settlingTime)
        return [.write(ByteBuffer(bytes: [0x1B]), "<ESC>")]
    }

    mutating func take(_ line: String, _ now: NIODeadline) -> [Step] {
        let text = line.squeezed
        if !text.utf8.contains(where: { $0 >= 0x80 || $0 == 0x7E }) { sawText = true }
        if rebootLines.contains(where: { $0.matches(squeezed: text) }) {
            find(.starting)
            return []
        }
        let verdict = probe.take(text)
        if case .surplus(hasRegisters: true) = verdict { hasRegisters = true }
        switch stage {
        case .asking: return answer(verdict, line, now)
        case .listening: return disturbed(verdict, line, now)
        case .escaped: return escaped(verdict, text, line, now)
        case .hangingUp:
            guard FinalResultCode(line: text) != nil else { return foreign(line) }
            return [ask(now)]
        case .terminating:
            // `OK` behind `+CGDATA`, `NO CARRIER` behind `D` (3GPP TS 27.007 §10.1.12, §10.2.1.1).
            switch verdict {
            case .proven, .refused, .surplus(hasRegisters: true): return answer(verdict, line, now)
            case .swallowed: return []
            case .foreign, .surplus(hasRegisters: false):
                guard FinalResultCode(line: text) != nil else { return foreign(line) }
                find(.ppp)
                return [ask(now)]
            }
        case .silence: return late(verdict, line, now)
        case .settling:
            if verdict == .swallowed { sawLateAnswer = true }
            return verdict == .foreign && FinalResultCode(line: text) == nil ? foreign(line) : []
        }
    }

    mutating func passDeadline(_ now: NIODeadline) -> [Step] {
        if now >= end { return [.failed(error)] }
        guard now >= deadline else { return [] }
        switch stage {
        case .asking:
            // It speaks: nothing has to be remedied.
            let isAlive = hasSurplus && surpluses <= Self.surplusLimit
            return isAlive ? [ask(now, isBehindLineEnd: true)] : remedy(now)
        case .escaped: return remedy(now)
        case .hangingUp: return [ask(now, isBehindLineEnd: true)]
        case .terminating(_, let frames):
            guard watch.frames > frames else { return remedy(now) }
            // The link answers; its modem takes the context down before it says so.
            // No further frame makes it wait again.
            stage = .terminating(until: now + Self.hangUpTime, frames: .max)
            return []
        case .listening:
            isQuiet = true
            return [ask(now)]
        case .settling: return [ask(now, isBehindLineEnd: true)]
        case .silence:
            stage = .escaped(until: now + guardTime + Self.escapePatience)
            return [.write(ByteBuffer(string: "+++"), "+++")]
        }
    }
}

/// What lines mean.
extension StartUp {
    private mutating func answer(_ verdict: Probe.Verdict, _ line: String, _ now: NIODeadline) -> [Step] {
        switch verdict {
        case .proven(let isNumeric): return proven(isNumeric: isNumeric, now)
        case .refused:
            refusals += 1
            doubt()
            refusedForms = probe.form == .attention ? [] : refusedForms + [probe.form]
            guard report.commands % Self.quickCommands == 0 else { return [ask(now)] }
            // It refuses everything: no faster than once a second.
            stage = .settling(until: now + Self.lastAnswerTime)
            return []
        case .surplus:
            doubt()
            surpluses += 1
            hasSurplus = true
            needsConfirmation = true
            if hasRegisters == true, probe.form != .registers { return [ask(now)] }
            // Its own answer comes behind the late ones; one more question would only be one more late answer.
            if surpluses <= Self.surplusLimit {
                stage = .asking(until: now + (hasRegisters == true ? Self.lateAnswerTime : Self.lastAnswerTime))
            }
            return []
        case .swallowed: return []
        case .foreign: return foreign(line)
        }
    }

    private mutating func proven(isNumeric: Bool, _ now: NIODeadline) -> [Step] {
        guard probe.form != .registers else {
            hasRegisters = true
            guard needsConfirmation else { return [.reached(finished(isNumeric: isNumeric, now))] }
            needsConfirmation = false
            return [ask(now)]
        }
        guard isQuiet else {
            stage = .listening(until: now + quietTime)
            return []
        }
        return [.reached(finished(isNumeric: isNumeric, now))]
    }

    /// What was proven by answers is not, and what a remedy found may have been a late answer.
    private mutating func doubt() {
        isQuiet = false
        if suspicion == .dataMode { suspicion = nil }
    }

    /// While a silence should confirm an answer.
    private mutating func disturbed(_ verdict: Probe.Verdict, _ line: String, _ now: NIODeadline) -> [Step] {
        switch verdict {
        case .foreign: return foreign(line)
        case .swallowed: break
        case .proven, .refused, .surplus:
            surpluses += 1
            if hasRegisters == true { return [ask(now)] }
        }
        if surpluses <= Self.surplusLimit { stage = .listening(until: now + quietTime) }
        return []
    }

    /// While the line is silent before `+++`: only its own answer shows that the modem is in command mode.
    private mutating func late(_ verdict: Probe.Verdict, _ line: String, _ now: NIODeadline) -> [Step] {
        switch verdict {
        case .proven where probe.form == .registers, .surplus(hasRegisters: true): return answer(verdict, line, now)
        case .swallowed:
            sawLateAnswer = true
            return []
        case .proven, .refused, .surplus: return []
        case .foreign: return FinalResultCode(line: line) == nil ? foreign(line) : []
        }
    }

    private mutating func escaped(
        _ verdict: Probe.Verdict, _ text: String, _ line: String, _ now: NIODeadline
    ) -> [Step] {
        switch FinalResultCode(line: text) {
        case .ok, .noCarrier:
            guard !sawLateAnswer else { return [ask(now, isBehindLineEnd: true)] }
            if watch.frames > 0 { find(.ppp) } else { suspicion = .dataMode }
            // Whatever is still connected would refuse the next dial.
            stage = .hangingUp(until: now + Self.hangUpTime)
            return [.write(ByteBuffer(string: "ATH\r"), "ATH")]
        case .error, .cme, .cms, .connect, .busy, .noAnswer, .noDialtone, .vendor: return []
        case nil:
            if verdict == .swallowed { sawLateAnswer = true }
            return verdict == .foreign ? foreign(line) : []
        }
    }

    /// Lines of text are unsolicited; what is none, belongs to nobody, as does the echo of a command of an earlier run.
    private func foreign(_ line: String) -> [Step] {
        let isText = !line.utf8.contains { $0 >= 0x80 || $0 == 0x7E }
        return isText && !line.hasPrefix("AT") ? [.publish(line)] : []
    }
}

/// Questions and remedies.
extension StartUp {
    private mutating func ask(_ now: NIODeadline, isBehindLineEnd: Bool = false) -> Step {
        report.commands += 1
        hasSurplus = false
        probe = Probe(questions.next(), form: nextForm())
        stage = .asking(until: now + answerTime)
        return .ask(probe.text, isBehindLineEnd: isBehindLineEnd)
    }

    /// Registers, unless they are refused or not understood; without any answer both kinds in turn.
    private mutating func nextForm() -> Probe.Form {
        let isUnclear = refusals + surpluses >= Self.registerRefusals
        let mayAsk = hasRegisters ?? (!isUnclear && (report.commands <= Self.quickCommands || report.commands % 2 == 0))
        guard !mayAsk else { return .registers }
        let forms: [Probe.Form] = [.errorMode, .errorModes].filter { !refusedForms.contains($0) }
        weakForm = forms.first { $0 != weakForm } ?? forms.first ?? .attention
        return weakForm
    }

    private var answerTime: TimeAmount { remedies.isEmpty ? Self.lastAnswerTime : Self.patience }

    /// Longer than a modem needs from one answer to the next, where late ones were seen or are likely.
    private var quietTime: TimeAmount {
        let isPlain = surpluses == 0 && remedies.first == .endLine && report.commands == Self.registerRefusals + 1
        return isPlain ? Self.settlingTime : Self.lateQuietTime
    }

    private mutating func remedy(_ now: NIODeadline) -> [Step] {
        isQuiet = false
        sawLateAnswer = false
        suspicion = nil
        if probe.lacksResultCode, !triedResultCodes {
            triedResultCodes = true
            suspicion = .suppressedResultCodes
            stage = .settling(until: now + Self.settlingTime)
            return [.write(ByteBuffer(string: "ATQ0V1\r"), "ATQ0V1")]
        }
        switch takeRemedy() {
        case nil, .endLine: return [ask(now, isBehindLineEnd: true)]
        case .escape:
            stage = .silence(until: now + guardTime)
            return []
        case .supply:
            suspicion = .countedPayload
            stage = .settling(until: now + Self.supplyTime)
            return [.write(ByteBuffer(repeating: 0x0D, count: Self.missingOctets), "(\(Self.missingOctets) octets)")]
        case .closeMultiplexer:
            suspicion = .cmux
            stage = .settling(until: now + Self.settlingTime)
            return [.write(ByteBuffer(bytes: Self.closeDown), "<CLD>")]
        case .terminate:
            stage = .terminating(until: now + Self.terminationTime, frames: watch.frames)
            return [.write(ByteBuffer(bytes: Self.terminateRequest), "(\(Self.terminateRequest.count) octets)")]
        }
    }

    /// The next in order, unless frames say which.
    private mutating func takeRemedy() -> Remedy? {
        var hints: [Remedy] = []
        if watch.muxFlags >= Self.muxFrameFlags { hints.append(.closeMultiplexer) }
        if watch.frames > 0 { hints += [.terminate, .escape] }
        let index = hints.compactMap { remedies.firstIndex(of: $0) }.first ?? remedies.indices.first
        return index.map { remedies.remove(at: $0) }
    }

    private mutating func finished(isNumeric: Bool, _ now: NIODeadline) -> StartUpReport {
        if let suspicion { find(suspicion) }
        // A refused first question and an answered second one of the same kind: something stood in front of the first.
        if refusals == 1, surpluses == 0, probe.form == .registers, report.commands == 2 { find(.halfTypedLine) }
        report.isNumeric = isNumeric
        report.duration = now - begun
        return report
    }

    private mutating func find(_ finding: StartUpReport.Finding) {
        if !report.findings.contains(finding) { report.findings.append(finding) }
    }

    private var error: ATError {
        if watch.frames > 0 { return .babbling("frames of a PPP call that it does not leave") }
        if sawText { return .outOfStep }
        return noise > 0 ? .babbling("octets that are no text, as at a wrong baud rate") : .silent
    }

    /// For an answer while remedies are left, and when there are none.
    private static let patience = TimeAmount.milliseconds(500)
    private static let lastAnswerTime = TimeAmount.seconds(1)
    private static let settlingTime = TimeAmount.milliseconds(300)
    private static let lateQuietTime = TimeAmount.seconds(1)
    private static let lateAnswerTime = TimeAmount.seconds(2)
    private static let escapePatience = TimeAmount.milliseconds(1_500)
    private static let hangUpTime = TimeAmount.seconds(5)
    /// The largest counted payload of the dialects that time out late, and how long its writing may take.
    private static let missingOctets = 1_500
    private static let supplyTime = TimeAmount.seconds(1)
    private static let promptLimit = 3
    /// So many refusals say that it has no registers.
    private static let registerRefusals = 2
    /// So many questions may follow each other at once.
    private static let quickCommands = 5
    /// So many late answers are waited for; more are no modem's.
    private static let surplusLimit = 32
    /// So many flags make frames of a multiplexer.
    private static let muxFrameFlags = 2
    /// For the first octet of an answer to a Terminate-Request.
    private static let terminationTime = TimeAmount.seconds(1)
    /// LCP Terminate-Request, identifier 0xFE (RFC 1661 §5.5), in HDLC-like framing: flag, address 0xFF, control 0x03, protocol
    /// 0xC021, code 5, length 4, FCS-16, flag, with every octet below 0x20 escaped, as the default map of RFC 1662 §7.1 wants
    /// it. The flags end what may stand half-sent.
    private static let terminateRequest: [UInt8] = [
        0x7E, 0xFF, 0x7D, 0x23, 0xC0, 0x21, 0x7D, 0x25, 0xFE, 0x7D, 0x20, 0x7D, 0x24, 0xCE, 0x7D, 0x21, 0x7E,
    ]
    /// The multiplexer close-down command on DLCI 0 (3GPP TS 27.010 §5.4.6.3.3): flag, address, UIH, length 2, CLD, FCS, flag.
    private static let closeDown: [UInt8] = [0xF9, 0x03, 0xEF, 0x05, 0xC3, 0x01, 0xF2, 0xF9]
}
