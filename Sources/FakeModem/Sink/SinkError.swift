public import Scopes

/// Why a sink cannot be started.
public enum SinkError: Failure, Equatable {
    /// An option's value: which, and what is wrong with it.
    case badOption(String, String)
    /// A call of the operating system: what it was for, and its words.
    case system(String, String)

    public var failureClass: FailureClass {
        switch self {
        case .badOption: .configuration
        case .system: .host
        }
    }

    public var summary: String {
        switch self {
        case .badOption(let option, let reason): "\(option): \(reason.printable())"
        case .system(let purpose, let words): "\(purpose.printable()): \(words.printable())"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .badOption: .usage
        case .system: .inputOutput
        }
    }
}
