import Credentials
import FakeModem
import NIOCore
import SMTP
import Scopes
import Support
import TLS
import Testing

@Suite(.timeLimit(.minutes(5))) struct SinkTests {
    private static let login = SinkLogin(user: "gateway@example.net", password: Secret(TestSecrets.password))

    private static func credentials(_ mechanism: SASLMechanism = .plain) throws -> LoginCredentials {
        try LoginCredentials(
            user: "gateway@example.net", password: Secret(TestSecrets.password), preference: .mechanism(mechanism))
    }

    private static func stored(_ text: String, to recipients: String...) -> ByteBuffer {
        ByteBuffer(
            string: "Return-Path: <a@example.com>\r\n" + recipients.map { "Delivered-To: \($0)\r\n" }.joined() + text)
    }

    @Test(arguments: [SinkOptions.Security.implicitTLS, .startTLS], [true, false])
    func aMessageIsStoredOctetForOctet(security: SinkOptions.Security, chunking: Bool) async throws {
        let text =
            "Subject: x\r\n\r\n.dot\r\n..\r\n" + String(repeating: "y", count: 998) + "\r\n\0\u{1A}+++\r\né\r\n.\r\n"
        try await SinkBench.run(security: security, login: Self.login, behaviour: .with { $0.chunking = chunking }) {
            bench in
            let outcome = try await bench.send(
                ByteBuffer(string: text), to: ["b@example.net", "c@example.net"], security: security,
                credentials: Self.credentials())
            #expect(outcome.isAccepted)
            #expect(try bench.kept() == [Self.stored(text, to: "b@example.net", "c@example.net")])
            #expect(try bench.unfinished().isEmpty)
            #expect(bench.seen.contains(.login(connection: 1, isAccepted: true)))
        }
    }

    @Test func aLargeMessageIsStoredWhole() async throws {
        let line = String(repeating: "0123456789", count: 7) + "\r\n"
        let text = String(repeating: line, count: 30_000)  // 2,160,000 octets
        try await SinkBench.run { bench in
            let outcome = try await bench.send(ByteBuffer(string: text))
            #expect(outcome.isAccepted)
            #expect(try bench.kept() == [Self.stored(text, to: "b@example.net")])
        }
    }

    @Test func theNextSessionIsResumed() async throws {
        try await SinkBench.run { bench in
            let store = MemorySessions()
            for _ in 0..<2 { _ = try await bench.send(ByteBuffer(string: "x\r\n"), sessions: store) }
            #expect(bench.seen.contains(.tls(connection: 1, isResumed: false)))
            #expect(bench.seen.contains(.tls(connection: 2, isResumed: true)))
        }
    }

    @Test func aWrongPasswordStoresNothing() async throws {
        try await SinkBench.run(login: Self.login) { bench in
            let wrong = try LoginCredentials(
                user: "gateway@example.net", password: Secret("wrong"), preference: .mechanism(.login))
            await #expect(throws: SMTPError.self) {
                try await bench.send(ByteBuffer(string: "x\r\n"), credentials: wrong)
            }
            #expect(bench.seen.contains(.login(connection: 1, isAccepted: false)))
            #expect(try bench.kept().isEmpty)
        }
    }

    @Test(arguments: [
        ("greeting=554 5.3.2 no service", Scopes.ExitStatus.tryAgain), ("login=535 5.7.8 no", .credentialsRefused),
        ("sender=550 5.7.1 not you", .badMessage), ("sender:a@example.com=451 later", .tryAgain),
        ("recipient:b@example.net=550 5.1.1 no such user", .recipientRefused),
        ("recipient:other@example.net=550 no", .ok),
        ("message=554 5.6.0 spam", .badMessage), ("message=452 4.3.1 full", .tryAgain),
    ])
    func whatIsToBeRefusedIsRefused(option: String, status: Scopes.ExitStatus) async throws {
        let refusal = try SinkBehaviour.Refusal(option: option)
        try await SinkBench.run(login: Self.login, behaviour: .with { $0.refusals = [refusal] }) { bench in
            let result: Scopes.ExitStatus
            do {
                result = try await bench.send(ByteBuffer(string: "x\r\n"), credentials: Self.credentials()).exitStatus
            } catch let error as SMTPError {
                result = error.exitStatus
            }
            #expect(result == status)
            #expect(try bench.kept().count == (status == .ok ? 1 : 0))
            #expect(try bench.unfinished().isEmpty)
        }
    }

    @Test func aMessageBeyondTheSizeIsRefusedBeforeItIsSent() async throws {
        try await SinkBench.run(behaviour: .with { $0.sizeLimit = 3 }) { bench in
            await #expect(throws: SMTPError.tooLarge(octets: 4, limit: 3)) {
                try await bench.send(ByteBuffer(string: "xx\r\n"))
            }
        }
    }

    @Test(arguments: ["", "127.0.0.1", ":25", "127.0.0.1:x", "127.0.0.1:65536"]) func addressesAreChecked(
        listen: String
    ) {
        #expect(throws: SinkError.self) {
            try SinkOptions(listen: listen, identity: TLSIdentity(certificateFile: "c", keyFile: "k"), maildir: "m")
        }
    }

    @Test(arguments: ["", "message", "message=250 ok", "message=x", "place=550 no", "greeting:x=554 no", "login=55"])
    func refusalsAreChecked(option: String) {
        #expect(throws: SinkError.self) { try SinkBehaviour.Refusal(option: option) }
    }

    @Test func aPasswordFileIsForItsOwner() throws {
        let directory = try TestProcess.run(["mktemp", "-d"]).split(separator: "\n").map(String.init)[0]
        defer { _ = try? TestProcess.run(["rm", "-rf", directory]) }
        _ = try TestProcess.run(["sh", "-c", "umask 077; cat > password"], input: "secret \n\n", directory: directory)
        let login = try SinkLogin(option: "user:\(directory)/password")
        #expect(login == SinkLogin(user: "user", password: Secret("secret \n")), "one newline is removed, nothing else")
        _ = try TestProcess.run(["chmod", "644", "\(directory)/password"])
        #expect(throws: SinkError.self) { try SinkLogin(option: "user:\(directory)/password") }
        #expect(throws: SinkError.self) { try SinkLogin(option: "user:\(directory)/missing") }
        #expect(throws: SinkError.self) { try SinkLogin(option: ":\(directory)/password") }
        #expect(throws: SinkError.self) { try SinkLogin(option: "user") }
    }
}

private actor MemorySessions: SessionStore {
    private var sessions: [SessionKey: StoredSession] = [:]

    func session(for key: SessionKey, now: WallTime) -> StoredSession? { sessions[key] }
    func keep(_ session: StoredSession, for key: SessionKey) { sessions[key] = session }
    func drop(_ key: SessionKey) { sessions[key] = nil }
}
