import Credentials
import NIOCore
import NIOPosix
import SMTP
import Scopes
import SystemPackage

/// One connection's policy and its message on the way to disk.
///
/// A file under `new` begins with `Return-Path: <reverse-path>` and one `Delivered-To: forward-path` for each recipient, in
/// the envelope's order; then the message follows octet for octet, with its CR LF.
actor SinkHandler: SMTPServerHandler {
    /// Octets that are gathered for one write.
    private static let writeOctets = 65_536

    private let options: SinkOptions
    private let maildir: Maildir
    private let threads: NIOThreadPool
    private let connection: Int
    private let observe: @Sendable (SinkEvent) -> Void

    private var message: Maildir.Message?
    private var buffer = ByteBuffer()
    private var octets = 0
    /// What kept the message from the disk.
    private var failure: (any Error)?

    init(
        _ options: SinkOptions, maildir: Maildir, threads: NIOThreadPool, connection: Int,
        observe: @escaping @Sendable (SinkEvent) -> Void
    ) {
        self.options = options
        self.maildir = maildir
        self.threads = threads
        self.connection = connection
        self.observe = observe
    }

    func answer(_ question: SMTPServerSession.Question) async -> SMTPServerSession.Answer {
        let behaviour = options.behaviour
        switch question {
        case .credentials(let user, let password):
            let isRight = user == options.login?.user && password == options.login?.password
            let refusal =
                behaviour.refusal(at: .login) ?? (isRight ? nil : SMTP.Reply(535, "5.7.8 user name or password wrong"))
            observe(.login(connection: connection, isAccepted: refusal == nil))
            return refusal.map { .no($0) } ?? .yes()
        case .sender(let envelope):
            return behaviour.refusal(at: .sender(envelope.reversePath?.description)).map { .no($0) } ?? .yes()
        case .recipient(let path, _):
            return behaviour.refusal(at: .recipient(path.description)).map { .no($0) } ?? .yes()
        case .message:
            if let refusal = behaviour.refusal(at: .message) {
                await discard()
                return .no(refusal)
            }
            return await keep()
        }
    }

    func begin(_ envelope: ServerEnvelope) async {
        octets = 0
        failure = nil
        buffer.clear()
        buffer.writeString("Return-Path: <\(envelope.reversePath?.description ?? "")>\r\n")
        for path in envelope.recipients { buffer.writeString("Delivered-To: \(path)\r\n") }
        await attempt { [maildir] in try maildir.begin() }.map { message = $0 }
    }

    func content(_ content: ByteBuffer) async {
        octets += content.readableBytes
        guard failure == nil else { return }
        buffer.writeImmutableBuffer(content)
        if buffer.readableBytes >= Self.writeOctets { await flush() }
    }

    func discard() async {
        guard let dropped = message else { return }
        message = nil
        await attempt { [maildir] in maildir.drop(dropped) }
        observe(.dropped(connection: connection))
    }

    private func flush() async {
        guard let message, failure == nil else { return }
        let gathered = buffer
        buffer = ByteBuffer()
        await attempt { try SinkFiles.write(gathered, to: message.descriptor) }
    }

    private func keep() async -> SMTPServerSession.Answer {
        await flush()
        guard let whole = message, failure == nil else {
            await discard()
            return .no(SMTP.Reply(452, "4.3.1 the message cannot be stored"))
        }
        message = nil
        await attempt { [maildir] in try maildir.keep(whole) }
        if failure != nil { return .no(SMTP.Reply(452, "4.3.1 the message cannot be stored")) }
        observe(.kept(connection: connection, name: whole.name, octets: octets))
        return .yes("kept as \(whole.name)")
    }

    /// Runs a call that may block on a thread of the pool; the first failure is remembered.
    @discardableResult
    private func attempt<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async -> Value? {
        do {
            return try await threads.runIfActive(body)
        } catch {
            failure = failure ?? error
            return nil
        }
    }
}
