import CLinux
import Glibc
import NIOCore
import NIOPosix
import SerialPort
import Synchronization

/// A pseudo-terminal whose far end the test holds. The near end stays open too, so that settings can be looked at at any
/// time and the far end is not hung up between two openings.
final class Pty: Sendable {
    struct NotMade: Error {
        let errno: Int32
    }

    let path: String
    let near: Int32
    private let far: Mutex<Int32>

    init() throws {
        let far = clinux_pty_open(false)
        guard far >= 0 else { throw NotMade(errno: 0 - far) }
        path = "/dev/pts/\(clinux_pty_number(far))"
        near = clinux_pty_open_near(far, true)
        guard near >= 0 else { throw NotMade(errno: 0 - near) }
        self.far = Mutex(far)
    }

    deinit {
        hangUp()
        close(near)
    }

    var settings: clinux_line_settings { clinux_line_settings_read(near) }

    /// What a pulled plug does.
    func hangUp() {
        far.withLock { far in
            guard far >= 0 else { return }
            close(far)
            far = -1
        }
    }

    func write(_ octets: [UInt8]) {
        far.withLock { far in
            var rest = octets[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(far, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Blocks until there are `count`.
    func read(_ count: Int) -> [UInt8] {
        far.withLock { far in
            var octets: [UInt8] = []
            while octets.count < count {
                var chunk = [UInt8](repeating: 0, count: count - octets.count)
                let got = unsafe Glibc.read(far, &chunk, chunk.count)
                guard got > 0 else { return octets }
                octets += chunk.prefix(got)
            }
            return octets
        }
    }
}

/// A directory of the test's own, removed with all that is in it.
final class Directory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/serial-port-tests.XXXXXX".utf8CString)
        // The array outlives the call, which writes the name into it.
        guard unsafe mkdtemp(&template) != nil else { throw Pty.NotMade(errno: errno) }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }

    var names: [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func write(_ text: String, to name: String) {
        let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        let octets = Array(text.utf8)
        _ = unsafe Glibc.write(descriptor, octets, octets.count)
        close(descriptor)
    }

    func text(of name: String) -> String? {
        let descriptor = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var octets = [UInt8](repeating: 0, count: 256)
        let count = unsafe Glibc.read(descriptor, &octets, octets.count)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self)
    }
}

/// What a channel told its last handler, in order.
final class EventCollector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    enum Event: Sendable, Equatable {
        case octets([UInt8])
        case unplugged
        case error
        case inactive
    }

    let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    init() {
        (events, continuation) = AsyncStream.makeStream(of: Event.self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        continuation.yield(.octets(Array(unwrapInboundIn(data).readableBytesView)))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .unplugged? = error as? SerialPortError {
            continuation.yield(.unplugged)
        } else {
            continuation.yield(.error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        continuation.yield(.inactive)
        continuation.finish()
    }

    /// What comes until the channel is inactive.
    func rest() async -> [Event] {
        var all: [Event] = []
        for await event in events { all.append(event) }
        return all
    }

    /// The next octets, `count` of them at least.
    func octets(_ count: Int) async -> [UInt8] {
        var all: [UInt8] = []
        for await event in events {
            guard case .octets(let octets) = event else { return all }
            all += octets
            if all.count >= count { return all }
        }
        return all
    }
}
