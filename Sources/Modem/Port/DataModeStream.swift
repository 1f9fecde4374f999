import AT
import ByteStreams
import NIOCore
import Scopes

/// The line in data mode as a stream of octets: each `write` is one write(2), and takes at most 16 kB that wait for the line.
struct DataModeStream: DataModeLine {
    let port: ATPort

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await port.readData(atMost: atMost)
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard let slice = octets.getSlice(at: octets.readerIndex, length: min(octets.readableBytes, Self.writeLimit)),
            slice.readableBytes > 0
        else { return }
        try await port.writeData(slice)
        octets.moveReaderIndex(forwardBy: slice.readableBytes)
    }

    func flush() async throws(StreamFailure) {
        try await port.flushData()
    }

    func close() async -> TeardownStep { await leave() }

    func leave() async -> TeardownStep { await port.leaveDataMode(byModem: false) }

    func markLeft() async -> TeardownStep { await port.leaveDataMode(byModem: true) }

    private static let writeLimit = 16_384
}
