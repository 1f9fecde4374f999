import ByteStreams
import NIOCore
import Scopes
import Support
import TLS

/// A client's and a server's end, or the client's error.
func handshake(
    _ client: TLSClientContext, _ server: TLSServerContext, name: String = TestCertificates.host,
    sessions: (any SessionStore)? = nil, capacity: Int = 65_536
) async throws -> (client: TLSStream, server: TLSStream) {
    let (near, far) = MemoryStream.pair(capacity: capacity)
    return try await handshake(client, server, name: name, sessions: sessions, over: near, far)
}

func handshake(
    _ client: TLSClientContext, _ server: TLSServerContext, name: String = TestCertificates.host,
    sessions: (any SessionStore)? = nil, over near: any ByteStream, _ far: any ByteStream
) async throws -> (client: TLSStream, server: TLSStream) {
    async let accepted = { () async -> Result<TLSStream, any Error> in
        do {
            return .success(try await TLSStream.accept(over: far, context: server))
        } catch {
            _ = await far.close()
            return .failure(error)
        }
    }()
    do {
        let connected = try await TLSStream.connect(
            over: near, context: client, serverName: name, port: 465, sessions: sessions)
        return (connected, try await accepted.get())
    } catch {
        _ = await near.close()
        _ = await accepted
        throw error
    }
}

/// The error that a client meets, nil when there is none.
func failure(
    _ client: TLSClientContext, _ server: TLSServerContext, name: String = TestCertificates.host
) async throws -> TLSError? {
    do {
        let ends = try await handshake(client, server, name: name)
        _ = await ends.client.close()
        _ = await ends.server.close()
        return nil
    } catch let error as TLSError {
        return error
    }
}

extension TLSServerContext {
    convenience init(_ server: TestCertificates.Server, highestVersion: TLSInfo.Version = .tls13) throws {
        try self.init(
            identity: TLSIdentity(certificateFile: server.certificateFile, keyFile: server.keyFile),
            highestVersion: highestVersion)
    }
}

extension TLSClientContext {
    convenience init(trusting file: String, partialChain: Bool = true, profile: LinkProfile = .metered) throws {
        try self.init(TLSClientConfiguration(trust: .file(file, partialChain: partialChain), linkProfile: profile))
    }
}

extension ByteStream {
    /// Everything until the end.
    func readToEnd(atMost: Int = 65_536) async throws -> [UInt8] {
        var octets: [UInt8] = []
        while let chunk = try await read(atMost: atMost) { octets += Array(chunk.readableBytesView) }
        return octets
    }

    func read(exactly count: Int) async throws -> [UInt8] {
        var octets: [UInt8] = []
        while octets.count < count, let chunk = try await read(atMost: count - octets.count) {
            octets += Array(chunk.readableBytesView)
        }
        return octets
    }

    func write(_ text: String) async throws {
        try await writeAll(ByteBuffer(string: text))
    }
}
