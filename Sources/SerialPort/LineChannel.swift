import NIOCore
import NIOPosix
import Synchronization
import SystemPackage

/// An open line as a NIO channel, on descriptors of the channel's own.
enum LineChannel {
    static func make(
        of line: LineDescriptor, path: String, on loop: any EventLoop,
        onHangUp: @escaping @Sendable () -> Void, initialize: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(SerialPortError) -> any Channel {
        do {
            let copies = try Copies(of: line)
            do {
                return try await channel(
                    of: copies, path: path, on: loop, onHangUp: onHangUp, initialize: initialize)
            } catch {
                copies.closeWhatIsOurs()
                throw error
            }
        } catch let error as SerialPortError {
            throw error
        } catch let error as Errno {
            throw error == .badFileDescriptor
                ? .closed(path: path) : .failed(path: path, call: "dup", words: String(describing: error))
        } catch {
            throw .failed(path: path, call: "channel", words: String(describing: error))
        }
    }

    private static func channel(
        of copies: Copies, path: String, on loop: any EventLoop,
        onHangUp: @escaping @Sendable () -> Void, initialize: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        // The bootstrap closes the descriptors when its initializer fails, and then treats them as open: so it never fails.
        let (channel, result) = try await NIOPipeBootstrap(group: loop).takingOwnershipOfDescriptors(
            input: copies.input.rawValue, output: copies.output.rawValue
        ) { channel in
            copies.giveAway()
            let result = Result {
                try channel.pipeline.syncOperations.addHandler(HangUpHandler(path: path, onHangUp: onHangUp))
                try initialize(channel)
            }
            return channel.eventLoop.makeSucceededFuture((channel, result))
        }
        do {
            try result.get()
        } catch {
            try? await channel.close()
            throw error
        }
        return channel
    }
}

/// Two descriptors of one line, for the two directions of a channel; ours until the channel has them.
private final class Copies: Sendable {
    let input: SystemPackage.FileDescriptor
    let output: SystemPackage.FileDescriptor
    private let areOurs = Mutex(true)

    init(of line: LineDescriptor) throws(Errno) {
        let first = try line.duplicate()
        input = first
        do throws(Errno) {
            output = try line.duplicate()
        } catch {
            try? first.close()
            throw error
        }
    }

    func giveAway() {
        areOurs.withLock { $0 = false }
    }

    func closeWhatIsOurs() {
        let areOurs = areOurs.withLock { areOurs in
            defer { areOurs = false }
            return areOurs
        }
        guard areOurs else { return }
        try? input.close()
        try? output.close()
    }
}
