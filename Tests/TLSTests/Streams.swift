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
