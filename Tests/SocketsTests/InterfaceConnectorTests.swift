import Dispatch
import NIOCore
import NIOPosix
import Scopes
import Sockets
import Testing

@Suite(.timeLimit(.minutes(5)))
struct InterfaceConnectorTests {
    /// Where nobody listens: the tests use 127.0.0.1, whose ports come and go.
    private let closedHost = "127.7.7.7"
    private let closedPort = 1

    private func failure(_ body: () async throws(SocketError) -> SocketStream) async -> SocketError? {
        do throws(SocketError) {
            _ = await (try await body()).close()
            return nil
        } catch {
            return error
        }
    }

    @Test func aClosedPortIsRefusedAndSaidWithItsAddress() async throws {
        let error = await failure { () async throws(SocketError) in
            try await connector().connect(to: closedHost, port: closedPort)
        }
        #expect(error == .refused(SocketTarget(host: closedHost, address: closedHost, port: closedPort)))
        #expect(error?.summary == "127.7.7.7:1: connection refused")
        #expect(error?.exitStatus == .tryAgain)
    }

    @Test func silenceIsTimedOut() async throws {
        try await withBlackhole { port in
            let hasty = connector(limits: .init(connectEach: .seconds(7)), clock: HastyClock())
            let error = await failure { () async throws(SocketError) in
                try await hasty.connect(to: "127.0.0.1", port: port)
            }
            let target = SocketTarget(host: "127.0.0.1", address: "127.0.0.1", port: port)
            #expect(error == .timedOut(target, limit: .seconds(7)))
        }
    }

    @Test func aCancelledConnectEndsAtOnce() async throws {
        try await withBlackhole { port in
            let patient = connector(limits: .init(connectEach: .seconds(600)))
            let connecting = Task {
                await failure { () async throws(SocketError) in try await patient.connect(to: "127.0.0.1", port: port) }
            }
            await Task.yield()
            connecting.cancel()
            #expect(await connecting.value == .cancelled)
        }
    }

    @Test func theNextAddressIsTriedWhenOneRefuses() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        let closed = try SocketAddress(ipAddress: closedHost, port: closedPort)
        let open = try SocketAddress(ipAddress: "127.0.0.1", port: listener.port)
        try await withThrowingTaskGroup { group in
            group.addTask { await listener.serve { _ in } }
            let stream = try await connector().connect(to: [closed, open], host: "mail.example.com")
            #expect(stream.remoteAddress == open)
            _ = await stream.close()
            _ = await listener.close()
            try await group.waitForAll()
        }
    }

    @Test func theMostTellingFailureIsThrown() async throws {
        let closed = try SocketAddress(ipAddress: closedHost, port: closedPort)
        // Broadcast is no address for TCP, whatever the network is.
        let nowhere = try SocketAddress(ipAddress: "255.255.255.255", port: 9)
        let target = SocketTarget(host: "mail.example.com", address: closedHost, port: closedPort)
        for addresses in [[nowhere, closed], [closed, nowhere]] {
            let error = await failure { () async throws(SocketError) in
                try await connector().connect(to: addresses, host: "mail.example.com")
            }
            #expect(error == .refused(target))
        }
        let error = await failure { () async throws(SocketError) in
            try await connector().connect(to: [nowhere], host: "mail.example.com")
        }
        if case .unreachable? = error {} else { Issue.record("\(String(describing: error))") }
        #expect(error?.exitStatus == .unavailable)
    }

    @Test func namesAreResolvedByTheSystem() async throws {
        let addresses = try await connector().resolve("localhost", port: 465)
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { ["127.0.0.1", "::1"].contains($0.ipAddress) && $0.port == 465 })
        #expect(try await connector().resolve("[::1]", port: 25) == [try SocketAddress(ipAddress: "::1", port: 25)])
    }

    @Test func aNameThatCannotBeIsNotFound() async throws {
        let error = await failure { () async throws(SocketError) in
            try await connector().connect(to: "no such name", port: 25)
        }
        switch error {
        case .nameNotFound("no such name"), .nameLookupFailed("no such name", _): break
        default: Issue.record("\(String(describing: error))")
        }
        #expect(error?.exitStatus == .tryAgain)
    }

    @Test func aResolverThatHangsIsLeftBehind() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let gate = Gate()
        pool.submit { _ in gate.wait() }
        let limits = InterfaceConnector.Limits(resolve: .seconds(3))
        let hasty = InterfaceConnector(limits: limits, on: loop, threads: pool, clock: HastyClock())
        await #expect(throws: SocketError.nameLookupFailed(host: "localhost", words: "no answer within 3.0 seconds")) {
            _ = try await hasty.resolve("localhost", port: 25)
        }
        let patient = InterfaceConnector(on: loop, threads: pool)
        let resolving = Task {
            await failure { () async throws(SocketError) in try await patient.connect(to: "localhost", port: 25) }
        }
        await Task.yield()
        resolving.cancel()
        #expect(await resolving.value == .cancelled)
        gate.open()
        try await pool.shutdownGracefully()
    }

    @Test(arguments: [0, -1, 65_536]) func aPortOutsideTheRangeIsNoAddress(port: Int) async throws {
        await #expect(throws: SocketError.badAddress("localhost:\(port)")) {
            _ = try await connector().resolve("localhost", port: port)
        }
    }

    @Test func socketsAreBoundToTheInterface() async throws {
        let listener = try await SocketListener.bind(host: "127.0.0.1", port: 0, on: loop)
        try await withThrowingTaskGroup { group in
            group.addTask { await listener.serve { _ in } }
            let stream = try await connector(interface: "lo").connect(to: "127.0.0.1", port: listener.port)
            #expect(stream.remoteAddress?.port == listener.port)
            _ = await stream.close()
            _ = await listener.close()
            try await group.waitForAll()
        }
    }

    @Test(arguments: ["nosuch0", "", "a-name-that-is-too-long", "lo\u{0}"])
    func anAbsentInterfaceIsAConfigurationError(name: String) async throws {
        let error = await failure { () async throws(SocketError) in
            try await connector(interface: name).connect(to: "127.0.0.1", port: 25)
        }
        #expect(error == .interfaceAbsent(name: name))
        #expect(error?.exitStatus == .configuration)
    }
}

/// Holds a thread until it is opened.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }

    func open() { semaphore.signal() }
}
