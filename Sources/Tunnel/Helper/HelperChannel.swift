import CLinux
import Glibc
import NIOCore

/// The helper's ends of the two sockets. Calls wait for the other process, and answer false when it is gone.
struct HelperChannel {
    let control: Int32
    private let descriptors: Int32
    private var input = ByteBuffer()

    init(control: Int32, descriptors: Int32) {
        self.control = control
        self.descriptors = descriptors
    }

    enum Received: Equatable {
        case request(UInt32, HelperRequest)
        /// Not a whole one yet.
        case nothingYet
        /// The other process is gone, or talks nonsense.
        case ended
    }

    /// The next request of what was read.
    mutating func next() -> Received {
        do throws(HelperFrame.Malformed) {
            guard let frame = try HelperFrame.read(from: &input) else {
                input.discardReadBytes()
                return .nothingYet
            }
            var message = frame.message
            guard let request = HelperRequest(decoding: &message) else { return .ended }
            return .request(frame.number, request)
        } catch {
            return .ended
        }
    }

    /// Reads what is there: false at the end.
    mutating func read() -> Bool {
        let control = control
        var count = 0
        repeat {
            // The buffer has room for this many octets, and the call writes at most as many.
            _ = unsafe input.writeWithUnsafeMutableBytes(minimumWritableBytes: HelperFrame.limit) { buffer in
                count = unsafe Glibc.read(control, buffer.baseAddress, HelperFrame.limit)
                return max(0, count)
            }
        } while count < 0 && errno == EINTR
        return count > 0
    }

    func send(_ reply: HelperReply, number: UInt32) -> Bool {
        var frame = ByteBuffer()
        HelperFrame.write(number, into: &frame) { reply.encode(into: &$0) }
        while frame.readableBytes > 0 {
            // The octets live as long as the closure.
            let count = unsafe frame.readableBytesView.withUnsafeBytes {
                unsafe Glibc.send(control, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            frame.moveReaderIndex(forwardBy: count)
        }
        return true
    }

    /// Passes the descriptor on, and closes it here.
    func pass(_ descriptor: Int32, number: UInt32) -> Bool {
        defer { close(descriptor) }
        return clinux_descriptor_send(descriptors, number, descriptor) == 0
    }
}
