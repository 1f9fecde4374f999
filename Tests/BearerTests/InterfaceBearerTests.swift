import Bearer
import ByteStreams
import NIOCore
import NIOPosix
import Scopes
import Sockets
import Testing

@Suite(.timeLimit(.minutes(5))) struct InterfaceBearerTests {
    @Test func itConnectsAndKnowsItsAddress() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(exactly: try #require(server.localAddress?.port)) ?? 0
        try await withInterfaceBearer(name: "lo", on: group.next(), threads: .singleton) { bearer in
            #expect(bearer.name == "interface lo")
            let stream = try await bearer.connect(to: "127.0.0.1", port: port)
            #expect(bearer.localAddress == "127.0.0.1")
            #expect(await stream.close().isClean)
        }
        try await server.close()
        await #expect { () async throws in
            try await withInterfaceBearer(name: "lo", on: group.next(), threads: .singleton) { bearer in
                // Nobody listens on port 1; a port that was just closed may be another test's by now.
                _ = try await bearer.connect(to: "127.0.0.1", port: 1)
            }
        } throws: { ($0 as? any Failure)?.exitStatus == .tryAgain }
    }
}
