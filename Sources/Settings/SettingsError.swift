public import Scopes

/// Why there are no settings: exit status 78, or 64 when the command line said it.
public enum SettingsError: Failure, Equatable {
    /// A value is not what its option takes.
    case value(Option, problem: String, Origin)
    /// Options contradict each other, or one that the command needs is missing.
    case combination(problem: String, isUsage: Bool)
    /// The file has a key that no option has.
    case unknownKey(String, nearest: String?, Origin)
    /// A variable of the environment that starts with `MODEMAIL_` and names no option.
    case unknownVariable(String, nearest: String?)
    /// The file is not YAML, or not the YAML that settings are written in.
    case syntax(problem: String, Origin)
    /// The file cannot be read.
    case file(path: String, problem: String)
    /// A secret cannot be read or may not be used; neither text holds any of it.
    case secret(Option, problem: String, advice: String, Origin)

    public var failureClass: FailureClass { .configuration }

    public var summary: String {
        switch self {
        case .value(let option, let problem, let origin): "\(Self.place(origin, option)): \(problem)"
        case .combination(let problem, _): problem
        case .unknownKey(let key, _, let origin): "\(origin): there is no setting \(key.printable(limit: 80))"
        case .unknownVariable(let name, _): "\(name.printable(limit: 80)): there is no such setting"
        case .syntax(let problem, let origin): "\(origin): \(problem.printable())"
        case .file(let path, let problem): "\(path.printable()): \(problem)"
        case .secret(let option, let problem, _, let origin): "\(Self.place(origin, option)): \(problem)"
        }
    }

    public var advice: String? {
        switch self {
        case .unknownKey(_, let nearest, _), .unknownVariable(_, let nearest): nearest.map { "did you mean \($0)?" }
        case .secret(_, _, let advice, _): advice
        case .value, .combination, .syntax, .file: nil
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .value(_, _, .flag), .combination(_, isUsage: true): .usage
        case .value, .combination, .unknownKey, .unknownVariable, .syntax, .file, .secret: .configuration
        }
    }

    private static func place(_ origin: Origin, _ option: Option) -> String {
        switch origin {
        case .flag, .environment: "\(origin)"
        case .file, .byDefault: "\(origin): \(option.rawValue)"
        }
    }
}
