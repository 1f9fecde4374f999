import CLinux
import NIOPosix
import SystemPackage

/// Modem lines by TIOCMGET, TIOCMBIS and TIOCMBIC on an open line.
struct DescriptorModemLines: ModemLines {
    let path: String
    let descriptor: LineDescriptor
    let threads: NIOThreadPool

    func states() async throws(SerialPortError) -> ModemLineStates? {
        let descriptor = descriptor
        guard let lines = await threads.call({ descriptor.use { clinux_modem_lines_read($0) } }) else {
            throw .closed(path: path)
        }
        guard lines.error == 0 else {
            try tolerateAbsence(Errno(rawValue: lines.error))
            return nil
        }
        return ModemLineStates(
            dtr: lines.dtr, rts: lines.rts, cts: lines.cts, dcd: lines.dcd, dsr: lines.dsr, ring: lines.ring)
    }

    func set(dtr: Bool?, rts: Bool?) async throws(SerialPortError) -> Bool {
        let descriptor = descriptor
        let answer = await threads.call {
            descriptor.use { number in
                let first = dtr.map { clinux_modem_line_set_dtr(number, $0) } ?? 0
                return first < 0 ? first : rts.map { clinux_modem_line_set_rts(number, $0) } ?? 0
            }
        }
        guard let answer else { throw .closed(path: path) }
        guard let errno = Errno(answer: answer) else { return true }
        try tolerateAbsence(errno)
        return false
    }

    private func tolerateAbsence(_ errno: Errno) throws(SerialPortError) {
        guard !errno.isUnsupported else { return }
        throw errno.meansUnplugged
            ? .unplugged(path: path) : .failed(path: path, call: "modem lines", words: String(describing: errno))
    }
}
