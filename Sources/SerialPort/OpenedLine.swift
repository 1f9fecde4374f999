import CLinux
import Glibc
import Scopes
import SystemPackage

/// What `SerialPort.open` took and `close` gives back, in blocking calls.
struct OpenedLine: Sendable {
    /// What is given back, in this order.
    enum Part: String, CaseIterable {
        case settings = "line settings"
        case locks = "line locks"
        case descriptor = "line"
    }

    let path: String
    let descriptor: LineDescriptor
    let found: clinux_line_settings
    let notes: [String]
    private let hangUpOnClose: Bool
    private let changedLatency: Bool
    private let lockFile: LockFile?

    static func open(_ configuration: SerialPortConfiguration) -> Result<OpenedLine, SerialPortError> {
        do throws(SerialPortError) {
            let path = try resolve(configuration.path)
            let descriptor = try openTerminal(path, as: configuration.path)
            do throws(SerialPortError) {
                return .success(try take(descriptor, path: path, configuration))
            } catch {
                _ = try? descriptor.close()
                throw error
            }
        } catch {
            return .failure(error)
        }
    }

    /// Gives one part back. It may be called twice; the second time there is nothing left to do.
    func release(_ part: Part) -> TeardownStep.Outcome {
        switch part {
        case .settings: restoreSettings()
        case .locks: releaseLocks()
        case .descriptor: closeDescriptor()
        }
    }

    // MARK: Opening

    private static func resolve(_ path: String) throws(SerialPortError) -> String {
        guard let resolved = unsafe realpath(path, nil) else {
            let code = Errno(rawValue: errno)
            throw code == .permissionDenied ? .noPermission(path: path) : .notFound(path: path)
        }
        defer { unsafe free(resolved) }  // realpath allocated it for us
        return unsafe String(cString: resolved)
    }

    private static func openTerminal(_ path: String, as given: String) throws(SerialPortError) -> LineDescriptor {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw .notFound(path: given) }
        guard status.st_mode & S_IFMT == S_IFCHR else { throw .notATerminal(path: given) }
        // Without O_NONBLOCK the call would wait for carrier where CLOCAL is off.
        let number = unsafe Glibc.open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard number >= 0 else {
            let code = Errno(rawValue: errno)
            switch code {
            case .permissionDenied, .notPermitted: throw .noPermission(path: given)
            case .noSuchFileOrDirectory: throw .notFound(path: given)
            case .resourceBusy: throw .busy(path: given, holder: PortHolder.find(of: path))
            case _ where code.meansUnplugged: throw .unplugged(path: given)
            default: throw .failed(path: given, call: "open", words: String(describing: code))
            }
        }
        return LineDescriptor(FileDescriptor(rawValue: number))
    }

    private static func take(
        _ descriptor: LineDescriptor, path: String, _ configuration: SerialPortConfiguration
    ) throws(SerialPortError) -> OpenedLine {
        let given = configuration.path
        var notes: [String] = []
        guard let found = descriptor.use({ clinux_line_settings_read($0) }) else { throw .closed(path: given) }
        guard found.error == 0 else {
            throw Errno(rawValue: found.error).isUnsupported ? .notATerminal(path: given) : .unplugged(path: given)
        }
        let lockFile = try lock(descriptor, path: path, configuration, notes: &notes)
        do throws(SerialPortError) {
            try configure(descriptor, found, configuration, notes: &notes)
        } catch {
            _ = descriptor.use { clinux_line_settings_apply($0, found) }
            _ = descriptor.use { clinux_line_set_exclusive($0, false) }
            lockFile?.remove()
            throw error
        }
        return OpenedLine(
            path: path, descriptor: descriptor, found: found, notes: notes, hangUpOnClose: configuration.hangUpOnClose,
            changedLatency: configuration.lowLatency && lowerLatency(descriptor), lockFile: lockFile)
    }

    /// flock, TIOCEXCL and the UUCP lock file, in this order: who has the first may judge whether the others are stale.
    private static func lock(
        _ descriptor: LineDescriptor, path: String, _ configuration: SerialPortConfiguration, notes: inout [String]
    ) throws(SerialPortError) -> LockFile? {
        let given = configuration.path
        let flocked =
            descriptor.use { flock($0, LOCK_EX | LOCK_NB) == 0 ? nil : Errno(rawValue: errno) } ?? .badFileDescriptor
        switch flocked {
        case nil: break
        case .wouldBlock?: throw .busy(path: given, holder: LockFile.holder(of: path, configuration) ?? .find(of: path))
        case let code?: notes.append("flock: \(code)")
        }
        // Root may open a line that somebody else has for himself.
        guard descriptor.use({ clinux_line_is_exclusive($0) }) != 1 || isLeftOver(descriptor, path, configuration)
        else {
            throw .busy(path: given, holder: LockFile.holder(of: path, configuration) ?? .find(of: path))
        }
        let lockFile: LockFile?
        switch LockFile.take(path: path, directory: configuration.lockDirectory) {
        case .taken(let file): lockFile = file
        case .held(let holder): throw .busy(path: given, holder: holder)
        case .impossible(let why):
            notes.append(why)
            lockFile = nil
        }
        if let code = descriptor.use({ Errno(answer: clinux_line_set_exclusive($0, true)) }) ?? nil {
            notes.append("TIOCEXCL: \(code)")
        }
        return lockFile
    }

    /// Whether nobody has the line for himself any more: the mark of a process that was killed stays on a pseudo-terminal for
    /// as long as its master is open. On any other line the kernel takes it away with the last close.
    private static func isLeftOver(
        _ descriptor: LineDescriptor, _ path: String, _ configuration: SerialPortConfiguration
    ) -> Bool {
        guard path.hasPrefix("/dev/pts/"), LockFile.holder(of: path, configuration) == nil else { return false }
        return descriptor.use { !PortHolder.isOpen(path, besides: $0) } ?? false
    }

    private static func configure(
        _ descriptor: LineDescriptor, _ found: clinux_line_settings, _ configuration: SerialPortConfiguration,
        notes: inout [String]
    ) throws(SerialPortError) {
        let path = configuration.path
        let asked = configuration.baud
        guard SerialPortConfiguration.baudRange.contains(asked), let baud = UInt32(exactly: asked) else {
            throw .baudRefused(path: path, asked: asked, actual: nil)
        }
        let rtsCts = configuration.flowControl == .rtsCts
        let wanted = clinux_line_settings_raw(found, baud, rtsCts, configuration.hangUpOnClose)
        guard let answer = descriptor.use({ clinux_line_settings_apply($0, wanted) }),
            let actual = descriptor.use({ clinux_line_settings_read($0) })
        else { throw .closed(path: path) }
        if let code = Errno(answer: answer) {
            if code == .invalidArgument { throw .baudRefused(path: path, asked: asked, actual: nil) }
            throw code.meansUnplugged
                ? .unplugged(path: path) : .failed(path: path, call: "line settings", words: String(describing: code))
        }
        guard actual.error == 0 else { throw .unplugged(path: path) }
        switch BaudVerdict(asked: baud, found: found.output_speed, actual: actual.output_speed) {
        case .set: break
        case .ignored:
            notes.append(
                "the line's driver keeps its \(actual.output_speed) bit/s: right for a USB modem, wrong for a UART")
        case .other: throw .baudRefused(path: path, asked: asked, actual: Int(actual.output_speed))
        }
        if rtsCts, !clinux_line_settings_have_rts_cts(actual) {
            notes.append("the line's driver does not do RTS/CTS")
        }
    }

    private static func lowerLatency(_ descriptor: LineDescriptor) -> Bool {
        descriptor.use { clinux_line_low_latency($0) == 0 && clinux_line_set_low_latency($0, true) == 0 } ?? false
    }

    // MARK: Closing

    private func restoreSettings() -> TeardownStep.Outcome {
        let answer = descriptor.use { number in
            // Output that flow control holds back would make close(2) wait.
            _ = clinux_line_discard(number, false, true)
            if changedLatency { _ = clinux_line_set_low_latency(number, false) }
            return clinux_line_settings_apply(
                number, clinux_line_settings_with_hang_up(found, hangUpOnClose))
        }
        guard let answer else { return .notNeeded }
        guard let code = Errno(answer: answer) else { return .done }
        return code.meansUnplugged ? .notNeeded : .failed(String(describing: code))
    }

    private func releaseLocks() -> TeardownStep.Outcome {
        let held: Void? = descriptor.use { number in
            _ = clinux_line_set_exclusive(number, false)
            _ = flock(number, LOCK_UN)
        }
        lockFile?.remove()
        return held == nil ? .notNeeded : .done
    }

    private func closeDescriptor() -> TeardownStep.Outcome {
        do throws(Errno) {
            return try descriptor.close() ? .done : .notNeeded
        } catch {
            return .failed(String(describing: error))
        }
    }
}
