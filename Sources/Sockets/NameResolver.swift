import Glibc
import NIOCore
import NIOPosix

/// The system's resolver on a thread of a pool; a cancelled caller is released at once, while the thread goes on.
struct NameResolver: Sendable {
    let loop: any EventLoop
    let threads: NIOThreadPool

    /// Addresses in the resolver's order, each once. `family` nil: of both kinds, as far as this machine has an address of
    /// that kind itself.
    func addresses(
        of host: String, port: Int, family: NIOBSDSocket.ProtocolFamily?
    ) async throws(SocketError) -> [SocketAddress] {
        let answer = await Self.call(on: threads, loop: loop) { Self.lookUp(host, port: port, family: family) }
        guard let answer else { throw .cancelled }
        return try answer.get()
    }

    /// Runs a blocking call; nil when the caller was cancelled before it ended.
    static func call<Value: Sendable>(
        on threads: NIOThreadPool, loop: any EventLoop, _ body: @escaping @Sendable () -> Value
    ) async -> Value? {
        let promise = loop.makePromise(of: Value?.self)
        let isOpen = NIOLoopBoundBox.makeBoxSendingValue(true, eventLoop: loop)
        let complete: @Sendable (Value?) -> Void = { value in
            loop.execute {
                guard isOpen.value else { return }
                isOpen.value = false
                promise.succeed(value)
            }
        }
        return await withTaskCancellationHandler {
            threads.submit { state in
                switch state {
                case .active: complete(body())
                case .cancelled: complete(nil)
                }
            }
            return try? await promise.futureResult.get()
        } onCancel: {
            complete(nil)
        }
    }

    private static func lookUp(
        _ host: String, port: Int, family: NIOBSDSocket.ProtocolFamily?
    ) -> Result<[SocketAddress], SocketError> {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_family = family?.rawValue ?? AF_UNSPEC
        unsafe hints.ai_flags = family == nil ? AI_ADDRCONFIG : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        let systemCode = errno
        guard code == 0 else { return .failure(failure(of: code, systemCode, host)) }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        // The list lives until `freeaddrinfo`; addresses are copied out.
        var entry = unsafe list
        while let current = unsafe entry {
            defer { unsafe entry = current.pointee.ai_next }
            guard let pointer = unsafe current.pointee.ai_addr, var address = unsafe NetworkInterface.copy(pointer)
            else {
                continue
            }
            address.port = port
            if !found.contains(address) { found.append(address) }
        }
        return found.isEmpty ? .failure(.nameNotFound(host: host)) : .success(found)
    }

    private static func failure(of code: Int32, _ systemCode: Int32, _ host: String) -> SocketError {
        switch code {
        case EAI_NONAME, -5, -9: .nameNotFound(host: host)  // EAI_NODATA and EAI_ADDRFAMILY, which need _GNU_SOURCE
        case EAI_SYSTEM: .nameLookupFailed(host: host, words: unsafe String(cString: strerror(systemCode)))
        default: .nameLookupFailed(host: host, words: unsafe String(cString: gai_strerror(code)))
        }
    }
}
