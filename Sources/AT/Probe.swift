/// Questions whose answers nothing else on the line can be: they prove that an answer belongs to the command before it.
///
/// A bare `AT` proves nothing, since a late `OK` would pass. `AT+CMEE?` answers `+CMEE: 1`, `AT+CMEE=?` answers
/// `+CMEE: (0-2)`, and `ATS3?` answers `013`: no answer of one passes for another's, so a late answer to the first probe
/// cannot prove the second. A modem that knows none of them refuses all three, in step, and is asked `AT`: by then every
/// result code that was owed has come. A modem answers in order; that is all this rests on.
struct Probe: Sendable, Equatable {
    enum Form: Sendable, Equatable, CaseIterable {
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
        /// None of the probe's business.
        case foreign
    }

    private(set) var form: Form
    private(set) var refusals = 0
    private var isAnswered = false
    /// The text of a tainted command is never the probe: its late answer would pass.
    private let excluded: String?

    init(excluding text: String? = nil) {
        excluded = text
        form = .errorMode
        if Self.text(form) == text { form = .errorModes }
    }

    var text: String { Self.text(form) }

    /// Turns to the next form; false when there is none left.
    mutating func advance() -> Bool {
        isAnswered = false
        let following = Form.allCases.drop { $0 != form }.dropFirst()
        let allowed = following.first {
            Self.text($0) != excluded && ($0 != .attention || refusals >= Self.refusalsBeforeAttention)
        }
        guard let allowed else { return false }
        form = allowed
        return true
    }

    mutating func take(_ line: String) -> Verdict {
        let text = line.squeezed
        if let isNumeric = Self.isSuccess(text) {
            return isAnswered || form == .attention ? .proven(isNumeric: isNumeric) : .swallowed
        }
        if let code = FinalResultCode(line: text) ?? Self.numericFailure(text) {
            switch code {
            case .error, .cme, .cms, .vendor:
                refusals += 1
                return .refused
            case .ok, .connect, .noCarrier, .busy, .noAnswer, .noDialtone: return .foreign
            }
        }
        if isAnswer(text) {
            isAnswered = true
            return .swallowed
        }
        return text.hasPrefix("+CMEE:") ? .swallowed : .foreign
    }

    private func isAnswer(_ text: String) -> Bool {
        switch form {
        case .errorMode: text.hasPrefix("+CMEE:") && Int(text.dropFirst(6)) != nil
        case .errorModes: text.hasPrefix("+CMEE:") && text.dropFirst(6).hasPrefix("(")
        case .lineEnd: text == "013" || text == "13"
        case .attention: false
        }
    }

    private static let refusalsBeforeAttention = 2

    private static func text(_ form: Form) -> String {
        switch form {
        case .errorMode: "AT+CMEE?"
        case .errorModes: "AT+CMEE=?"
        case .lineEnd: "ATS3?"
        case .attention: "AT"
        }
    }

    private static func isSuccess(_ text: String) -> Bool? {
        switch text {
        case "OK": false
        case "0": true
        default: nil
        }
    }

    private static func numericFailure(_ text: String) -> FinalResultCode? { text == "4" ? .error : nil }
}
