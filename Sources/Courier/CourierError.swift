import Modem
public import Scopes

/// What can go wrong with a delivery beside what its layers say of themselves.
public enum CourierError: Failure, Equatable {
    /// The caller was cancelled: SIGINT, SIGTERM.
    case interrupted(Phase?)
    /// A phase or the whole took longer than its limit.
    case timedOut(Phase?, limit: Duration)
    /// `--device` is missing and nothing can find one.
    case noDevice
    case noServer
    /// A server that wants a user, without a password to prove it.
    case noPassword(user: String)
    /// The modem's make is not known to have sockets that we speak.
    case noDialect(modem: String)
    /// The modem does not answer, and another process has its line open without a lock.
    case lineShared(device: String, holder: String)
    /// A file that is written beside the mail: the transcript, the state directory.
    case file(path: String, words: String)
    /// An error without words of its own.
    case unexpected(String)

    public var failureClass: FailureClass {
        switch self {
        case .interrupted, .timedOut: .network
        case .lineShared: .modem
        case .noDevice, .noServer, .noPassword, .noDialect: .configuration
        case .file: .host
        case .unexpected: .defect
        }
    }

    public var summary: String {
        switch self {
        case .interrupted(let phase): "interrupted" + Self.during(phase)
        case .timedOut(let phase, let limit): "no end after \(limit.words)" + Self.during(phase)
        case .noDevice: "no modem is named"
        case .noServer: "no server is named"
        case .noPassword(let user): "there is no password for the user \(user.printable(limit: 80))"
        case .noDialect(let modem): "the sockets of this modem are not known: \(modem.printable(limit: 120))"
        case .lineShared(let device, let holder):
            "the modem does not answer, and \(holder) has \(device.printable(limit: 200)) open, too"
        case .file(let path, let words): "\(path.printable(limit: 200)): \(words)"
        case .unexpected(let words): words
        }
    }

    public var advice: String? {
        switch self {
        case .interrupted: nil
        case .timedOut: "try again; --timeline shows where the time went"
        case .noDevice: "give the AT port with --device, as /dev/serial/by-id/… or /dev/ttyUSB2"
        case .noServer: "give it with --server smtps://user@host"
        case .noPassword: "give it with --password-file, or say --auth none"
        case .noDialect: "if it speaks the commands of one of these, say --dialect \(Self.families)"
        case .lineShared: "end that program, or keep it from this device"
        case .file: "check that the folder exists and may be written"
        case .unexpected: "please report this"
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .interrupted: .interrupted
        case .timedOut, .lineShared: .tryAgain
        case .noDevice, .noServer, .noPassword, .noDialect: .configuration
        case .file: .inputOutput
        case .unexpected: .softwareDefect
        }
    }

    private static func during(_ phase: Phase?) -> String {
        phase.map { " (\($0))" } ?? ""
    }

    /// The dialects' names without their modes.
    private static var families: String {
        Dialects.names.filter { !$0.contains("/") }.joined(separator: ", ")
    }
}
