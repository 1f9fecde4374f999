import ByteStreams
import Credentials
import NIOCore
import Scopes
import Support
import Synchronization
import Testing

@testable import SMTP

/// Keeps messages in memory.
private final class MemoryHandler: SMTPServerHandler {
    private struct State {
        var kept: [ByteBuffer] = []
        var content = ByteBuffer()
    }

    private let state = Mutex(State())

    var kept: [ByteBuffer] { state.withLock { $0.kept } }

    func answer(_ question: SMTPServerSession.Question) -> SMTPServerSession.Answer {
        switch question {
        case .credentials(let user, let password):
            return user == "user" && password == Secret("right") ? .yes() : .no(Reply(535, "5.7.8 wrong"))
        case .sender: return .yes()
        case .recipient(let path, _):
            return path.description.hasPrefix("nobody@") ? .no(Reply(550, "5.1.1 no such user")) : .yes()
        case .message:
            state.withLock { $0.kept.append($0.content) }
            return .yes("kept")
        }
    }

    func begin(_ envelope: ServerEnvelope) { state.withLock { $0.content = ByteBuffer() } }
    func content(_ octets: ByteBuffer) { state.withLock { _ = $0.content.writeImmutableBuffer(octets) } }
    func discard() { state.withLock { $0.content = ByteBuffer() } }
}

/// Passes on, fails both ways once so many octets were written.
private final class FailingStream: ByteStream {
    private let base: MemoryStream
    private let left: Mutex<Int>

    init(_ base: MemoryStream, after octets: Int) {
        self.base = base
        left = Mutex(octets)
    }

    func read(atMost: Int) async throws(StreamFailure) -> ByteBuffer? { try await base.read(atMost: atMost) }

    func write(_ octets: inout ByteBuffer) async throws(StreamFailure) {
        let allowed = min(left.withLock { $0 }, octets.readableBytes)
        guard allowed > 0, var piece = octets.getSlice(at: octets.readerIndex, length: allowed) else {
            base.fail(.linkLost("NO CARRIER"))
            throw .linkLost("NO CARRIER")
        }
        try await base.write(&piece)
        let taken = allowed - piece.readableBytes
        octets.moveReaderIndex(forwardBy: taken)
        left.withLock { $0 -= taken }
    }

    func flush() async throws(StreamFailure) {}
    func close() async -> TeardownStep { await base.close() }
}

@Suite(.timeLimit(.minutes(5))) struct PairTests {
    private struct Result {
        var outcomes: [DeliveryOutcome] = []
        var failure: SMTPError?
        var kept: [ByteBuffer] = []
    }

    private func exchange(
        _ messages: [ByteBuffer], to recipients: [String] = ["b@example.net"], capacity: Int = 65_536,
        startTLS: Bool = false, failAfter: Int? = nil, together: Bool = false,
        _ change: (inout SMTPServerConfiguration) -> Void = { _ in }
    ) async throws -> Result {
        let (ours, theirs) = MemoryStream.pair(capacity: capacity)
        var configuration = SMTPServerConfiguration(
            hostName: "sink.example", security: startTLS ? .startTLS : .tls, login: .required)
        change(&configuration)
        let handler = MemoryHandler()
        let server = SMTPServerConnection(
            configuration, handler: handler, upgrade: { $0 }, now: { NIODeadline.uptimeNanoseconds(0) })
        async let serving: Void = server.serve(theirs)
        let stream: any ByteStream = failAfter.map { FailingStream(ours, after: $0) } ?? ours
        let client = SMTPClient(
            transport: startTLS ? .startTLS(stream, upgrade: { $0 }) : .verifiedTLS(stream),
            configuration: .init(
                name: try ClientName(address: "10.0.0.1"),
                credentials: try LoginCredentials(user: "user", password: Secret("right"))))
        let envelope = try Envelope(from: try MailPath("a@example.com"), to: recipients.map { try MailPath($0) })
        var result = Result()
        do throws(SMTPError) {
            try await client.open()
            if together {
                result.outcomes = try await client.deliver(
                    messages.map { Mailing(envelope, BufferedMessage($0)) }, isLast: true)
            }
            for (index, octets) in messages.enumerated() where !together {
                result.outcomes.append(
                    try await client.deliver(envelope, BufferedMessage(octets), isLast: index == messages.count - 1))
            }
        } catch {
            result.failure = error
        }
        await client.quit()
        _ = await ours.close()
        await serving
        result.kept = handler.kept
        return result
    }

    private static let texts: [String] = [
        "", ".\r\n", "..\r\n", "a\r\n.\r\nb\r\n", "Subject: x\r\n\r\n.hidden\r\n",
        String(repeating: "x", count: 998) + "\r\n",
        "+++\r\nOK\r\nNO CARRIER\r\nSEND OK\r\n~}\u{7F}\u{1A}\r\n", "\0\r\n", "QUIT\r\nRSET\r\n", "é 8-bit\r\n",
    ]

    @Test(arguments: [1, 7, 65_536], [true, false])
    func everyMessageArrivesOctetForOctet(capacity: Int, chunking: Bool) async throws {
        let messages = Self.texts.map { ByteBuffer(string: $0) }
        let result = try await exchange(messages, capacity: capacity) {
            $0.chunking = chunking
            $0.demandsDeclared8Bit = true
        }
        #expect(result.failure == nil)
        #expect(result.outcomes.allSatisfy { $0.isAccepted })
        #expect(result.kept == messages)
    }

    @Test(arguments: [true, false], [true, false])
    func whatTheServerLacksIsDoneWithout(pipelining: Bool, chunking: Bool) async throws {
        let messages = [ByteBuffer(string: "one\r\n"), ByteBuffer(string: ".two\r\n")]
        let result = try await exchange(messages, to: ["nobody@example.net", "b@example.net"], startTLS: true) {
            $0.pipelining = pipelining
            $0.chunking = chunking
        }
        #expect(result.kept == messages)
        #expect(result.outcomes.map(\.exitStatus) == [.recipientRefused, .recipientRefused])
    }

    @Test func aMessageWithoutItsLastLineEndGetsItByDataAndNotByChunk() async throws {
        let message = ByteBuffer(string: "no end")
        #expect(try await exchange([message]) { $0.chunking = false }.kept == [ByteBuffer(string: "no end\r\n")])
        #expect(try await exchange([message]).kept == [message])
    }

    @Test(arguments: UInt64(0)..<40) func randomMessagesArrive(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let messages = (0..<3).map { _ in Self.randomText(&generator) }
        let result = try await exchange(messages, capacity: Int.random(in: 1...3000, using: &generator)) {
            $0.chunking = Bool.random(using: &generator)
            $0.pipelining = Bool.random(using: &generator)
        }
        #expect(result.kept == messages, "seed \(seed)")
        #expect(result.outcomes.allSatisfy { $0.isAccepted }, "seed \(seed)")
    }

    @Test(arguments: UInt64(0)..<40) func randomMessagesArriveTogether(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let messages = (0..<Int.random(in: 2...20, using: &generator)).map { _ in Self.randomText(&generator) }
        let result = try await exchange(
            messages, capacity: Int.random(in: 1...3000, using: &generator), together: true
        ) {
            $0.chunking = Bool.random(using: &generator)
            $0.pipelining = Bool.random(using: &generator)
        }
        #expect(result.kept == messages, "seed \(seed)")
        #expect(result.outcomes.count == messages.count && result.outcomes.allSatisfy { $0.isAccepted }, "seed \(seed)")
    }

    /// Of several messages, too: what is accepted was kept, and what was kept is accepted or in doubt.
    @Test(arguments: UInt64(0)..<100) func aLostLinkWithinAFlightIsNeverHidden(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let messages = (0..<5).map { _ in Self.randomText(&generator) }
        let all = messages.reduce(0) { $0 + $1.readableBytes }
        let cut = Int.random(in: 1...(all + 700), using: &generator)
        let chunking = Bool.random(using: &generator)
        let result = try await exchange(
            messages, capacity: Int.random(in: 1...5000, using: &generator), failAfter: cut, together: true
        ) {
            $0.chunking = chunking
        }
        let accepted = result.outcomes.count { $0.isAccepted }
        let doubtful = result.outcomes.count { $0.isPerhapsDelivered }
        #expect(accepted <= result.kept.count && result.kept.count <= accepted + doubtful, "seed \(seed)")
    }

    /// Wherever the link is lost: a message is reported accepted only when it was kept, and one that was kept is never
    /// reported as not sent.
    @Test(arguments: UInt64(0)..<150) func aLostLinkIsNeverHidden(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let chunking = Bool.random(using: &generator)
        let message = Self.randomText(&generator)
        let cut = Int.random(in: 1...(message.readableBytes + 260), using: &generator)
        let result = try await exchange(
            [message], capacity: Int.random(in: 1...5000, using: &generator), failAfter: cut
        ) {
            $0.chunking = chunking
        }
        guard let outcome = result.outcomes.first else { return #expect(result.kept.isEmpty, "seed \(seed)") }
        if outcome.isAccepted {
            #expect(result.kept.count == 1, "seed \(seed)")
        } else if !outcome.isPerhapsDelivered {
            #expect(result.kept.isEmpty, "seed \(seed)")
        }
    }

    private static func randomText(_ generator: inout SeededGenerator) -> ByteBuffer {
        var text = ByteBuffer()
        for _ in 0..<Int.random(in: 0...200, using: &generator) {
            if Bool.random(using: &generator) { text.writeString(".") }
            text.writeRepeatingByte(
                UInt8.random(in: 32...255, using: &generator), count: .random(in: 0...70, using: &generator))
            text.writeString("\r\n")
        }
        return text
    }
}
