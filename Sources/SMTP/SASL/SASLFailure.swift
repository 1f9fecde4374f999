import Credentials
import Scopes

/// Why an exchange of a SASL mechanism ended without a verdict by the server, or against it.
public enum SASLFailure: Sendable, Equatable, Error {
    /// A challenge that the mechanism has no place for; what is wrong with it, without its content.
    case malformedChallenge(String)
    /// A challenge after everything had been said.
    case challengeTooMany
    /// The server reports success before the login was complete.
    case successTooSoon
    /// The server's signature is wrong or missing: it may be another than the one that knows the password (RFC 5802 §3).
    case serverNotProven
    /// The iterations that the server wants are outside `SCRAMClient.iterations`.
    case iterations(Int)
    /// The server's own word within the mechanism (RFC 5802 §7): "invalid-proof", "channel-bindings-dont-match".
    case refused(String)
    /// User name or password cannot be prepared for the mechanism (RFC 4013); which of them.
    case notPreparable(String)
    /// This machine lacks what the mechanism needs; what.
    case unavailable(String)
    /// TLS gives no octets to bind to.
    case noChannelBinding(String)
}

extension SASLFailure {
    /// The words with which SCRAM refuses user or password; the others are about the exchange (RFC 5802 §7).
    private static let credentialWords = ["invalid-proof", "unknown-user", "invalid-username-encoding"]

    var isAboutCredentials: Bool {
        if case .refused(let word) = self { Self.credentialWords.contains(word) } else { false }
    }

    var failureClass: FailureClass {
        switch self {
        case .malformedChallenge, .challengeTooMany, .successTooSoon, .serverNotProven, .iterations: .peer
        case .refused, .notPreparable, .unavailable: .configuration
        case .noChannelBinding: .host
        }
    }

    var exitStatus: ExitStatus {
        switch self {
        case .malformedChallenge, .challengeTooMany, .successTooSoon, .serverNotProven, .iterations: .peerProtocol
        case .refused: isAboutCredentials ? .credentialsRefused : .configuration
        case .notPreparable, .unavailable: .configuration
        case .noChannelBinding: .peerProtocol
        }
    }

    func summary(_ mechanism: SASLMechanism) -> String {
        let name = mechanism.rawValue
        return switch self {
        case .malformedChallenge(let words): "the server sent no valid challenge of \(name): \(words)"
        case .challengeTooMany: "the server asks for more than \(name) has to say"
        case .successTooSoon: "the server reports success before \(name) was complete"
        case .serverNotProven: "the server did not prove that it knows the password (\(name))"
        case .iterations(let count) where count < SCRAMClient.iterations.lowerBound:
            "the server wants \(count) iterations of \(name), which protect no password"
        case .iterations(let count): "the server wants \(count) iterations of \(name), which is too much work"
        case .refused(let word): "the server refused the login (\(name)): \(word)"
        case .notPreparable(let what): "\(what) holds a character that \(name) cannot carry"
        case .unavailable(let words): "\(name) cannot be used here: \(words)"
        case .noChannelBinding(let words): "\(name) finds nothing in TLS to bind to: \(words)"
        }
    }

    func advice(_ mechanism: SASLMechanism) -> String? {
        switch self {
        case .malformedChallenge, .challengeTooMany, .successTooSoon, .noChannelBinding:
            return "choose another mechanism with --auth"
        case .serverNotProven: return "nothing was sent; check that the server is the one that is meant"
        case .iterations(let count):
            let range = SCRAMClient.iterations
            return count < range.lowerBound
                ? "let the server store the password with \(range.lowerBound) iterations or more"
                : "let the server store the password with at most \(range.upperBound) iterations"
        case .refused where isAboutCredentials:
            return "check user name and password file; a refused password is not tried again by itself"
        case .refused where mechanism == .scramSHA256Plus:
            return
                "if the server cannot bind to this TLS connection, say --auth SCRAM-SHA-256; else somebody is in between"
        case .refused, .unavailable: return "choose another mechanism with --auth"
        case .notPreparable: return "choose a password of ASCII characters, or say --auth PLAIN"
        }
    }
}
