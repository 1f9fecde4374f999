public import NIOCore
import NIOPosix

extension SocketStream {
    /// A connected TCP socket that somebody else made, such as one of another network namespace.
    /// - Parameter descriptor: non-blocking; the stream closes it.
    public static func adopting(_ descriptor: Int32, on loop: any EventLoop) async throws(SocketError) -> SocketStream {
        do {
            return try await ConnectAttempt.bootstrap(on: loop).withConnectedSocket(descriptor) { channel in
                channel.eventLoop.makeCompletedFuture { try wrap(channel) }
            }
        } catch {
            throw .failed(call: "taking the connection over", words: String(describing: error))
        }
    }
}
