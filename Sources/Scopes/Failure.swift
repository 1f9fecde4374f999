/// Who is at fault, and therefore who may act: only `.modem` failures climb the recovery ladder.
public enum FailureClass: String, Sendable, Equatable, CaseIterable {
    /// Options, configuration file, environment, secret files: the operator changes something.
    case configuration
    /// The message itself: an address, a header value, a file to attach.
    case message
    /// The SIM: absent, locked, refused.
    case sim
    /// The cellular network: registration, APN, context, a lost bearer.
    case network
    /// The modem, its line or its device file.
    case modem
    /// The far end: name, connection, certificate, SMTP server.
    case peer
    /// This machine: a file that cannot be written, a full disk.
    case host
    /// A defect of this program.
    case defect
}

/// Exit statuses of sysexits(3), as scripts see them.
public enum ExitStatus: Int32, Sendable, Equatable, CaseIterable {
    case ok = 0
    case usage = 64
    case badMessage = 65
    case recipientRefused = 67
    case unavailable = 69
    case softwareDefect = 70
    case inputOutput = 74
    case tryAgain = 75
    case peerProtocol = 76
    case credentialsRefused = 77
    case configuration = 78
    case interrupted = 130
    case terminated = 143

    /// Of several verdicts the gravest counts: 77, 78, 65, 67, 76, 69, 75, and what is left in its own order.
    public static func gravest(_ statuses: some Sequence<ExitStatus>) -> ExitStatus {
        statuses.min { $0.rank < $1.rank } ?? .ok
    }

    private var rank: Int {
        switch self {
        case .interrupted, .terminated: 0
        case .softwareDefect: 1
        case .usage: 2
        case .inputOutput: 3
        case .credentialsRefused: 4
        case .configuration: 5
        case .badMessage: 6
        case .recipientRefused: 7
        case .peerProtocol: 8
        case .unavailable: 9
        case .tryAgain: 10
        case .ok: 11
        }
    }
}

/// What every error on the path of a message can say of itself. Each target has one error type, and it conforms.
///
/// Neither text holds a secret, and neither holds a line break or another control character: they are one line each, for
/// a terminal and for a log.
public protocol Failure: Error, Sendable {
    var failureClass: FailureClass { get }
    /// What failed, with what: "the server's certificate expired on 2026-01-02 (mail.example.com)".
    var summary: String { get }
    /// The next step for a person, without the summary: "renew it, or correct this machine's clock".
    var advice: String? { get }
    var exitStatus: ExitStatus { get }
}

extension Failure {
    public var exitStatus: ExitStatus {
        switch failureClass {
        case .configuration: .configuration
        case .message: .badMessage
        case .sim, .network, .modem: .unavailable
        case .peer: .peerProtocol
        case .host: .inputOutput
        case .defect: .softwareDefect
        }
    }

    public var advice: String? { nil }

    /// One line for stderr: the summary, and the advice behind a semicolon.
    public var line: String {
        guard let advice else { return summary }
        return "\(summary); \(advice)"
    }
}

extension String {
    /// The text with every control character as a visible escape, cut at `limit` scalars: for words of a peer, which may
    /// hold anything, on their way to a terminal or a log.
    public func printable(limit: Int = 400) -> String {
        var result = ""
        for (index, scalar) in unicodeScalars.enumerated() {
            guard index < limit else { return result + "…" }
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069:
                result += "\\x" + String(scalar.value, radix: 16)
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
