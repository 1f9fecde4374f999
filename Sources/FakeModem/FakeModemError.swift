public import Scopes

/// Why a fake modem cannot be started.
public enum FakeModemError: Failure, Equatable {
    /// An option's value is no value of its kind: which option, what was given, what is wanted.
    case badOption(String, given: String, wanted: String)
    /// A line of a fault script, counted from 1.
    case badFault(line: Int, reason: String)
    /// A line of a transcript, counted from 1.
    case badTranscript(line: Int, reason: String)
    /// A call of the operating system failed: what it was for, and its words.
    case system(String, String)

    public var failureClass: FailureClass {
        switch self {
        case .badOption, .badFault, .badTranscript: .configuration
        case .system: .host
        }
    }

    public var summary: String {
        switch self {
        case .badOption(let option, let given, _): "\(option): \"\(given.printable())\" cannot be used"
        case .badFault(let line, let reason): "fault script, line \(line): \(reason.printable())"
        case .badTranscript(let line, let reason): "transcript, line \(line): \(reason.printable())"
        case .system(let purpose, let words): "\(purpose): \(words)"
        }
    }

    public var advice: String? {
        switch self {
        case .badOption(_, _, let wanted): "give \(wanted)"
        case .badFault: "a line is `at WHEN WHAT`; `fake-modem --help` lists both"
        case .badTranscript: "`fake-modem --help` says how a transcript is written"
        case .system: nil
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .badOption: .usage
        case .badFault, .badTranscript: .configuration
        case .system: .inputOutput
        }
    }
}
