/// Where a value came from; later cases win over earlier ones.
public enum Origin: Sendable, Equatable, CustomStringConvertible {
    case byDefault
    /// Line and column count from 1.
    case file(path: String, line: Int, column: Int)
    case environment(name: String)
    case flag(name: String)

    public var description: String {
        switch self {
        case .byDefault: "default"
        case .file(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): name
        case .flag(let name): "--\(name)"
        }
    }
}
