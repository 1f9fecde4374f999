import NIOCore
import NIOPosix
import SystemPackage

/// A TUN device as source and sink of IP packets: each read(2) and write(2) is one. Confined to the event loop of the line.
///
/// Packets are read one at a time, each on request, so that what the line cannot take yet stays in the device's own queue, where
/// the kernel's TCP sees it. A packet that the device does not take is dropped, as on any link.
final class PacketDevice {
    private let descriptor: SystemPackage.FileDescriptor
    private let channel: any Channel
    private var isOpen = true
    private(set) var dropped = 0

    private init(_ descriptor: Int32, _ channel: any Channel) {
        self.descriptor = SystemPackage.FileDescriptor(rawValue: descriptor)
        self.channel = channel
    }

    /// - Parameters:
    ///   - descriptor: non-blocking; the device closes it.
    ///   - received: one packet, on the loop.
    static func open(
        _ descriptor: Int32, on loop: any EventLoop, received: @escaping @Sendable (ByteBuffer) -> Void
    ) async throws -> NIOLoopBound<PacketDevice> {
        let channel = try await NIOPipeBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            // A read into less than a packet would cut it.
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: largestPacket))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(PacketReader(received))
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor).get()
        return try await loop.submit {
            let device = PacketDevice(descriptor, channel)
            channel.closeFuture.assumeIsolated().whenComplete { _ in device.isOpen = false }
            return NIOLoopBound(device, eventLoop: loop)
        }.get()
    }

    /// Asks for one packet.
    func read() {
        if isOpen { channel.read() }
    }

    func write(_ packet: ByteBuffer) {
        guard isOpen else { return }
        do {
            // The buffer outlives the call, which keeps nothing of it.
            let written = try unsafe packet.withUnsafeReadableBytes { try unsafe descriptor.write($0) }
            if written != packet.readableBytes { dropped += 1 }
        } catch {
            dropped += 1
        }
    }

    /// The descriptor is closed when the future is kept.
    func close() -> EventLoopFuture<Void> {
        channel.close(promise: nil)
        return channel.closeFuture
    }

    /// Of any link that we ask for: the default MRU, and some (RFC 1661 §6.1).
    private static let largestPacket = 4_096
}

/// Hands each packet on.
private final class PacketReader: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let received: @Sendable (ByteBuffer) -> Void

    init(_ received: @escaping @Sendable (ByteBuffer) -> Void) {
        self.received = received
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
