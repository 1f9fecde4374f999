import CLinux
import Glibc
import NIOCore
import NIOPosix
import Synchronization

@testable import Tunnel

/// A scripted name server on a UDP socket of a namespace: for each query the datagrams that it answers.
final class NameServer: Sendable {
    private let stopper: Int32
    private let seen = Mutex<[[UInt8]]>([])

    var queries: [[UInt8]] { seen.withLock { $0 } }

    /// - Parameter answer: query, and the number of it from 0.
    init(_ socket: OwnedDescriptor, _ answer: @escaping @Sendable ([UInt8], Int) -> [[UInt8]]) throws {
        guard let socket = socket.take() else { throw Wire.Missing() }
        let stop = clinux_socket_pair_make(false)
        guard stop.error == 0 else { throw Wire.Missing() }
        stopper = stop.one
        NIOThreadPool.wires.submit { _ in
            self.serve(socket, stop.other, answer)
            close(socket)
            close(stop.other)
        }
    }

    func stop() { close(stopper) }

    private func serve(_ socket: Int32, _ stopper: Int32, _ answer: ([UInt8], Int) -> [[UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            var waiting = [socket, stopper].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            // All that is passed by pointer outlives its call.
            _ = unsafe poll(&waiting, 2, -1)
            if waiting[1].revents != 0 { return }
            var from = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = unsafe withUnsafeMutablePointer(to: &from) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(socket, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count > 0 else { continue }
            let query = Array(buffer.prefix(count))
            let number = seen.withLock { seen in
                seen.append(query)
                return seen.count - 1
            }
            for reply in answer(query, number) {
                _ = unsafe withUnsafePointer(to: &from) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe sendto(socket, reply, reply.count, 0, $0, length)
                    }
                }
            }
        }
    }
}
