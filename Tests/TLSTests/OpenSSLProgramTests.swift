import ByteStreams
import Credentials
import NIOPosix
import Scopes
import Support
import Testing

@testable import TLS

/// Against the `openssl` program, which has another author on the far side of the library.
@Suite(.timeLimit(.minutes(5))) struct OpenSSLProgramTests {
    let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates.shared()
    }

    /// `s_server` that answers each line with its octets reversed.
    private func server(
        _ server: TestCertificates.Server, _ options: [String] = []
    ) throws -> (process: TestProcess, path: String) {
        // The program stops at a name of 32 octets and more, so it is given one relative to its directory.
        let name = "s-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
        let path = "\(certificates.directory)/\(name)"
        let issuer = server.keyFile == certificates.rsaServer.keyFile ? "rsa-intermediate" : "intermediate"
        let process = try TestProcess.start(
            [
                "openssl", "s_server", "-rev", "-unix", name, "-cert", server.certificateFile, "-key", server.keyFile,
                "-cert_chain", "\(issuer).pem",
            ] + options, directory: certificates.directory)
        guard process.readUntil("ACCEPT") != nil else {
            throw TestProcess.Failure.ended(program: "s_server", status: process.wait(), output: "")
        }
        return (process, path)
    }

    private func converse(
        with path: String, _ client: TLSClientContext, sessions: (any SessionStore)? = nil
    ) async throws -> TLSInfo {
        let socket = try SocketStream.connect(to: path)
        do {
            let stream = try await TLSStream.connect(
                over: socket, context: client, serverName: TestCertificates.host, port: 465, sessions: sessions)
            try await stream.write("hello\n")
            #expect(try await stream.read(exactly: 6) == Array("olleh\n".utf8))
            _ = await stream.close()
            return stream.info
        } catch {
            _ = await socket.close()
            throw error
        }
    }

    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func ourClientTalksToItAndResumes(version: String) async throws {
        let (process, path) = try server(certificates.server, [version])
        defer { process.stop() }
        let client = try TLSClientContext(trusting: certificates.root)
        let store = FileSessionStore(directory: try temporaryPath(), pool: NIOThreadPool.singleton)
        let first = try await converse(with: path, client, sessions: store)
        #expect(first.version == (version == "-tls1_2" ? .tls12 : .tls13))
        #expect(!first.isResumed)
        let second = try await converse(with: path, TLSClientContext(trusting: certificates.root), sessions: store)
        #expect(second.isResumed)
        print(
            "handshake with s_server \(version), up/down:", first.handshakeOctetsUp, first.handshakeOctetsDown,
            "resumed:", second.handshakeOctetsUp, second.handshakeOctetsDown)
    }

    @Test(arguments: ["P-256", "P-384", "X25519"], [LinkProfile.metered, .standard])
    func aServerWithOneGroupIsReached(group: String, profile: LinkProfile) async throws {
        let (process, path) = try server(certificates.server, ["-groups", group])
        defer { process.stop() }
        _ = try await converse(with: path, TLSClientContext(trusting: certificates.root, profile: profile))
    }

    @Test(arguments: [
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305",
    ])
    func aServerWithOneSuiteIsReached(suite: String) async throws {
        let (process, path) = try server(certificates.rsaServer, ["-tls1_2", "-cipher", suite])
        defer { process.stop() }
        let info = try await converse(with: path, TLSClientContext(trusting: certificates.rsaRoot))
        #expect(info.cipher == suite)
    }

    @Test(arguments: ["DHE-RSA-AES256-GCM-SHA384", "AES256-GCM-SHA384", "ECDHE-RSA-AES256-SHA384"])
    func whatIsNotOfferedIsNotAgreed(suite: String) async throws {
        let (process, path) = try server(certificates.rsaServer, ["-tls1_2", "-cipher", suite])
        defer { process.stop() }
        await #expect {
            try await converse(with: path, TLSClientContext(trusting: certificates.rsaRoot))
        } throws: { error in
            guard case .handshake(let failure) = error as? TLSError, case .alert(40, _) = failure.reason else {
                return false
            }
            return failure.advice?.contains("standard") == true
        }
    }

    @Test func anOldProtocolIsRefused() async throws {
        let (process, path) = try server(certificates.server, ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        defer { process.stop() }
        await #expect {
            try await converse(with: path, TLSClientContext(trusting: certificates.root))
        } throws: { error in
            guard let error = error as? TLSError, case .handshake = error else { return false }
            return error.advice?.contains("TLS 1.2") == true
        }
    }

    @Test func aWeakKeyIsRefusedByItsSize() async throws {
        let (process, path) = try server(certificates.weakKey, ["-cipher", "DEFAULT@SECLEVEL=0"])
        defer { process.stop() }
        await #expect {
            try await converse(with: path, TLSClientContext(trusting: certificates.root))
        } throws: { error in
            guard case .certificate(let failure) = error as? TLSError else { return false }
            return failure.cause == .weak && failure.summary.contains("RSA 1024 bits")
        }
    }

    @Test func aServerThatWantsACertificateGetsOurs() async throws {
        let (process, path) = try server(
            certificates.server, ["-Verify", "3", "-verify_return_error", "-CAfile", certificates.root])
        defer { process.stop() }
        var configuration = TLSClientConfiguration(trust: .file(certificates.root))
        configuration.identity = TLSIdentity(
            certificateFile: certificates.clientPurpose.certificateFile, keyFile: certificates.clientPurpose.keyFile)
        _ = try await converse(with: path, TLSClientContext(configuration))
        configuration.identity = nil
        await #expect {
            try await converse(with: path, TLSClientContext(configuration))
        } throws: { error in
            guard case .refused(let words, let advice) = error as? StreamFailure else { return false }
            return words.contains("certificate required") && advice?.contains("--client-certificate") == true
        }
    }

    /// Both ends of a connection have the same secrets: our log and that of `s_server` hold the same lines.
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func theKeyLogIsTheOneOfTheOtherEnd(version: String) async throws {
        let theirs = try temporaryPath()
        let (process, path) = try server(certificates.server, [version, "-keylogfile", theirs])
        defer { process.stop() }
        let ours = try temporaryPath()
        let store = FileSessionStore(directory: try temporaryPath() + "/tls", pool: NIOThreadPool.singleton)
        let configuration = TLSClientConfiguration(trust: .file(certificates.root), keyLogFile: ours)
        for isResumed in [false, true] {
            let info = try await converse(with: path, TLSClientContext(configuration), sessions: store)
            #expect(info.isResumed == isResumed)
        }
        func secrets(_ path: String) throws -> Set<Substring> {
            Set(try TestProcess.run(["cat", path]).split(separator: "\n").filter { !$0.hasPrefix("#") })
        }
        let kept = try secrets(ours)
        #expect(try kept == secrets(theirs))
        #expect(kept.count == (version == "-tls1_2" ? 2 : 10))
    }

    /// `s_client` verifies us, updates its keys, and resumes.
    @Test(arguments: ["-tls1_2", "-tls1_3"])
    func itsClientTalksToOurServer(version: String) async throws {
        let listener = try SocketListener()
        let context = try TLSServerContext(certificates.server)
        let session = try temporaryPath()
        for round in 0..<2 {
            let process = try TestProcess.start(
                [
                    "openssl", "s_client", "-unix", listener.path, "-CAfile", certificates.root, "-verify_return_error",
                    "-verify_hostname", TestCertificates.host, "-servername", TestCertificates.host, version,
                    "-sess_out", session,
                ] + (round == 1 ? ["-sess_in", session] : []))
            defer { process.stop() }
            let socket = try await listener.accept()
            let stream = try await TLSStream.accept(over: socket, context: context)
            #expect(stream.info.isResumed == (round == 1))
            // A line of K alone asks s_client for a KeyUpdate that wants an answer.
            var output = ""
            if version == "-tls1_3" {
                process.write("K\n")
                output += process.readUntil("KEYUPDATE") ?? ""
            }
            process.write("hello\n")
            #expect(try await stream.read(exactly: 6) == Array("hello\n".utf8))
            try await stream.write("welcome\n")
            output += process.readUntil("welcome\n") ?? ""
            #expect(output.contains("Verify return code: 0 (ok)") || round == 1)
            #expect(output.contains("KEYUPDATE") == (version == "-tls1_3"))
            process.write("Q\n")
            #expect(try await stream.readToEnd().isEmpty)
            #expect(stream.endedCleanly == true)
            _ = await stream.close()
            #expect(process.wait() == 0)
        }
    }
}
