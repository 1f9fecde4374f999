import AT
import NIOCore
import NIOEmbedded
import Synchronization

@testable import Modem

/// A port on a testing channel with a clock of its own; the test plays the modem.
struct PortTestBench: Sendable {
    let loop: NIOAsyncTestingEventLoop
    let channel: NIOAsyncTestingChannel
    let port: ATPort
    let records: RecordLog

    final class RecordLog: Sendable {
        private let lines = Mutex<[String]>([])

        func append(_ record: LineRecord) {
            lines.withLock { $0.append(record.line) }
        }

        var all: [String] { lines.withLock { $0 } }
    }

    static func with(
        profile: LineProfile = .standard, _ body: (PortTestBench) async throws -> Void
    ) async throws {
        let loop = NIOAsyncTestingEventLoop()
        let channel = NIOAsyncTestingChannel(loop: loop)
        let records = RecordLog()
        let port = try await ATPort.open(on: channel, profile: profile) { records.append($0) }
        try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/line"))
        let bench = PortTestBench(loop: loop, channel: channel, port: port, records: records)
        do {
            try await body(bench)
        } catch {
            await bench.end()
            throw error
        }
        await bench.end()
    }

    private func end() async {
        _ = try? await channel.finish(acceptAlreadyClosed: true)
        await loop.run()
        await loop.shutdownGracefully()
    }

    /// What the port writes next, as text.
    func next() async throws -> String {
        String(buffer: try await channel.waitForOutboundWrite(as: ByteBuffer.self))
    }

    /// What it wrote already, if anything.
    func written() async throws -> String? {
        try await channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) }
    }

    func say(_ text: String) async throws {
        try await say(ByteBuffer(string: text))
    }

    func say(_ octets: ByteBuffer) async throws {
        try await channel.writeInbound(octets)
        // What was resumed on the loop is only queued there.
        await loop.run()
    }

    func unplug() async throws {
        _ = try await channel.finish(acceptAlreadyClosed: true)
        await loop.run()
    }

    func pass(_ time: TimeAmount) async {
        await loop.advanceTime(by: time)
        await loop.run()
    }

    /// Until the port has something to wait for, so that time may pass.
    func waitForDeadline() async {
        while await port.deadline == nil { await Task.yield() }
    }

    /// Until data mode is being left.
    func waitForDeparture() async {
        while await !port.isLeaving { await Task.yield() }
    }

    /// Answers the next command, which has to be this one.
    func answer(_ command: String, with text: String) async throws {
        let written = try await next()
        guard written == command + "\r" else { throw Unexpected(written: written) }
        try await say(text)
    }

    struct Unexpected: Error {
        let written: String
    }
}

extension ATPort {
    fileprivate var deadline: NIODeadline? { handler.deadline }
    fileprivate var isLeaving: Bool { handler.isLeaving }
}
