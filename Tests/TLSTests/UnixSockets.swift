import ByteStreams
import Glibc
import NIOCore
import NIOPosix
import Scopes
import Support
import Synchronization

/// A unix socket as a stream, for programs that speak TLS at a socket. Blocking calls on NIO's pool; not cancellable.
final class SocketStream: ByteStream {
    private let descriptor: Int32
    private let isClosed = Mutex(false)

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    static func connect(to path: String) throws -> SocketStream {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard unsafe withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw TestProcess.Failure.notStarted(program: "connect", errno: errno)
        }
        return SocketStream(descriptor)
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        let octets = try? await NIOThreadPool.singleton.runIfActive { [descriptor] in
            var octets = [UInt8](repeating: 0, count: atMost)
            let count = unsafe recv(descriptor, &octets, octets.count, 0)
            return Array(octets.prefix(max(0, count)))
        }
        guard let octets, !octets.isEmpty else { return nil }
        return ByteBuffer(bytes: octets)
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        let bytes = Array(octets.readableBytesView)
        let count = try? await NIOThreadPool.singleton.runIfActive { [descriptor] in
            unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        guard let count, count > 0 else { throw .reset("the program ended") }
        octets.moveReaderIndex(forwardBy: count)
    }

    func flush() async throws(StreamFailure) {}

    func close() async -> TeardownStep {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { shutdown(descriptor, Int32(SHUT_RDWR)) }
        return TeardownStep(name: "socket", outcome: .done, duration: .zero)
    }

    deinit {
        Glibc.close(descriptor)
    }
}

/// A unix socket that takes one connection after another.
final class SocketListener: Sendable {
    let path: String
    private let descriptor: Int32

    init() throws {
        path = try temporaryPath()
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard unsafe withAddress(path, { [descriptor] in unsafe bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, 8) == 0
        else {
            throw TestProcess.Failure.notStarted(program: "bind", errno: errno)
        }
    }

    func accept() async throws -> SocketStream {
        let accepted = try await NIOThreadPool.singleton.runIfActive { [descriptor] in
            Glibc.accept(descriptor, nil, nil)
        }
        guard accepted >= 0 else { throw TestProcess.Failure.notStarted(program: "accept", errno: errno) }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        return SocketStream(accepted)
    }

    deinit {
        close(descriptor)
    }
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let octets = Array(path.utf8)
    let fits = unsafe withUnsafeMutableBytes(of: &address.sun_path) { room in
        // The rest is zero, and with it the end of the text.
        guard octets.count < room.count else { return false }
        unsafe room.copyBytes(from: octets)
        return true
    }
    guard fits else { return -1 }
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
