import NIOCore

/// Brings a line of which nothing is known to command mode: asks, and works through what the silence may mean.
///
/// The first command goes out at once and is a `Probe`, so a ready modem costs one command and no pause. The remedies, in
/// order, when it is not answered: end a half-typed line and ask again; a guarded `+++` (a transparent socket, a call); the
/// octets that a counted payload lacks; close down a multiplexer; then ask once a second until the limit, as a modem that is
/// starting needs. An open text prompt shows itself and is cancelled with ESC. Frames of PPP or of 3GPP TS 27.010 bring their
/// remedy forward.
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
        /// Something was written that is no question.
        case settling(until: NIODeadline)
    }

    enum Remedy: Sendable, Equatable {
        case endLine
        case escape
        case supply
        case closeMultiplexer
    }

    private let guardTime: TimeAmount
    private let rebootLines: [LinePattern]
    private let begun: NIODeadline
    private let end: NIODeadline
    private var stage: Stage
    private var probe = Probe()
    private var remedies: [Remedy] = [.endLine, .escape, .supply, .closeMultiplexer]
    private var report = StartUpReport(commands: 0)
    /// What the next proof would prove.
    private var suspicion: StartUpReport.Finding?
    /// Forms of the probe were used twice, so one answer alone proves nothing.
    private var needsConfirmation = false
    private var sawLateAnswer = false
    private var sawText = false
    private var flags = 0
    private var muxFlags = 0
    private var noise = 0
    private var prompts = 0

    init(profile: LineProfile, limit: TimeAmount, now: NIODeadline) {
        guardTime = profile.guardTime
        rebootLines = profile.rebootLines
        begun = now
        end = now + limit
        stage = .asking(until: now)
    }

    var deadline: NIODeadline {
        switch stage {
        case .asking(let until), .silence(let until), .escaped(let until), .hangingUp(let until), .settling(let until):
            min(until, end)
        }
    }

    mutating func begin(_ now: NIODeadline) -> [Step] { [ask(now)] }

    /// Octets before they are cut: flags of frames, and noise.
    mutating func inspect(_ octets: ByteBufferView) {
        for octet in octets {
            switch octet {
            case 0x7E: flags = min(flags + 1, 1_000)
            case 0xF9: muxFlags = min(muxFlags + 1, 1_000)
            case 0x80...: noise = min(noise + 1, 1_000)
            default: break
            }
        }
    }

    mutating func sawEcho(isWhole: Bool) {
        sawText = true
        report.echoes = true
        if !isWhole { find(.halfTypedLine) }
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
        switch stage {
        case .asking: return answer(text, line, now)
        case .escaped: return escaped(text, line, now)
        case .hangingUp:
            guard FinalResultCode(line: text) != nil else { return foreign(line) }
            return [ask(now)]
        case .silence, .settling:
            if text.hasPrefix("+CMEE:") { sawLateAnswer = true }
            return FinalResultCode(line: text) == nil ? foreign(line) : []
        }
    }

    mutating func passDeadline(_ now: NIODeadline) -> [Step] {
        if now >= end { return [.failed(error)] }
        guard now >= deadline else { return [] }
        switch stage {
        case .asking, .escaped, .hangingUp: return remedy(now)
        case .settling: return [ask(now, isBehindLineEnd: true)]
        case .silence:
            stage = .escaped(until: now + guardTime + Self.escapePatience)
            return [.write(ByteBuffer(string: "+++"), "+++")]
        }
    }
}

extension StartUp {
    private mutating func answer(_ text: String, _ line: String, _ now: NIODeadline) -> [Step] {
        switch probe.take(text) {
        case .proven(let isNumeric):
            guard needsConfirmation else { return [.reached(finished(isNumeric: isNumeric, now))] }
            needsConfirmation = false
            return [ask(now)]
        case .refused:
            guard report.commands % Probe.Form.allCases.count == 0 else { return [ask(now)] }
            // It refuses everything: no faster than once a second.
            stage = .settling(until: now + Self.lastAnswerTime)
            return []
        case .swallowed: return []
        case .foreign: return foreign(line)
        }
    }

    private mutating func escaped(_ text: String, _ line: String, _ now: NIODeadline) -> [Step] {
        switch FinalResultCode(line: text) {
        case .ok, .noCarrier:
            guard !sawLateAnswer else { return [ask(now, isBehindLineEnd: true)] }
            guard flags >= Self.frameFlags else {
                find(.dataMode)
                return [ask(now)]
            }
            find(.ppp)
            stage = .hangingUp(until: now + Self.hangUpTime)
            return [.write(ByteBuffer(string: "ATH\r"), "ATH")]
        case .error, .cme, .cms, .connect, .busy, .noAnswer, .noDialtone, .vendor: return []
        case nil:
            if text.hasPrefix("+CMEE:") { sawLateAnswer = true }
            return foreign(line)
        }
    }

    /// Lines of text are unsolicited; what is none, belongs to nobody.
    private func foreign(_ line: String) -> [Step] {
        line.utf8.contains { $0 >= 0x80 || $0 == 0x7E } ? [] : [.publish(line)]
    }

    private mutating func ask(_ now: NIODeadline, isBehindLineEnd: Bool = false) -> Step {
        if report.commands > 0, !probe.advance() {
            probe = Probe()
            needsConfirmation = true
        }
        report.commands += 1
        let wait = remedies.isEmpty ? Self.lastAnswerTime : Self.answerTime
        stage = .asking(until: now + wait)
        return .ask(probe.text, isBehindLineEnd: isBehindLineEnd)
    }

    private mutating func remedy(_ now: NIODeadline) -> [Step] {
        sawLateAnswer = false
        suspicion = nil
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
        }
    }

    /// The next in order, unless frames say which.
    private mutating func takeRemedy() -> Remedy? {
        let hint: Remedy? = muxFlags >= Self.frameFlags ? .closeMultiplexer : flags >= Self.frameFlags ? .escape : nil
        let index = hint.flatMap { remedies.firstIndex(of: $0) } ?? remedies.indices.first
        return index.map { remedies.remove(at: $0) }
    }

    private mutating func finished(isNumeric: Bool, _ now: NIODeadline) -> StartUpReport {
        if let suspicion { find(suspicion) }
        // A refused first question and an answered second one of the same kind: something stood in front of the first.
        if probe.refusals == 1, probe.form == .errorModes, report.commands == 2 { find(.halfTypedLine) }
        report.isNumeric = isNumeric
        report.duration = now - begun
        return report
    }

    private mutating func find(_ finding: StartUpReport.Finding) {
        if !report.findings.contains(finding) { report.findings.append(finding) }
    }

    private var error: ATError {
        if sawText { return .outOfStep }
        return noise > 0 || flags > 0 ? .babbling("octets that are no text, as at a wrong baud rate") : .silent
    }

    /// For an answer while remedies are left, and when there are none.
    private static let answerTime = TimeAmount.milliseconds(500)
    private static let lastAnswerTime = TimeAmount.seconds(1)
    private static let settlingTime = TimeAmount.milliseconds(300)
    private static let escapePatience = TimeAmount.milliseconds(1_500)
    private static let hangUpTime = TimeAmount.seconds(5)
    /// The largest counted payload of the dialects that time out late, and how long its writing may take.
    private static let missingOctets = 1_500
    private static let supplyTime = TimeAmount.seconds(1)
    private static let promptLimit = 3
    /// So many flags make frames.
    private static let frameFlags = 2
    /// The multiplexer close-down command on DLCI 0 (3GPP TS 27.010 §5.4.6.3.3): flag, address, UIH, length 2, CLD, FCS, flag.
    private static let closeDown: [UInt8] = [0xF9, 0x03, 0xEF, 0x05, 0xC3, 0x01, 0xF2, 0xF9]
}
