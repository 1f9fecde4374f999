import Glibc
import NIOPosix
import Synchronization

/// Where a person sits: octets of the keyboard in, text for the screen out.
public protocol Console: Sendable {
    /// What was typed next; nil at the end of input, and for a cancelled caller.
    func read() async -> [UInt8]?
    func write(_ text: String)
    /// Cells of a line of the screen, as it is now.
    var columns: Int { get }
    /// Gives the terminal back as it was. Idempotent.
    func restore()
}

/// Standard input by poll(2) and read(2) on a thread of its own, so that a waiting read can be given up. It sets no flag of
/// the descriptor, which other processes share.
public final class StandardInput: Sendable {
    private let threads: NIOThreadPool
    /// A pipe: what is written into it ends the waiting read.
    private let wake: (reading: Int32, writing: Int32)

    public init() {
        threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        var ends: [Int32] = [-1, -1]
        // The array holds the two that the call writes. Without them a read that waits ends with its input alone.
        _ = unsafe pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        wake = (ends[0], ends[1])
    }

    deinit {
        close(wake.reading)
        close(wake.writing)
        threads.shutdownGracefully { _ in }
    }

    /// The next octets; nil at the end, after an error, and for a cancelled caller. One reader at a time.
    public func read() async -> [UInt8]? {
        let wake = wake
        return await withTaskCancellationHandler {
            guard !Task.isCancelled else { return nil }
            return try? await threads.runIfActive { Self.next(wake.reading) }
        } onCancel: {
            var octet: UInt8 = 0
            // One octet of this frame.
            _ = unsafe Glibc.write(wake.writing, &octet, 1)
        }
    }

    private static func next(_ wake: Int32) -> [UInt8]? {
        var waited = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        // The arrays are borrowed for the calls alone.
        while unsafe poll(&waited, nfds_t(waited.count), -1) < 0 {
            guard errno == EINTR else { return nil }
        }
        guard waited[1].revents == 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe Glibc.read(STDIN_FILENO, &octets, octets.count)
        return count > 0 ? Array(octets.prefix(count)) : nil
    }
}

/// The terminal of this process while a line editor has it: no echo, no lines, no signals of the keyboard.
public final class TerminalConsole: Console {
    private let input = StandardInput()

    /// Whether a person sits at both ends of this process, at a terminal that can move its cursor.
    public static var isInteractive: Bool {
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1 else { return false }
        return variable("TERM") != "dumb"
    }

    /// As NO_COLOR (no-color.org) and TERM have it.
    public static var usesColour: Bool { (variable("NO_COLOR") ?? "").isEmpty && variable("TERM") != nil }

    private static func variable(_ name: String) -> String? {
        // The string is copied at once.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }

    /// nil when the terminal cannot be set.
    public init?() {
        guard SavedTerminal.enterRawMode() else { return nil }
    }

    public func restore() { SavedTerminal.restore() }

    public func read() async -> [UInt8]? { await input.read() }

    public func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            // The octets live for the length of the call.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    public var columns: Int {
        var size = winsize()
        // The structure is ours.
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// How the terminal was before. It is the process's one terminal, and is given back also when the process is told to end at
/// once.
public enum SavedTerminal {
    private static let saved = Mutex<termios?>(nil)

    static func enterRawMode() -> Bool {
        saved.withLock { saved in
            var settings = termios()
            // The structures are ours.
            guard unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return false }
            saved = settings
            settings.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
            settings.c_iflag &= ~tcflag_t(IXON | ICRNL | INLCR | ISTRIP)
            return unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0
        }
    }

    public static func restore() {
        saved.withLock { saved in
            guard var settings = saved.take() else { return }
            // What was typed and not read is no command of the shell's.
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        }
    }
}
