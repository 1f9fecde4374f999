import CLinux
import Glibc

/// The master of a pty, and a watch over who opens its slave.
///
/// Linux tells the master nothing when a slave is opened again after its last close (the master then reports a hang-up all the
/// time), so inotify watches the slave's node.
final class PseudoTerminal {
    let master: Descriptor
    let watch: Descriptor
    /// `/dev/pts/N`.
    let device: String

    init() throws(FakeModemError) {
        var (master, slave): (Int32, Int32) = (-1, -1)
        var name = [CChar](repeating: 0, count: 128)
        // The values outlive the call; a slave's name is shorter than the buffer.
        guard unsafe openpty(&master, &slave, &name, nil, nil) == 0 else { throw lastFailure("opening a pty") }
        self.master = prepare(master)
        let first = prepare(slave)
        device = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        watch = Descriptor(inotify_init1(Int32(O_NONBLOCK | O_CLOEXEC)))
        guard watch.number >= 0 else { throw lastFailure("watching the pty") }
        try makeRaw()
        first.close()  // from now on the master reports a hang-up while no host has the slave open
        let events = UInt32(IN_OPEN | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)
        // The path is copied for the call.
        guard unsafe inotify_add_watch(watch.number, device, events) >= 0 else {
            throw lastFailure("watching \(device)")
        }
    }

    /// No echo, no line editing, no signals: as a modem's port looks before a host has set it up.
    private func makeRaw() throws(FakeModemError) {
        var settings = termios()
        // The structure outlives the calls.
        guard unsafe tcgetattr(master.number, &settings) == 0 else { throw lastFailure("reading the pty's settings") }
        unsafe cfmakeraw(&settings)
        unsafe cfsetspeed(&settings, speed_t(B115200))
        guard unsafe tcsetattr(master.number, TCSANOW, &settings) == 0 else {
            throw lastFailure("setting the pty up")
        }
    }

    /// The speed that the host set, also one without a name in termios; nil when the pty is gone.
    var hostSpeed: Int? {
        let settings = clinux_line_settings_read(master.number)
        return settings.error == 0 ? Int(settings.output_speed) : nil
    }

    /// Whether no host has the slave open.
    var isHungUp: Bool {
        var status = pollfd(fd: master.number, events: 0, revents: 0)
        // The structure outlives the call.
        return unsafe poll(&status, 1, 0) > 0 && status.revents & Int16(POLLHUP) != 0
    }

    enum Change {
        case opened
        case closed
    }

    /// The opens and closes of the slave since the last call, in order.
    func changes() -> [Change] {
        var result: [Change] = []
        while let octets = watch.read(4_096), !octets.isEmpty {
            var rest = octets[...]
            while rest.count >= 16 {  // struct inotify_event: wd, mask, cookie, len, then len octets of name
                let field = { (offset: Int) -> UInt32 in
                    rest.dropFirst(offset).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
                }
                let mask = field(4)
                if mask & UInt32(IN_OPEN) != 0 { result.append(.opened) }
                if mask & UInt32(IN_CLOSE_WRITE | IN_CLOSE_NOWRITE) != 0 { result.append(.closed) }
                rest = rest.dropFirst(16 + Int(clamping: field(12)))
            }
        }
        return result
    }
}
