public import Scopes

/// Why no message can be made of what was given. Exit status 65 but where the host is at fault.
public enum MailError: Failure, Equatable {
    /// An address or an address list: what was given, and what is wrong with it.
    case address(String, problem: String)
    /// The value of a header field, by the field's name.
    case header(name: String, problem: String)
    /// The name of an attachment.
    case fileName(String, problem: String)
    /// A ready-made message breaks a rule of RFC 5322 on this line (1 and up).
    case line(Int, problem: String, remedy: String = "correct that line")
    /// A ready-made message as a whole.
    case message(problem: String)
    /// The message has octets above 127 that may not be encoded here, and the server does not offer 8BITMIME; why not.
    case needs8BitTransport(because: String)
    /// A body or an attachment cannot be read.
    case unreadable(name: String, problem: String)
    /// A body or an attachment changed between being measured and being sent.
    case changed(name: String)

    public var failureClass: FailureClass {
        switch self {
        case .address, .header, .fileName, .line, .message, .needs8BitTransport: .message
        case .unreadable, .changed: .host
        }
    }

    public var summary: String {
        switch self {
        case .address(let text, let problem): "the address \(text.printable(limit: 120)) \(problem)"
        case .header(let name, let problem): "the header field \(name.printable(limit: 80)) \(problem)"
        case .fileName(let name, let problem): "the file name \(name.printable(limit: 120)) \(problem)"
        case .line(let number, let problem, _): "the message \(problem) on line \(number)"
        case .message(let problem): "the message \(problem)"
        case .needs8BitTransport(let reason):
            "the message holds 8-bit text, the server does not take it (no 8BITMIME), and it cannot be recoded: \(reason)"
        case .unreadable(let name, let problem): "\(name.printable(limit: 120)) cannot be read: \(problem.printable())"
        case .changed(let name): "\(name.printable(limit: 120)) changed while it was being sent"
        }
    }

    public var advice: String? {
        switch self {
        case .address: "write it as user@example.com or 'Name <user@example.com>'"
        case .header: "correct that value"
        case .fileName: "rename the file"
        case .line(_, _, let remedy): remedy
        case .message: "give a message of header, blank line and body, or the text alone with --body-file"
        case .needs8BitTransport: "encode it as quoted-printable or base64"
        case .unreadable: nil
        case .changed: "send a copy that nothing writes to"
        }
    }
}
