import ByteStreams
import NIOCore
import Scopes
import Support
import Synchronization

/// Takes and gives as many octets as a seeded generator says.
final class SplittingStream: ByteStream {
    private let base: any ByteStream
    private let generator: Mutex<SeededGenerator>

    init(_ base: any ByteStream, seed: UInt64) {
        self.base = base
        generator = Mutex(SeededGenerator(seed: seed))
    }

    private func size(atMost: Int) -> Int {
        generator.withLock { generator in
            Int.random(in: 1...min(atMost, Bool.random(using: &generator) ? 7 : 3000), using: &generator)
        }
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await base.read(atMost: size(atMost: atMost))
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        guard var part = octets.readSlice(length: size(atMost: octets.readableBytes)) else { return }
        try await base.writeAll(part)
        part.clear()
    }

    func flush() async throws(StreamFailure) { try await base.flush() }

    func close() async -> TeardownStep { await base.close() }
}

/// Passes everything on and remembers how large each write was.
final class WriteRecorder: ByteStream {
    private let base: any ByteStream
    private let recorded = Mutex<[Int]>([])

    init(_ base: any ByteStream) {
        self.base = base
    }

    var sizes: [Int] { recorded.withLock { $0 } }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await base.read(atMost: atMost)
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        let size = octets.readableBytes
        recorded.withLock { $0.append(size) }
        let whole = octets
        octets.moveReaderIndex(forwardBy: size)
        try await base.writeAll(whole)
    }

    func flush() async throws(StreamFailure) { try await base.flush() }

    func close() async -> TeardownStep { await base.close() }
}

/// Takes every write and gives none to the other end.
final class DeafWriter: ByteStream {
    private let base: any ByteStream

    init(_ base: any ByteStream) {
        self.base = base
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        try await base.read(atMost: atMost)
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        octets.moveReaderIndex(forwardBy: octets.readableBytes)
    }

    func flush() async throws(StreamFailure) {}

    func close() async -> TeardownStep { await base.close() }
}

/// Ends what is read after a number of octets, without notice.
final class CuttingStream: ByteStream {
    private let base: any ByteStream
    private let left: Mutex<Int>

    init(_ base: any ByteStream, after count: Int) {
        self.base = base
        left = Mutex(count)
    }

    /// From now on.
    func cut(after count: Int) {
        left.withLock { $0 = count }
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        let room = left.withLock { min($0, atMost) }
        guard room > 0 else { return nil }
        let octets = try await base.read(atMost: room)
        left.withLock { $0 -= octets?.readableBytes ?? 0 }
        return octets
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await base.write(&octets) }

    func flush() async throws(StreamFailure) { try await base.flush() }

    func close() async -> TeardownStep { await base.close() }
}

/// Changes one octet of what is read.
final class CorruptingStream: ByteStream {
    private let base: any ByteStream
    /// How many octets come before the one to change.
    private let distance: Mutex<Int>

    init(_ base: any ByteStream, at position: Int) {
        self.base = base
        distance = Mutex(position)
    }

    /// The last octet of the next read.
    func corruptNext() {
        distance.withLock { $0 = -1 }
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? {
        guard var octets = try await base.read(atMost: atMost) else { return nil }
        distance.withLock { distance in
            let count = octets.readableBytes
            let offset = distance == -1 ? count - 1 : distance
            distance = distance == -1 ? .max : distance - count
            guard (0..<count).contains(offset) else { return }
            let position = octets.readerIndex + offset
            octets.setInteger((octets.getInteger(at: position) ?? UInt8(0)) ^ 0x20, at: position)
        }
        return octets
    }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) { try await base.write(&octets) }

    func flush() async throws(StreamFailure) { try await base.flush() }

    func close() async -> TeardownStep { await base.close() }
}
