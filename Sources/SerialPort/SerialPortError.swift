public import Scopes

/// Why a serial line cannot be used.
public enum SerialPortError: Failure, Equatable {
    /// No such device file.
    case notFound(path: String)
    case noPermission(path: String)
    /// The path is a file, a directory, or a device that is no terminal.
    case notATerminal(path: String)
    /// Another process holds the line; nil when nobody could be named.
    case busy(path: String, holder: PortHolder?)
    /// The device is gone: end of file, EIO or hang-up.
    case unplugged(path: String)
    /// The driver does not do this rate; `actual` is what it set instead, nil when it refused.
    case baudRefused(path: String, asked: Int, actual: Int?)
    /// This side closed the port.
    case closed(path: String)
    /// A call of the system failed; its name, and the system's words.
    case failed(path: String, call: String, words: String)

    public var failureClass: FailureClass {
        switch self {
        case .notFound, .notATerminal, .noPermission, .baudRefused: .configuration
        case .busy: .host
        case .unplugged, .failed: .modem
        case .closed: .defect
        }
    }

    public var exitStatus: ExitStatus {
        switch self {
        case .notFound, .unplugged, .failed: .unavailable
        case .noPermission, .notATerminal, .baudRefused: .configuration
        case .busy: .tryAgain
        case .closed: .softwareDefect
        }
    }

    public var summary: String {
        switch self {
        case .notFound(let path): "\(path.printable()): no such device"
        case .noPermission(let path): "\(path.printable()): permission denied"
        case .notATerminal(let path): "\(path.printable()) is not a serial line"
        case .busy(let path, let holder?): "\(path.printable()) is in use by \(holder)"
        case .busy(let path, nil): "\(path.printable()) is in use by another process"
        case .unplugged(let path): "\(path.printable()): the device is gone"
        case .baudRefused(let path, let asked, let actual?):
            "\(path.printable()) does \(actual) bit/s instead of \(asked)"
        case .baudRefused(let path, let asked, nil): "\(path.printable()) does not do \(asked) bit/s"
        case .closed(let path): "\(path.printable()) was closed here"
        case .failed(let path, let call, let words): "\(path.printable()): \(call): \(words.printable())"
        }
    }

    public var advice: String? {
        switch self {
        case .notFound: "attach the modem, or correct the device"
        case .noPermission: "add the user to the group dialout, or run as a user that may open it"
        case .notATerminal: "name the modem's tty, such as /dev/ttyUSB2"
        case .busy(_, let holder): holder?.advice ?? "end what uses it, then try again"
        case .unplugged: "check cable and power; the modem may also have restarted by itself"
        case .baudRefused: "choose a rate that the line's driver can do, 115200 as a rule"
        case .closed, .failed: nil
        }
    }
}

/// The process that holds a line.
public struct PortHolder: Sendable, Equatable, CustomStringConvertible {
    public var pid: Int32
    /// The process' short name as the kernel knows it (at most 15 octets); nil when it could not be read.
    public var name: String?

    public init(pid: Int32, name: String?) {
        self.pid = pid
        self.name = name
    }

    public var description: String {
        guard let name else { return "process \(pid)" }
        return "\(name.printable()) (pid \(pid))"
    }

    var advice: String {
        name == "ModemManager"
            ? "tell ModemManager to leave this modem alone (ID_MM_DEVICE_IGNORE), or stop it"
            : "end it, then try again"
    }
}
