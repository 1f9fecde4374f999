import ByteStreams
import Credentials
import NIOCore
import SMTP
import Support
import Synchronization
import Testing

/// What a client did against a script.
struct Conversation<Value: Sendable>: Sendable {
    var result: Result<Value, SMTPError>
    /// Where the client left the script.
    var problems: [String]
    /// What each write call offered.
    var writes: [String]
    var events: [SMTPEvent]

    var failure: SMTPError? {
        if case .failure(let failure) = result { failure } else { nil }
    }
}

enum Security {
    case verifiedTLS, startTLS, clear
}

/// Runs a client against a script over a pair of streams in memory.
func converse<Value: Sendable>(
    _ script: String, security: Security = .verifiedTLS, credentials: LoginCredentials? = nil,
    sasl: SASLMeans? = nil, timeouts: SMTPTimeouts = SMTPTimeouts(), clock: any Clock<Duration> = ContinuousClock(),
    capacity: Int = 65_536, finishWhenLeft: Int = 16_384, usesPipelining: Bool = true, name: ClientName? = nil,
    _ body: @escaping @Sendable (SMTPClient) async throws(SMTPError) -> Value
) async throws -> Conversation<Value> {
    let (ours, theirs) = MemoryStream.pair(capacity: capacity)
    let stream = RecordingStream(ours)
    let events = Mutex<[SMTPEvent]>([])
    var configuration = SMTPClient.Configuration(
        name: try name ?? ClientName(hostName: "gw.example.com"), credentials: credentials)
    configuration.sasl = sasl
    configuration.timeouts = timeouts
    configuration.finishWhenLeft = finishWhenLeft
    configuration.usesPipelining = usesPipelining
    let transport: SMTPTransport =
        switch security {
        case .verifiedTLS: .verifiedTLS(stream)
        case .startTLS: .startTLS(stream, upgrade: { $0 })
        case .clear: .clear(stream)
        }
    let client = SMTPClient(transport: transport, configuration: configuration, clock: clock) { event in
        events.withLock { $0.append(event) }
    }
    let server = ScriptedServer(theirs)
    async let serving: Void = server.run(script)
    let result: Result<Value, SMTPError>
    do throws(SMTPError) {
        result = .success(try await body(client))
    } catch {
        result = .failure(error)
    }
    _ = await ours.close()
    await serving
    return Conversation(
        result: result, problems: await server.problems, writes: stream.writes, events: events.withLock { $0 })
}

func message(_ text: String) -> BufferedMessage { BufferedMessage(ByteBuffer(string: text)) }

func envelope(_ recipients: String..., from: String? = "gw@example.com") throws -> Envelope {
    try Envelope(from: from.map { try MailPath($0) }, to: recipients.map { try MailPath($0) })
}

func credentials(_ preference: LoginCredentials.Preference = .fewestRoundTrips) throws -> LoginCredentials {
    try LoginCredentials(user: "gateway@example.net", password: .init(TestSecrets.password), preference: preference)
}

/// Greeting and EHLO of a server that offers `keywords`.
func opening(_ keywords: String...) -> String {
    let lines = ["mx.example.net"] + keywords
    let replies = lines.enumerated().map { "S: 250\($0 == lines.count - 1 ? " " : "-")\($1)" }
    return "S: 220 mx.example.net ESMTP\nC: EHLO gw.example.com\n" + replies.joined(separator: "\n") + "\n"
}
