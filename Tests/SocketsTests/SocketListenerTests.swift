import ByteStreams
import NIOCore
import Scopes
import Synchronization
import Testing

@testable import Sockets

@Suite(.timeLimit(.minutes(5)))
struct SocketListenerTests {
    @Test func atMostSoManyAreServedAtOnce() async throws {
        let limit = 2
        let guests = 6
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        let (served, service) = AsyncStream.makeStream(of: Int.self)
        let active = Gauge()
        try await withThrowingTaskGroup { group in
            group.addTask {
                await listener.serve(atMost: limit) { stream in
                    service.yield(active.change(by: 1))
                    _ = try? await stream.readAll()
                    _ = active.change(by: -1)
                }
            }
            var streams: [SocketStream] = []
            for _ in 0..<guests {
                streams.append(try await connector().connect(to: "127.0.0.1", port: listener.port))
            }
            var seen: [Int] = []
            var iterator = served.makeAsyncIterator()
            for _ in 0..<limit { seen.append(try #require(await iterator.next())) }
            for (index, stream) in streams.enumerated() {
                _ = await stream.close()
                if index + limit < guests { seen.append(try #require(await iterator.next())) }
            }
            #expect(seen.count == guests)
            #expect(seen.max() == limit)
            _ = await listener.close()
            try await group.waitForAll()
        }
    }

    /// A read may be asked for before the accepted channel is registered.
    @Test func aConnectionThatIsReadAtOnceGetsWhatComesLater() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        let serving = Task {
            await listener.serve { stream in
                arrival.yield()
                if let octets = try? await stream.read(atMost: 1) { try? await stream.writeAll(octets) }
                _ = await stream.close()
            }
        }
        var iterator = arrivals.makeAsyncIterator()
        for _ in 0..<100 {
            let guest = try await connector().connect(to: "127.0.0.1", port: listener.port)
            await iterator.next()
            await Task.yield()
            try await guest.writeAll(ByteBuffer(string: "x"))
            #expect(try await guest.read(atMost: 1) == ByteBuffer(string: "x"))
            _ = await guest.close()
        }
        _ = await listener.close()
        await serving.value
    }

    @Test func cancellationEndsServingAndClosesTheListener() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        let (served, service) = AsyncStream.makeStream(of: Void.self)
        let serving = Task {
            await listener.serve { stream in
                service.yield()
                _ = try? await stream.read(atMost: 1)
            }
        }
        let guest = try await connector().connect(to: "127.0.0.1", port: listener.port)
        var iterator = served.makeAsyncIterator()
        await iterator.next()
        async let closing = guest.read(atMost: 1)
        serving.cancel()
        #expect(try await closing == nil)
        _ = await guest.close()
        await serving.value
        #expect(await listener.close().outcome == .notNeeded)
    }

    @Test func aPortInUseAndAForeignAddressAreToldApart() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        await #expect(throws: SocketError.addressInUse("127.0.0.1:\(listener.port)")) {
            _ = try await SocketListener.bind(host: "127.0.0.1", port: listener.port, on: loop)
        }
        await #expect(throws: SocketError.badAddress("192.0.2.1:0")) {
            _ = try await SocketListener.bind(host: "192.0.2.1", port: 0, on: loop)
        }
        await #expect(throws: SocketError.badAddress("localhost:0")) {
            _ = try await SocketListener.bind(host: "localhost", port: 0, on: loop)
        }
        _ = await listener.close()
    }

    @Test func aListenerThatIsDroppedStopsListening() async throws {
        var listener: SocketListener? = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        let closed = try #require(listener?.channel.closeFuture)
        listener = nil
        try await closed.get()
    }
}

private final class Gauge: Sendable {
    private let value = Mutex(0)

    func change(by step: Int) -> Int {
        value.withLock { value in
            value += step
            return value
        }
    }
}
