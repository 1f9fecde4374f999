import AT
import NIOCore
import Support

/// An engine with a clock of its own, and what it asked for.
struct EngineRun {
    var engine: ATEngine
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    /// What was written and not yet looked at, `\r` and all.
    var written: [String] = []
    var finished: [(ATEngine.ID, Result<Exchange.Answer, ATError>)] = []
    var published: [ATLine] = []
    var data: [UInt8] = []
    var synchronised: [Result<StartUpReport, ATError>] = []
    var proven: [ATError?] = []
    var left: [ATError?] = []
    var records: [String] = []
    private var nextID: UInt64 = 0

    init(profile: LineProfile = .standard, seed: UInt64 = 0, isRecording: Bool = false) {
        engine = ATEngine(profile: profile, seed: seed)
        engine.isRecording = isRecording
    }

    mutating func handle(_ event: ATEngine.Event) {
        for action in engine.handle(event, now: now) {
            switch action {
            case .write(let octets): written.append(String(buffer: octets))
            case .finish(let id, let result): finished.append((id, result))
            case .publish(let line): published.append(line)
            case .deliver(let octets): data += Array(octets.readableBytesView)
            case .synchronised(let result): synchronised.append(result)
            case .proven(let error): proven.append(error)
            case .leftDataMode(let error): left.append(error)
            case .record(let direction, let content):
                records.append(
                    String(LineRecord(time: .zero, direction: direction, content: content).line.dropFirst(7)))
            }
        }
    }

    @discardableResult
    mutating func submit(_ exchange: Exchange) -> ATEngine.ID {
        nextID += 1
        let id = ATEngine.ID(nextID)
        handle(.submit(id, exchange))
        return id
    }

    mutating func receive(_ text: String) {
        handle(.received(ByteBuffer(string: text)))
    }

    /// Answers the last question as a modem in step does.
    mutating func answerLast() {
        receive(ProbeAnswers.answer(to: written.last ?? ""))
    }

    /// Lets time pass, deadline by deadline.
    mutating func pass(_ time: TimeAmount) {
        let end = now + time
        while let deadline = engine.deadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlinePassed)
        }
        now = end
    }

    /// What was written since the last look.
    mutating func takeWritten() -> [String] {
        defer { written = [] }
        return written
    }

    func result(of id: ATEngine.ID) -> Result<Exchange.Answer, ATError>? {
        let all = finished.filter { $0.0 == id }
        return all.count == 1 ? all.first?.1 : nil
    }

    /// Its one answer's texts and result, as one string: `+CSQ: 1,2|OK`.
    func answer(_ id: ATEngine.ID) -> String? {
        switch result(of: id) {
        case .success(let answer): (answer.lines.map(\.text) + [answer.result.description]).joined(separator: "|")
        case .failure(let error): "\(error)"
        case nil: nil
        }
    }
}
