import CLinux
import Glibc
import NIOPosix
import Synchronization
import Testing

/// Copies packets between two TUN devices on a thread of its own, and keeps a record of them.
final class Wire: Sendable {
    struct Missing: Error {}

    struct Packet: Sendable, Equatable {
        let isFromNear: Bool
        let octets: [UInt8]

        var isIPv6: Bool { (octets.first ?? 0) >> 4 == 6 }
        /// The transport's protocol number.
        var transport: UInt8 { isIPv6 ? octets[6] : octets[9] }
        /// ICMPv6's type, when it is one.
        var icmpv6Type: UInt8? { isIPv6 && transport == 58 && octets.count > 40 ? octets[40] : nil }
    }

    private let stopper: Int32
    private let near: Int32
    private let record = Mutex<[Packet]>([])

    init(_ near: Int32?, _ far: Int32?) throws {
        guard let near, let far else { throw Missing() }
        self.near = near
        let stop = clinux_socket_pair_make(false)
        guard stop.error == 0 else { throw Missing() }
        stopper = stop.one
        start(near, far, stop.other)
    }

    var packets: [Packet] { record.withLock { $0 } }

    func stop() {
        close(stopper)
    }

    /// Puts a packet into the near device, as if the far side had sent it.
    func inject(_ octets: [UInt8]) {
        // The array outlives the call.
        _ = unsafe write(near, octets, octets.count)
    }

    private func start(_ near: Int32, _ far: Int32, _ stopper: Int32) {
        NIOThreadPool.wires.submit { _ in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                var waiting = [near, far, stopper].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
                // The arrays outlive the calls.
                _ = unsafe poll(&waiting, 3, -1)
                if waiting[2].revents != 0 { break }
                for (index, entry) in waiting.prefix(2).enumerated() where entry.revents != 0 {
                    let count = unsafe read(entry.fd, &buffer, buffer.count)
                    guard count > 0 else { continue }
                    let packet = Packet(isFromNear: index == 0, octets: Array(buffer.prefix(count)))
                    self.record.withLock { $0.append(packet) }
                    _ = unsafe write(index == 0 ? far : near, packet.octets, count)
                }
            }
            for descriptor in [near, far, stopper] { close(descriptor) }
        }
    }
}

extension NIOThreadPool {
    /// Wires hold their threads: more than all tests at once have.
    static let wires: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 32)
        pool.start()
        return pool
    }()
}
