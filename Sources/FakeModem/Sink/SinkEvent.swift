import Scopes

/// What a sink saw of its clients; never a password, never text of a message. `connection` counts from 1.
public enum SinkEvent: Sendable, Equatable, CustomStringConvertible {
    case connected(connection: Int)
    case tls(connection: Int, isResumed: Bool)
    case tlsFailed(connection: Int, words: String)
    case login(connection: Int, isAccepted: Bool)
    /// A message is on disk under `new/` by this name.
    case kept(connection: Int, name: String, octets: Int)
    /// A message began and was not kept.
    case dropped(connection: Int)
    case ended(connection: Int)

    public var description: String {
        switch self {
        case .connected(let connection): "\(connection) connected"
        case .tls(let connection, let isResumed): "\(connection) tls \(isResumed ? "resumed" : "full handshake")"
        case .tlsFailed(let connection, let words): "\(connection) tls failed: \(words.printable())"
        case .login(let connection, let isAccepted): "\(connection) login \(isAccepted ? "accepted" : "refused")"
        case .kept(let connection, let name, let octets): "\(connection) kept \(name) \(octets) octets"
        case .dropped(let connection): "\(connection) dropped a message"
        case .ended(let connection): "\(connection) ended"
        }
    }
}
