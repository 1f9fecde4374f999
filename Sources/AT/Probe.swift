/// Questions whose answers nothing else on the line can be: they prove that an answer belongs to the command before it.
///
/// A bare `AT` proves nothing, since a late `OK` would pass. `AT+CMEE?` answers `+CMEE: 1`, `AT+CMEE=?` answers
/// `+CMEE: (0-2)`, and `ATS3?` answers `013`: no answer of one passes for another's, so a late answer to the first probe
/// cannot prove the second. A modem that knows none of them refuses all three, in step, and is asked `AT`: by then every
/// result code that was owed has come. A modem answers in order; that is all this rests on.
///
/// That holds while each was asked once. Where they may have been asked before (by an earlier run, or in vain), a
/// `RegisterQuestion` comes first: its answer is that of no other.
struct Probe: Sendable, Equatable {
    enum Form: Sendable, Equatable, CaseIterable {
        /// A row of registers that was not asked before.
        case registers
        /// The error mode in use (3GPP TS 27.007 §9.1).
        case errorMode
        /// The error modes that there are.
        case errorModes
        /// The character that ends a command line (V.250 §6.2.1), decimal.
        case lineEnd
        /// Nothing; after three refusals alone.
        case attention
    }

    enum Verdict: Sendable, Equatable {
        /// The line is in step. Whether the result code was a digit comes with it.
        case proven(isNumeric: Bool)
        /// A final result code of failure: the probe's or a late one. Time for the next form.
        case refused
        /// Part of the answer, or a late one: nobody else's.
        case swallowed
        /// An `OK` that is not the probe's: something else was answered before it. Whether that was a row of registers comes
        /// with it: then this modem can be asked for them.
        case surplus(hasRegisters: Bool)
        /// None of the probe's business.
        case foreign
    }

    private(set) var form: Form
    private(set) var refusals = 0
    private var isAnswered = false
    private let question: RegisterQuestion?
    /// Register values since the last final result code.
    private var values: [Int] = []
    /// The text of a tainted command is never the probe: its late answer would pass.
    private let excluded: String?

    init(excluding text: String? = nil) {
        excluded = text
        question = nil
        form = .errorMode
        if self.text == text { form = .errorModes }
    }

    /// - Parameter form: instead of the question, for modems without registers; late answers to the question are told even so.
    init(_ question: RegisterQuestion, form: Form = .registers, excluding text: String? = nil) {
        excluded = text
        self.question = question
        self.form = form
    }

    var text: String {
        switch form {
        case .registers: question?.text ?? "AT"
        case .errorMode: "AT+CMEE?"
        case .errorModes: "AT+CMEE=?"
        case .lineEnd: "ATS3?"
        case .attention: "AT"
        }
    }

    /// Whether the whole answer came, but no final result code behind it.
    var lacksResultCode: Bool { form == .registers ? values == question?.answer : isAnswered }

    /// Turns to the next form; false when there is none left.
    mutating func advance() -> Bool {
        isAnswered = false
        values = []
        let before = form
        for form in Form.allCases.drop(while: { $0 != before }).dropFirst() {
            self.form = form
            if text != excluded, form != .attention || refusals >= Self.refusalsBeforeAttention { return true }
        }
        form = before
        return false
    }

    mutating func take(_ line: String) -> Verdict {
        let text = line.squeezed
        if let isNumeric = Self.isSuccess(text) { return success(isNumeric: isNumeric) }
        if let code = FinalResultCode(line: text) ?? Self.numericFailure(text) {
            switch code {
            case .error, .cme, .cms, .vendor:
                refusals += 1
                isAnswered = false
                values = []
                return .refused
            case .ok, .connect, .noCarrier, .busy, .noAnswer, .noDialtone: return .foreign
            }
        }
        if question != nil, let more = RegisterQuestion.values(text) {
            values = (values + more).suffix(RegisterQuestion.length + 1)
            return .swallowed
        }
        if isAnswer(text) {
            isAnswered = true
            return .swallowed
        }
        return text.hasPrefix("+CMEE:") ? .swallowed : .foreign
    }

    private mutating func success(isNumeric: Bool) -> Verdict {
        let isProof =
            switch form {
            case .registers: values == question?.answer
            case .errorMode, .errorModes: isAnswered && values.isEmpty
            case .lineEnd: isAnswered || values == [13]
            case .attention: values.isEmpty
            }
        let seen = values
        isAnswered = false
        values = []
        if isProof { return .proven(isNumeric: isNumeric) }
        if RegisterQuestion.isAnswer(seen) { return .surplus(hasRegisters: true) }
        guard form == .registers, seen.count == RegisterQuestion.length else { return .surplus(hasRegisters: false) }
        // Somebody set its registers otherwise: they prove nothing.
        refusals += 1
        return .refused
    }

    private func isAnswer(_ text: String) -> Bool {
        switch form {
        case .errorMode: text.hasPrefix("+CMEE:") && Int(text.dropFirst(6)) != nil
        case .errorModes: text.hasPrefix("+CMEE:") && text.dropFirst(6).hasPrefix("(")
        case .lineEnd: text == "013" || text == "13"
        case .registers, .attention: false
        }
    }

    private static let refusalsBeforeAttention = 2

    private static func isSuccess(_ text: String) -> Bool? {
        switch text {
        case "OK": false
        case "0": true
        default: nil
        }
    }

    private static func numericFailure(_ text: String) -> FinalResultCode? { text == "4" ? .error : nil }
}
